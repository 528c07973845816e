//! The one number of a run by which a claim or a published result is judged.

use std::fmt;

use super::check::Check;
use super::measure::Gradients;
use super::spec::Measure;
use crate::cell::CellName;
use crate::plan::run::Run;
use crate::settings::names::Tokenizer;
use crate::settings::names::{ExperimentKind, Quantity};
use crate::support::error::ConfigError;
use crate::support::names::names;

names! {
    /// Which number of a run is meant.
    Metric ("metric") {
        /// slope of log10 of the gradient's norm over lag, least squares
        Slope = "slope",
        /// log10 of the gradient's norm at one lag
        Log10Norm = "log10_norm",
        /// loss on the split `test`
        Loss = "loss",
        /// accuracy on the split `test`
        Accuracy = "accuracy",
        /// bits per character on the split `test`
        BitsPerCharacter = "bits_per_character",
        /// bits per word on the split `test`
        BitsPerWord = "bits_per_word",
        /// perplexity on the split `test`
        Perplexity = "perplexity",
        /// 1 where the run met the criterion of the config, 0 where it did not
        Solved = "solved",
        /// training sequences until the run met that criterion
        Sequences = "sequences",
        /// wall-clock time of a run of training
        Seconds = "seconds",
    }
}

impl Metric {
    /// The kind of the runs that have it.
    pub fn kind(self) -> ExperimentKind {
        match self {
            Metric::Slope | Metric::Log10Norm => ExperimentKind::Gradients,
            _ => ExperimentKind::Training,
        }
    }

    /// Whether more of it is better.
    pub fn grows_better(self) -> bool {
        matches!(self, Metric::Accuracy | Metric::Solved)
    }
}

/// A metric, and for a gradient of what and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Which number.
    pub metric: Metric,
    /// Of which quantity of `gradients.csv`, in the layer nearest the input; none for other metrics.
    pub quantity: Option<Quantity>,
    /// At which lag, for `log10_norm`.
    pub lag: Option<usize>,
}

impl fmt::Display for Reading {
    /// `log10_norm of total_h at lag 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if let Some(quantity) = self.quantity {
            write!(f, " of {quantity}")?;
        }
        self.lag.map_or(Ok(()), |lag| write!(f, " at lag {lag}"))
    }
}

impl Reading {
    /// Why a run of the metric's kind has no such number, if it has none: the key that is wrong, and the problem.
    pub(crate) fn lacks(&self, run: &Run) -> Option<(&'static str, String)> {
        match &run.measure {
            Measure::Gradients(gradients) => self.lacks_norm(run, gradients),
            Measure::Training(training) => {
                let (level, solved) = (run.task.level(), &training.solved);
                let needs = match self.metric {
                    Metric::Solved | Metric::Sequences if solved.is_none() => {
                        "a criterion in [training], such as `solved_loss`"
                    }
                    Metric::BitsPerCharacter if level != Some(Tokenizer::Character) => "a text by characters",
                    Metric::BitsPerWord if level != Some(Tokenizer::Word) => "a text by words",
                    Metric::Perplexity if level.is_none() => "the task `text`",
                    _ => return None,
                };
                Some(("metric", format!("has no `{}`: expected {needs}", self.metric)))
            }
            Measure::Jacobian(_) | Measure::Speed(_) => None,
        }
    }

    fn lacks_norm(&self, run: &Run, settings: &Gradients) -> Option<(&'static str, String)> {
        let (cell, steps) = (run.settings.cell, run.settings.seq_len);
        let needs = match self.quantity {
            Some(Quantity::TotalC) if cell != Some(CellName::Lstm) => "the cell `lstm`",
            Some(Quantity::CellPath | Quantity::GatePath) if !settings.path_split => {
                "gradients.path_split = true"
            }
            Some(Quantity::CellPath | Quantity::GatePath) if cell == Some(CellName::Rnn) => {
                "a cell with gates"
            }
            _ => {
                let lag = self.lag.filter(|lag| *lag >= steps || !settings.lags.writes(*lag, steps))?;
                let problem =
                    format!("has no norm at lag {lag}: expected a lag below T = {steps} that is written");
                return Some(("lag", problem));
            }
        };
        Some(("quantity", format!("has no `{}`: expected {needs}", self.quantity?)))
    }
}

impl Check<'_> {
    /// Metric, quantity and lag of the table at `place`.
    pub(crate) fn reading(
        &self,
        place: &str,
        metric: &str,
        quantity: Option<&str>,
        lag: Option<i64>,
    ) -> Result<Reading, ConfigError> {
        let key = |name: &str| format!("{place}.{name}");
        let metric: Metric = self.word(&key("metric"), metric)?;
        let of_gradients = metric.kind() == ExperimentKind::Gradients;
        if quantity.is_some() && !of_gradients {
            let problem = format!("belongs to `slope` and `log10_norm`, but the metric is `{metric}`");
            return Err(self.source.error(&key("quantity"), problem));
        }
        let quantity = quantity.map(|found| self.word(&key("quantity"), found)).transpose()?;
        let lag = match (metric, lag) {
            (Metric::Log10Norm, Some(lag)) => Some(self.count(&key("lag"), lag)?),
            (Metric::Log10Norm, None) => {
                let problem = "the norm is that at one lag; expected `lag` beside it";
                return Err(self.source.error(&key("metric"), problem));
            }
            (_, Some(_)) => {
                let problem = format!("belongs to `log10_norm`, but the metric is `{metric}`");
                return Err(self.source.error(&key("lag"), problem));
            }
            (_, None) => None,
        };
        let quantity = of_gradients.then(|| quantity.unwrap_or(Quantity::TotalH));
        Ok(Reading { metric, quantity, lag })
    }
}
