//! An estimate with its 95 % interval.

use std::cmp::Ordering;

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

    /// The order of the values, from the smaller to the larger.
    pub fn compare(&self, other: &Estimate) -> Ordering {
        self.value.partial_cmp(&other.value).unwrap_or(Ordering::Equal)
    }

    /// Returns true if the intervals overlap: they leave the order of the estimates open. An estimate without
    /// an interval counts as its value, and an interval without an end has no bound there.
    pub fn overlaps(&self, other: &Estimate) -> bool {
        let ends = |estimate: &Estimate| {
            let value = estimate.value?;
            let has_none = estimate.low.is_none() && estimate.high.is_none();
            let or = |end: Option<f64>, without: f64| end.unwrap_or(if has_none { value } else { without });
            Some((or(estimate.low, f64::NEG_INFINITY), or(estimate.high, f64::INFINITY)))
        };
        let both = ends(self).zip(ends(other));
        both.is_some_and(|((low, high), (other_low, other_high))| low <= other_high && other_low <= high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_is_of_intervals_that_touch() {
        let of = |low, high| Estimate { value: Some(low), low: Some(low), high: Some(high), n: 3 };
        assert!(of(0.0, 1.0).overlaps(&of(1.0, 2.0)) && of(1.0, 2.0).overlaps(&of(0.0, 1.0)));
        assert!(!of(0.0, 1.0).overlaps(&of(1.5, 2.0)));
        let value = |value| Estimate { value: Some(value), ..Estimate::default() };
        assert!(of(0.0, 1.0).overlaps(&value(0.5)) && !of(0.0, 1.0).overlaps(&value(1.5)));
        assert!(Estimate { low: Some(0.0), ..value(1.0) }.overlaps(&of(5.0, 6.0)));
        assert!(!of(0.0, 1.0).overlaps(&Estimate::default()));
    }
}
