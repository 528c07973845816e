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
        /// largest Lyapunov exponent, in log10 per step
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

    /// The smallest and the largest value that the number can have.
    pub fn range(self) -> (f64, f64) {
        use ClaimMetric::{AbsLog10Kept, Accuracy, Seconds, Sequences, Solved};
        match self {
            Accuracy | Solved => (0.0, 1.0),
            AbsLog10Kept | Seconds | Sequences => (0.0, f64::INFINITY),
            _ if self.has_chance() => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Returns true if larger values are better.
    pub fn grows_better(self) -> bool {
        matches!(self, ClaimMetric::Accuracy | ClaimMetric::Solved)
    }
}

impl ClaimMetric {
    /// The number in plain words, without its unit.
    pub fn in_words(self) -> &'static str {
        match self {
            ClaimMetric::Slope => "slope over lag",
            ClaimMetric::Log10Norm => "norm",
            ClaimMetric::Log10Kept => "what is left of the norm",
            ClaimMetric::AbsLog10Kept => "change of the norm, up or down",
            ClaimMetric::Loss => "test loss",
            ClaimMetric::Accuracy => "test accuracy",
            ClaimMetric::BitsPerCharacter => "bits per character",
            ClaimMetric::BitsPerWord => "bits per word",
            ClaimMetric::BitsPerByte => "bits per byte",
            ClaimMetric::Perplexity => "perplexity",
            ClaimMetric::Solved => "share of the runs that solve the task",
            ClaimMetric::Sequences => "training sequences until the task is solved",
            ClaimMetric::Seconds => "time of a run",
            ClaimMetric::LargestExponent => "largest Lyapunov exponent",
        }
    }
}

/// The symbol or the name of a gradient, as reports have it.
fn symbol(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::TotalH => "∂L/∂h",
        Quantity::TotalC => "∂L/∂c",
        Quantity::TotalN => "∂L/∂n",
        Quantity::TotalZ => "∂L/∂z",
        Quantity::TotalIm => "∂L/∂im",
        Quantity::DirectH => "the direct part of ∂L/∂h",
        Quantity::LaterH => "the later part of ∂L/∂h",
        Quantity::InputX => "∂L/∂x",
        Quantity::CellPath => "the cell path",
        Quantity::GatePath => "the gate path",
        Quantity::WeightTerm => "the term of ∂L/∂W_hh",
        Quantity::TruncationError => "the truncation error",
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

impl Reading {
    /// The number in plain words: `log10 of what is left of ∂L/∂h at lag 100`.
    pub fn in_words(&self) -> String {
        let symbol = self.quantity.map(symbol).unwrap_or_default();
        let lag = self.lag.unwrap_or_default();
        match (self.metric, self.length) {
            (ClaimMetric::Slope, _) => format!("slope of {symbol} over lag"),
            (ClaimMetric::Log10Norm, _) => format!("log10 of the norm of {symbol} at lag {lag}"),
            (ClaimMetric::Log10Kept, _) => format!("log10 of what is left of {symbol} at lag {lag}"),
            (ClaimMetric::AbsLog10Kept, _) => {
                format!("geometric mean of the decades by which {symbol} falls or grows up to lag {lag}")
            }
            (metric, Some(length)) => format!("{} on sequences of {length} steps", metric.in_words()),
            (metric, None) => metric.in_words().to_string(),
        }
    }
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
