//! What a run writes down: rows of steps, of scores, and whether the task was solved.

use super::Learner;
use crate::data::Split;
use crate::task::learning::Chance;
use crate::train::evaluate::Score;
use crate::train::progress::{Record, Sums};

/// Updates and training sequences before what a row says.
type At = (usize, usize);

impl Learner<'_> {
    /// As far as the run has come.
    pub(super) fn now(&self) -> At {
        (self.header.progress.step, self.header.progress.sequences)
    }

    /// Rows of the split `train`, of the steps since the last.
    pub(super) fn log(&mut self) {
        let sums = std::mem::take(&mut self.header.progress.since);
        let Sums { steps, loss, accuracy, norm, largest, clipped } = sums;
        if steps == 0 {
            return;
        }
        let at = self.now();
        let mean = |sum: f64| sum / steps as f64;
        self.score_rows(at, Split::Train, Score { loss: mean(loss), accuracy: mean(accuracy) });
        self.row(at, Split::Train, "gradient_norm", mean(norm), "l2", None);
        self.row(at, Split::Train, "largest_gradient_norm", largest, "l2", None);
        if self.clip_norm() > 0.0 {
            self.row(at, Split::Train, "clipped_steps", clipped as f64 / steps as f64, "share", None);
        }
    }

    /// A run that diverged has not solved its task.
    pub(super) fn say_whether_solved(&mut self, went_well: bool) {
        if self.setting.training.solved.is_some() {
            let solved = f64::from(u8::from(self.header.progress.solved && went_well));
            self.row(self.now(), Split::Train, "solved", solved, "share", None);
        }
    }

    pub(super) fn score_rows(&mut self, at: At, split: Split, score: Score) {
        let Chance { loss, accuracy } = self.chance[split as usize];
        self.row(at, split, "loss", score.loss, self.setting.task.unit(), Some(loss));
        if !self.setting.symbols.is_empty() {
            let bits = |nats: f64| nats / std::f64::consts::LN_2;
            let per = if self.setting.by_words { "bits_per_word" } else { "bits_per_character" };
            self.row(at, split, per, bits(score.loss), "bits", Some(bits(loss)));
            // Above 709 nats it is more than a number holds, and no row.
            if score.loss.exp().is_finite() {
                self.row(at, split, "perplexity", score.loss.exp(), "", Some(loss.exp()));
            }
        }
        self.row(at, split, "accuracy", score.accuracy, "share", accuracy);
    }

    fn row(
        &mut self,
        (step, sequences): At,
        split: Split,
        metric: &str,
        value: f64,
        unit: &str,
        chance: Option<f64>,
    ) {
        self.header.progress.records.push(Record {
            step,
            sequences,
            split,
            metric: metric.to_string(),
            value,
            unit: unit.to_string(),
            chance,
        });
    }
}
