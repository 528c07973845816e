//! The rows of a training run: training means, scores, and whether the task was solved.

use super::context::TrainContext;
use super::evaluate::{Evaluation, Score};
use super::progress::{Progress, Record, Sums};
use crate::data::Split;

/// Appends rows to the progress of a run.
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
    pub fn training_means(&self, progress: &mut Progress) {
        let sums = std::mem::take(&mut progress.sums);
        if sums.steps == 0 {
            return;
        }
        let at = progress.position();
        let mean = |sum: f64| sum / sums.steps as f64;
        let Sums { loss, accuracy, chance_loss, chance_accuracy, .. } = sums;
        let model = Score { loss: mean(loss), accuracy: mean(accuracy) };
        let chance = Score { loss: mean(chance_loss), accuracy: mean(chance_accuracy) };
        // The model changes from step to step, so there is no interval.
        self.score(progress, at, Split::Train, Evaluation { model, chance, over_chance: None });
        let mut row = |metric, value, unit| push(progress, at, Split::Train, (metric, value, unit), None);
        row("gradient_norm", mean(sums.norm), "l2");
        row("max_gradient_norm", sums.max_norm, "l2");
        if self.context.clip_norm() > 0.0 {
            row("clipped_steps", mean(sums.clipped as f64), "share");
        }
    }

    /// The row `solved`, if the config defines when the task counts as solved. A diverged run has not
    /// solved its task.
    pub fn solved(&self, progress: &mut Progress, diverged: bool) {
        if self.context.training.solved.is_some() {
            let solved = f64::from(u8::from(progress.solved && !diverged));
            push(progress, progress.position(), Split::Train, ("solved", solved, "share"), None);
        }
    }

    /// Rows of an evaluation.
    pub fn score(&self, progress: &mut Progress, at: Position, split: Split, found: Evaluation) {
        let Evaluation { model, chance, over_chance } = found;
        let over_chance = over_chance.map(|ends| (ends.low, ends.high));
        let loss = ("loss", model.loss, self.context.task.unit());
        progress.records.push(Record { over_chance, ..record(at, split, loss, Some(chance.loss)) });
        let mut row =
            |metric, value, unit, chance| push(progress, at, split, (metric, value, unit), Some(chance));
        if !self.context.symbols.is_empty() {
            let bits = |nats: f64| nats / std::f64::consts::LN_2;
            let metric = if self.context.by_words { "bits_per_word" } else { "bits_per_character" };
            row(metric, bits(model.loss), "bits", bits(chance.loss));
            // exp overflows above 709 nats.
            if model.loss.exp().is_finite() {
                row("perplexity", model.loss.exp(), "", chance.loss.exp());
            }
        }
        row("accuracy", model.accuracy, "share", chance.accuracy);
    }
}

fn push(progress: &mut Progress, at: Position, split: Split, number: Number, chance: Option<f64>) {
    progress.records.push(record(at, split, number, chance));
}

fn record((step, sequences): Position, split: Split, number: Number, chance: Option<f64>) -> Record {
    let (metric, value, unit) = number;
    let (metric, unit) = (metric.to_string(), unit.to_string());
    Record { step, sequences, split, metric, value, unit, chance, over_chance: None }
}
