//! The evidence of the runs on a test: an estimate with its interval, and a p-value against any bound.

use super::observations::Observations;
use crate::config::spec::{ClaimMetric, Comparison, Test};
use crate::report::estimate::Estimate;
use crate::support::exact::{self, Hits};
use crate::support::stats::{self, Welch};

/// The numbers that decide a test. Two sides of a test are compared seed by seed, except for `solved`.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// One number per seed, judged by their mean.
    Mean(Vec<f64>),
    /// One number per seed, judged by their median. A busy machine delays single runs, so it is for times.
    Median(Vec<f64>),
    /// The natural logarithm of one number above 0 per seed: a ratio, or decades of change.
    Ratios(Box<Evidence>),
    /// Runs that solved their task.
    Share(Hits),
    /// Runs that solved their task, and those of the baseline.
    ShareDifference(Hits, Hits),
    /// Two independent samples, compared by their means.
    TwoSamples(Vec<f64>, Vec<f64>),
    /// A ratio is not above 0, so it has no logarithm. The number of ratios.
    NoRatio(usize),
}

impl Evidence {
    /// The evidence of the selected runs and of those of the baseline.
    pub fn new(test: &Test, of: &Observations, baseline: Option<&Observations>) -> Evidence {
        let metric = test.reading.metric;
        if metric == ClaimMetric::Solved {
            return match baseline {
                None => Evidence::Share(of.hits()),
                Some(other) => Evidence::ShareDifference(of.hits(), other.hits()),
            };
        }
        if metric == ClaimMetric::AbsLog10Kept && baseline.is_none() && test.bound.number() > 0.0 {
            return Evidence::of_ratios(of.values().into_iter().map(|(_, decades)| decades), Evidence::Mean);
        }
        let over_seeds = if metric == ClaimMetric::Seconds { Evidence::Median } else { Evidence::Mean };
        let Some(baseline) = baseline else {
            return over_seeds(of.values().into_iter().map(|(_, value)| value).collect());
        };
        let others = baseline.values();
        let other = |seed| others.iter().find(|(other, _)| *other == seed).map(|(_, value)| *value);
        let pairs: Vec<(f64, f64)> =
            of.values().into_iter().filter_map(|(seed, value)| Some((value, other(seed)?))).collect();
        if test.compares_by() != Some(Comparison::Ratio) {
            return over_seeds(pairs.iter().map(|(value, other)| value - other).collect());
        }
        Evidence::of_ratios(pairs.iter().map(|(value, other)| value / other), over_seeds)
    }

    /// The evidence of numbers above 0 that differ by factors.
    fn of_ratios(
        ratios: impl ExactSizeIterator<Item = f64>,
        over_seeds: fn(Vec<f64>) -> Evidence,
    ) -> Evidence {
        let count = ratios.len();
        let logs = ratios.map(|ratio| Some(ratio).filter(|ratio| *ratio > 0.0).map(f64::ln));
        match logs.collect::<Option<Vec<f64>>>() {
            Some(logs) => Evidence::Ratios(Box::new(over_seeds(logs))),
            None => Evidence::NoRatio(count),
        }
    }

    /// The estimate with its 95 % interval.
    pub fn estimate(&self) -> Estimate {
        match self {
            Evidence::Mean(values) => Estimate::mean(values),
            Evidence::Median(values) => Estimate::median(values),
            Evidence::Ratios(logs) => logs.estimate().map(f64::exp),
            Evidence::Share(hits) => Estimate::share(*hits),
            Evidence::ShareDifference(of, other) => {
                let values = Estimate::share(*of).value.zip(Estimate::share(*other).value);
                let difference = values.map(|(one, other)| one - other);
                Estimate::new(difference, exact::share_difference_interval(*of, *other), of.1.min(other.1))
            }
            Evidence::TwoSamples(one, other) => {
                let difference = stats::mean(one).zip(stats::mean(other)).map(|(one, other)| one - other);
                let interval = Welch::of(one, other).and_then(|welch| welch.interval());
                Estimate::new(difference, interval, one.len().min(other.len()))
            }
            Evidence::NoRatio(n) => Estimate { n: *n, ..Estimate::default() },
        }
    }

    /// The two-sided p-value against a bound; `None` if there are too few numbers. It is at most 0.05 if the
    /// 95 % interval does not contain the bound.
    pub fn p_value(&self, bound: f64) -> Option<f64> {
        match self {
            Evidence::Mean(values) => stats::t_p_value(values, bound),
            Evidence::Median(values) => exact::sign_p_value(values, bound),
            Evidence::Ratios(logs) => logs.p_value(bound.ln()),
            Evidence::Share(hits) => exact::share_p_value(*hits, bound),
            Evidence::ShareDifference(of, other) => exact::share_difference_p_value(*of, *other, bound),
            Evidence::TwoSamples(one, other) => Welch::of(one, other)?.p_value(bound),
            Evidence::NoRatio(_) => None,
        }
    }

    /// The smallest true difference from 0 that 80 of 100 such experiments find; for a ratio, that of its
    /// natural logarithm. `None` if the interval is not Student's.
    pub fn smallest_difference(&self) -> Option<f64> {
        match self {
            Evidence::Mean(values) => {
                let standard_error = stats::sd(values)? / (values.len() as f64).sqrt();
                stats::smallest_difference(standard_error, values.len() as f64 - 1.0)
            }
            Evidence::Ratios(logs) => logs.smallest_difference(),
            Evidence::TwoSamples(one, other) => {
                let welch = Welch::of(one, other)?;
                stats::smallest_difference(welch.standard_error, welch.degrees)
            }
            _ => None,
        }
    }

    /// The smallest p-value that a test can have with this number of seeds.
    pub fn smallest_p_value(test: &Test, seeds: usize) -> f64 {
        let (none, all) = ((0, seeds), (seeds, seeds));
        let bound = test.bound.number();
        let smallest = |extremes: [Evidence; 2]| {
            extremes.iter().filter_map(|evidence| evidence.p_value(bound)).fold(1.0, f64::min)
        };
        match (test.reading.metric, &test.baseline) {
            (ClaimMetric::Solved, None) => smallest([none, all].map(Evidence::Share)),
            (ClaimMetric::Solved, Some(_)) => {
                smallest([(none, all), (all, none)].map(|(one, other)| Evidence::ShareDifference(one, other)))
            }
            (ClaimMetric::Seconds, _) => exact::sign_p_value(&vec![bound + 1.0; seeds], bound).unwrap_or(1.0),
            _ => 0.0,
        }
    }
}
