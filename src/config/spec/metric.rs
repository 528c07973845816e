//! The number of a run that decides a test or a published result.

use std::fmt;

use crate::settings::names::{ExperimentKind, Quantity};
use crate::support::names::names;

names! {
    /// The kind of number.
    ClaimMetric ("metric") {
        /// slope of log10 of the gradient's norm over lag, least squares
        Slope = "slope",
        /// log10 of the gradient's norm at one lag
        Log10Norm = "log10_norm",
        /// log10 of the gradient's norm at one lag over the norm at lag 0
        Log10Kept = "log10_kept",
        /// magnitude of `log10_kept`: decades by which the norm fell or grew; means are geometric
        AbsLog10Kept = "abs_log10_kept",
        /// loss on the split `test`
        Loss = "loss",
        /// accuracy on the split `test`
        Accuracy = "accuracy",
        /// bits per character on the split `test`
        BitsPerCharacter = "bits_per_character",
        /// bits per word on the split `test`
        BitsPerWord = "bits_per_word",
        /// bits per byte on the split `test`
        BitsPerByte = "bits_per_byte",
        /// perplexity on the split `test`
        Perplexity = "perplexity",
        /// 1 where the run met the criterion of the config, 0 where it did not
        Solved = "solved",
        /// training sequences until the run met that criterion
        Sequences = "sequences",
        /// wall-clock time of a run of training
        Seconds = "seconds",
        /// largest Lyapunov exponent, in nats per step
        LargestExponent = "largest_exponent",
    }
}

impl ClaimMetric {
    /// The kind of the runs that have this number.
    pub fn kind(self) -> ExperimentKind {
        match self {
            ClaimMetric::Slope => ExperimentKind::Gradients,
            norm if norm.is_at_one_lag() => ExperimentKind::Gradients,
            ClaimMetric::LargestExponent => ExperimentKind::Jacobian,
            _ => ExperimentKind::Training,
        }
    }

    /// Returns true for the norm of a gradient at one lag.
    pub fn is_at_one_lag(self) -> bool {
        matches!(self, ClaimMetric::Log10Norm | ClaimMetric::Log10Kept | ClaimMetric::AbsLog10Kept)
    }

    /// Returns true if the best constant output has a value of this metric.
    pub fn has_chance(self) -> bool {
        use ClaimMetric::{Accuracy, BitsPerByte, BitsPerCharacter, BitsPerWord, Loss, Perplexity};
        matches!(self, Loss | Accuracy | BitsPerCharacter | BitsPerWord | BitsPerByte | Perplexity)
    }

    /// Returns true for a number that is never below 0.
    pub fn is_size(self) -> bool {
        use ClaimMetric::{AbsLog10Kept, Seconds, Sequences, Solved};
        self.has_chance() || matches!(self, AbsLog10Kept | Seconds | Sequences | Solved)
    }

    /// Returns true if larger values are better.
    pub fn grows_better(self) -> bool {
        matches!(self, ClaimMetric::Accuracy | ClaimMetric::Solved)
    }
}

/// A metric, and for a gradient its quantity and lag, for a test of training its length.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The metric.
    pub metric: ClaimMetric,
    /// The quantity of `gradients.csv`, in the layer nearest the input; `None` for other metrics.
    pub quantity: Option<Quantity>,
    /// The lag, for the metrics of one lag.
    pub lag: Option<usize>,
    /// The length of the test sequences; `None` for the split `test`.
    pub length: Option<usize>,
}

impl fmt::Display for Reading {
    /// Writes a reading as `log10_norm of total_h at lag 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if let Some(quantity) = self.quantity {
            write!(f, " of {quantity}")?;
        }
        self.lag.map_or(Ok(()), |lag| write!(f, " at lag {lag}"))?;
        self.length.map_or(Ok(()), |length| write!(f, " at length {length}"))
    }
}
