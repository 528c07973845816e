//! The rows of a training run: training means, scores, and whether the task was solved.

use super::context::TrainContext;
use super::evaluate::Score;
use super::progress::{Progress, Record, Sums};
use crate::data::Split;
use crate::task::learning::ChanceBaseline;

/// Appends rows to the progress of a run.
pub struct Recorder<'a> {
    context: TrainContext<'a>,
    /// Baselines by split.
    chance: [ChanceBaseline; 3],
}

/// The position of a row in a run: updates and training sequences before it.
type Position = (usize, usize);

impl<'a> Recorder<'a> {
    pub fn new(context: TrainContext<'a>) -> Recorder<'a> {
        Recorder { context, chance: Split::ALL.map(|split| context.task.chance(split)) }
    }

    /// Rows of the split `train` about the steps since the last such rows.
    pub fn training_means(&self, progress: &mut Progress) {
        let Sums { steps, loss, accuracy, norm, max_norm, clipped } = std::mem::take(&mut progress.sums);
        if steps == 0 {
            return;
        }
        let at = progress.position();
        let mean = |sum: f64| sum / steps as f64;
        self.score(progress, at, Split::Train, Score { loss: mean(loss), accuracy: mean(accuracy) });
        let mut row = |metric, value, unit| push(progress, at, Split::Train, (metric, value, unit), None);
        row("gradient_norm", mean(norm), "l2");
        row("max_gradient_norm", max_norm, "l2");
        if self.context.clip_norm() > 0.0 {
            row("clipped_steps", clipped as f64 / steps as f64, "share");
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

    /// Rows of a score, with the chance baseline.
    pub fn score(&self, progress: &mut Progress, at: Position, split: Split, score: Score) {
        let ChanceBaseline { loss, accuracy } = self.chance[split as usize];
        let mut row = |metric, value, unit, chance| push(progress, at, split, (metric, value, unit), chance);
        row("loss", score.loss, self.context.task.unit(), Some(loss));
        if !self.context.symbols.is_empty() {
            let bits = |nats: f64| nats / std::f64::consts::LN_2;
            let metric = if self.context.by_words { "bits_per_word" } else { "bits_per_character" };
            row(metric, bits(score.loss), "bits", Some(bits(loss)));
            // exp overflows above 709 nats.
            if score.loss.exp().is_finite() {
                row("perplexity", score.loss.exp(), "", Some(loss.exp()));
            }
        }
        row("accuracy", score.accuracy, "share", accuracy);
    }
}

fn push(
    progress: &mut Progress,
    (step, sequences): Position,
    split: Split,
    (metric, value, unit): (&str, f64, &str),
    chance: Option<f64>,
) {
    let (metric, unit) = (metric.to_string(), unit.to_string());
    progress.records.push(Record { step, sequences, split, metric, value, unit, chance });
}
