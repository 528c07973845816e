//! The rows of a training run: training means, scores, and whether the task was solved.

use super::context::TrainContext;
use super::evaluate::{Evaluation, Score};
use super::flossing::Flossed;
use super::positions::AtPosition;
use super::progress::{Progress, Sums};
use crate::data::Split;
use crate::results::schema::{LENGTHS, POSITIONS, TrainingRow};

/// The rows of a run.
pub struct Recorder<'a> {
    context: TrainContext<'a>,
}

/// The position of a row in a run: updates and training sequences before it.
type Position = (usize, usize);

/// A metric, its value and its unit.
type Number<'n> = (&'n str, f64, &'n str);

impl<'a> Recorder<'a> {
    pub fn new(context: TrainContext<'a>) -> Recorder<'a> {
        Recorder { context }
    }

    /// Rows of the split `train` about the steps since the last such rows.
    pub fn training_means(&self, progress: &mut Progress) -> Vec<TrainingRow> {
        let sums = std::mem::take(&mut progress.sums);
        if sums.steps == 0 {
            return Vec::new();
        }
        let at = progress.position();
        let mean = |sum: f64| sum / sums.steps as f64;
        let Sums { loss, accuracy, chance_loss, chance_accuracy, .. } = sums;
        let model = Score { loss: mean(loss), accuracy: mean(accuracy) };
        let chance = Score { loss: mean(chance_loss), accuracy: mean(chance_accuracy) };
        // The model changes from step to step, so there is no interval.
        let mut rows = self.score(
            at,
            Split::Train,
            Evaluation { model, chance, over_chance: None, by_position: vec![] },
        );
        let mut add = |number| rows.push(self.row(at, Split::Train, number, None));
        add(("gradient_norm", mean(sums.norm), "l2"));
        add(("max_gradient_norm", sums.max_norm, "l2"));
        if self.context.clip_norm() > 0.0 {
            add(("clipped_steps", mean(sums.clipped as f64), "share"));
        }
        rows
    }

    /// Rows about flossing, before the first update of the training.
    pub fn flossed(&self, Flossed { before, after }: Flossed) -> Vec<TrainingRow> {
        let values = [("exponents_before_flossing", before), ("exponents_after_flossing", after)];
        let row = |(metric, value)| self.row((0, 0), Split::Valid, (metric, value, "nats per step"), None);
        values.map(row).into()
    }

    /// The row `solved`, if the config defines when the task counts as solved. A diverged run has not
    /// solved its task.
    pub fn solved(&self, progress: &Progress, diverged: bool) -> Option<TrainingRow> {
        self.context.training.solved?;
        let solved = f64::from(u8::from(progress.solved && !diverged));
        Some(self.row(progress.position(), Split::Train, ("solved", solved, "share"), None))
    }

    /// Rows of an evaluation.
    pub fn score(&self, at: Position, split: Split, found: Evaluation) -> Vec<TrainingRow> {
        let Evaluation { model, chance, over_chance, .. } = found;
        let loss = self.row(at, split, ("loss", model.loss, self.context.task.unit()), Some(chance.loss));
        let mut rows = vec![TrainingRow {
            over_chance_low: over_chance.map(|ends| ends.low),
            over_chance_high: over_chance.map(|ends| ends.high),
            ..loss
        }];
        let mut add = |metric: &str, value, unit, chance| {
            rows.push(self.row(at, split, (metric, value, unit), Some(chance)));
        };
        if let Some(tokenizer) = self.context.tokenizer {
            let bits = |nats: f64| nats / std::f64::consts::LN_2;
            add(&format!("bits_per_{tokenizer}"), bits(model.loss), "bits", bits(chance.loss));
            // exp overflows above 709 nats.
            if model.loss.exp().is_finite() {
                add("perplexity", model.loss.exp(), "", chance.loss.exp());
            }
        }
        add("accuracy", model.accuracy, "share", chance.accuracy);
        rows
    }

    /// Rows of the losses by the step of sequences of a length.
    pub fn by_position(&self, at: Position, length: usize, found: &Evaluation) -> Vec<TrainingRow> {
        let row = |part: &AtPosition| TrainingRow {
            split: POSITIONS.to_string(),
            length: Some(length),
            position: Some(part.last),
            ..self.row(at, Split::Test, ("loss", part.model, self.context.task.unit()), Some(part.chance))
        };
        found.by_position.iter().map(row).collect()
    }

    /// Rows of an evaluation on sequences of another length.
    pub fn score_at_length(&self, at: Position, length: usize, found: Evaluation) -> Vec<TrainingRow> {
        let rows = self.score(at, Split::Test, found).into_iter();
        rows.map(|row| TrainingRow { split: LENGTHS.to_string(), length: Some(length), ..row }).collect()
    }

    fn row(&self, at: Position, split: Split, number: Number, chance: Option<f64>) -> TrainingRow {
        let ((step, sequences), (metric, value, unit)) = (at, number);
        TrainingRow {
            run_id: self.context.run.id.clone(),
            step,
            sequences,
            split: split.to_string(),
            metric: metric.to_string(),
            value,
            unit: unit.to_string(),
            chance,
            length: None,
            position: None,
            over_chance_low: None,
            over_chance_high: None,
        }
    }
}
