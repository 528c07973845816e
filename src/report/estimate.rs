//! An estimate with its 95 % interval.

use crate::support::exact::{self, Hits};
use crate::support::stats::{self, Interval};

/// An estimate over seeds or samples, with its 95 % interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// The estimate; none of no values.
    pub value: Option<f64>,
    /// The lower end of the interval; none if `n` is too small, or if it has no bound.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The number of seeds or samples.
    pub n: usize,
}

impl Estimate {
    /// A value with its interval.
    pub fn new(value: Option<f64>, interval: Option<Interval>, n: usize) -> Estimate {
        Estimate { value, low: interval.map(|ends| ends.low), high: interval.map(|ends| ends.high), n }
    }

    /// The mean with Student's interval.
    pub fn mean(values: &[f64]) -> Estimate {
        Estimate::new(stats::mean(values), stats::t_interval(values), values.len())
    }

    /// The median with the interval between two order statistics, which needs six values.
    pub fn median(values: &[f64]) -> Estimate {
        Estimate::new(stats::median(values), exact::median_interval(values), values.len())
    }

    /// The share `hits / n` with the interval of Clopper and Pearson.
    pub fn share((hits, n): Hits) -> Estimate {
        let value = (n > 0).then(|| hits as f64 / n as f64);
        Estimate::new(value, exact::share_interval((hits, n)), n)
    }

    /// Applies a rising function to the value and to both ends.
    pub fn map(self, f: impl Fn(f64) -> f64) -> Estimate {
        let Estimate { value, low, high, n } = self;
        Estimate { value: value.map(&f), low: low.map(&f), high: high.map(&f), n }
    }

    /// The estimate with the other sign.
    pub fn negated(self) -> Estimate {
        let Estimate { value, low, high, n } = self.map(|number| -number);
        Estimate { value, low: high, high: low, n }
    }

    /// The interval, if it has both ends.
    pub fn interval(&self) -> Option<Interval> {
        Some(Interval { low: self.low?, high: self.high? })
    }
}
