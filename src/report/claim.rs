//! The verdict on a claim: whether the 95 % interval of each of its tests lies on the side that the claim says.

use std::fmt;

use super::evidence::{Evidence, evidence};
use super::load::Experiment;
use super::number::with_interval;
use super::point::Point;
use super::table::{Table, escaped};
use crate::config::claim::{Bound, Claim, Comparison, Test};
use crate::config::reading::Metric;
use crate::stats::{self, Interval};

/// Fewer seeds decide nothing.
pub const LEAST_SEEDS: usize = 5;

/// What the runs say of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The interval lies on the side that the claim says.
    Supported,
    /// The interval lies on the other side.
    NotSupported,
    /// The interval contains the bound, or there are too few seeds for one.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Supported => "supported",
            Verdict::NotSupported => "not supported",
            Verdict::Undecided => "undecided",
        })
    }
}

/// A test and what came of it.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The test.
    pub test: &'a Test,
    /// Settings of the runs that were looked at.
    pub point: Point,
    /// The mean over seeds: of the number, of its difference, or (geometric) of its ratio.
    pub estimate: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Over so many seeds.
    pub n: usize,
    /// The unit of estimate and interval.
    pub unit: String,
    /// What that says.
    pub verdict: Verdict,
    /// Why it says nothing, where it does not for another reason than its interval.
    pub why: Option<String>,
}

/// Judges every test of a claim.
pub fn judge<'a>(claim: &'a Claim, experiment: &Experiment) -> Vec<Judged<'a>> {
    claim.tests.iter().map(|test| of_test(test, experiment)).collect()
}

/// The verdict on the claim: supported where every test supports it, not supported where any test speaks against it, else
/// undecided.
pub fn overall(tests: &[Judged]) -> Verdict {
    let is = |verdict: Verdict| move |test: &Judged| test.verdict == verdict;
    match tests {
        _ if tests.iter().any(is(Verdict::NotSupported)) => Verdict::NotSupported,
        [_, ..] if tests.iter().all(is(Verdict::Supported)) => Verdict::Supported,
        _ => Verdict::Undecided,
    }
}

fn of_test<'a>(test: &'a Test, experiment: &Experiment) -> Judged<'a> {
    let of = evidence(experiment, &test.of, &test.reading);
    let other = test.against.as_ref().map(|(how, side)| (*how, evidence(experiment, side, &test.reading)));
    let is_ratio = matches!(other, Some((Comparison::Ratio, _)));
    let estimated = estimate(test.reading.metric, &of, other.as_ref());
    let failed = of.failed + other.as_ref().map_or(0, |(_, other)| other.failed);
    let mut why = Vec::new();
    if estimated.n < LEAST_SEEDS {
        why.push(format!("{} of at least {LEAST_SEEDS} seeds", estimated.n));
    }
    if failed > 0 {
        why.push(format!("{failed} failed"));
    }
    let decided = estimated.interval.filter(|_| estimated.n >= LEAST_SEEDS);
    Judged {
        test,
        point: of.point,
        estimate: estimated.mean,
        interval: estimated.interval,
        n: estimated.n,
        unit: if is_ratio { "1".to_string() } else { of.unit },
        verdict: decided.map_or(Verdict::Undecided, |interval| verdict(test.counts, interval)),
        why: Some(why.join("; ")).filter(|why| !why.is_empty()),
    }
}

fn verdict(counts: Bound, Interval { low, high }: Interval) -> Verdict {
    let (within, beyond) = match counts {
        Bound::Above(bound) => (low > bound, high < bound),
        Bound::Below(bound) => (high < bound, low > bound),
    };
    match (within, beyond) {
        (true, _) => Verdict::Supported,
        (_, true) => Verdict::NotSupported,
        _ => Verdict::Undecided,
    }
}

struct Estimated {
    mean: Option<f64>,
    interval: Option<Interval>,
    n: usize,
}

