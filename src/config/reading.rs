//! The one number of a run by which a claim or a published result is judged.

use std::fmt;
use std::str::FromStr;

use super::check::Check;
use super::names::{Kind, Quantity, names};
use crate::error::ConfigError;
use crate::words::unknown;

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
    pub fn kind(self) -> Kind {
        match self {
            Metric::Slope | Metric::Log10Norm => Kind::Gradients,
            _ => Kind::Training,
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
    /// Of which quantity of `gradients.csv`, in the layer nearest the input; empty for other metrics.
    pub quantity: String,
    /// At which lag, for `log10_norm`.
    pub lag: Option<usize>,
}

impl fmt::Display for Reading {
    /// `log10_norm of total_h at lag 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if !self.quantity.is_empty() {
            write!(f, " of {}", self.quantity)?;
        }
        self.lag.map_or(Ok(()), |lag| write!(f, " at lag {lag}"))
    }
}

impl Check<'_> {
    /// Metric, quantity and lag of the table at `place`.
    pub(super) fn reading(
        &self,
        place: &str,
        metric: &str,
        quantity: Option<&str>,
        lag: Option<i64>,
    ) -> Result<Reading, ConfigError> {
        let key = |name: &str| format!("{place}.{name}");
        let metric: Metric = self.word(&key("metric"), metric)?;
        let of_gradients = metric.kind() == Kind::Gradients;
        if quantity.is_some() && !of_gradients {
            let problem = format!("belongs to `slope` and `log10_norm`, but the metric is `{metric}`");
            return Err(self.source.error(&key("quantity"), problem));
        }
        quantity.map(|found| self.word::<Quantity>(&key("quantity"), found)).transpose()?;
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
        let quantity = if of_gradients { quantity.unwrap_or("total_h") } else { "" };
        Ok(Reading { metric, quantity: quantity.to_string(), lag })
    }
}