/// The mean and its interval. Two sides are compared seed by seed; shares are not, they have an interval of their own kind.
fn estimate(metric: Metric, of: &Evidence, other: Option<&(Comparison, Evidence)>) -> Estimated {
    let Some((how, other)) = other else {
        let values: Vec<f64> = of.values.values().copied().collect();
        let interval = if metric == Metric::Solved {
            let (hits, n) = hits(of);
            stats::share_interval(hits, n)
        } else {
            stats::t_interval(&values)
        };
        return Estimated { mean: stats::mean(&values), interval, n: values.len() };
    };
    let pairs: Vec<(f64, f64)> =
        of.values.iter().filter_map(|(seed, value)| Some((*value, *other.values.get(seed)?))).collect();
    let n = pairs.len();
    if metric == Metric::Solved {
        let (one, other) = (hits(of), hits(other));
        let share = |(hits, n): (usize, usize)| hits as f64 / n as f64;
        let mean = (one.1 > 0 && other.1 > 0).then(|| share(one) - share(other));
        return Estimated {
            mean,
            interval: stats::share_difference_interval(one, other),
            n: one.1.min(other.1),
        };
    }
    match how {
        Comparison::Difference => {
            let differences: Vec<f64> = pairs.iter().map(|(value, other)| value - other).collect();
            Estimated { mean: stats::mean(&differences), interval: stats::t_interval(&differences), n }
        }
        Comparison::Ratio => {
            // A ratio that is not above 0 has no logarithm, and so no geometric mean.
            let logs: Option<Vec<f64>> = pairs
                .iter()
                .map(|(value, other)| Some(value / other).filter(|r| *r > 0.0).map(f64::ln))
                .collect();
            let logs = logs.unwrap_or_default();
            let interval = stats::t_interval(&logs);
            let interval = interval.map(|ends| Interval { low: ends.low.exp(), high: ends.high.exp() });
            Estimated { mean: stats::mean(&logs).map(f64::exp), interval, n: logs.len() }
        }
    }
}

/// How many runs solved their task, and of how many.
fn hits(of: &Evidence) -> (usize, usize) {
    (of.values.values().filter(|solved| **solved > 0.5).count(), of.values.len())
}

impl Judged<'_> {
    /// What the value was held against: other runs and a bound.
    pub fn held_against(&self) -> String {
        let counts = self.test.counts.to_string();
        match &self.test.against {
            None => counts,
            Some((Comparison::Difference, side)) => format!("less that of {side}: {counts}"),
            Some((Comparison::Ratio, side)) => format!("over that of {side}: {counts}"),
        }
    }
}

/// The section of a report: the verdict, and a row a test.
pub fn section(claim: &Claim, tests: &[Judged]) -> String {
    let count = tests.iter().filter(|test| test.verdict == Verdict::Supported).count();
    let row = |judged: &Judged| {
        let test = judged.test;
        let ends = |of: fn(Interval) -> f64| judged.interval.map(of);
        let estimate = judged.estimate.map(|mean| with_interval(mean, ends(|i| i.low), ends(|i| i.high)));
        let what = format!("{} of {}: {}", test.reading.metric, test.of, judged.held_against());
        let why = judged.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        vec![
            escaped(&test.what),
            escaped(&what.replacen(test.reading.metric.as_str(), &test.reading.to_string(), 1)),
            estimate.unwrap_or_default(),
            escaped(&judged.unit),
            judged.n.to_string(),
            judged.verdict.to_string() + &escaped(&why),
        ]
    };
    let header = ["test", "what counts", "estimate", "unit", "seeds", "verdict"].map(String::from).to_vec();
    let table = Table { header, rows: tests.iter().map(row).collect() };
    format!(
        "## Claim\n\n{} **{}**: {count} of {} tests support it.\n\n{}",
        claim.says.trim(),
        capitalised(&overall(tests).to_string()),
        tests.len(),
        table.to_markdown().trim_end()
    )
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
