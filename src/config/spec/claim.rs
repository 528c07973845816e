//! Claims, expectations and their tests.

use std::fmt;

use super::{Reading, Selector};
use crate::support::names::names;

/// The statements that an experiment tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tests {
    /// The claim about networks.
    pub claim: Option<Claim>,
    /// The expected outcomes.
    pub expectations: Vec<Test>,
}

impl Tests {
    /// Every test with the dotted key of its table.
    pub fn places(&self) -> impl Iterator<Item = (String, &Test)> {
        let claim = self.claim.iter().flat_map(|claim| &claim.tests).enumerate();
        let claim = claim.map(|(n, test)| (format!("claim.test[{n}]"), test));
        claim.chain(self.expectations.iter().enumerate().map(|(n, test)| (format!("expect[{n}]"), test)))
    }
}

/// A claim, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The claim in one sentence.
    pub statement: String,
    /// The tests that decide it, one per setting. If a control does not hold, they decide nothing.
    pub tests: Vec<Test>,
}

/// The least number of seeds that decides a test of a claim.
pub const CLAIM_SEEDS: usize = 6;

/// The least number of seeds that decides an expectation or a published result. Both are stated before a run
/// and refer to this experiment alone, so the interval itself guards against chance.
pub const MIN_SEEDS: usize = 3;

/// One test. It has one value per seed, and the interval of their mean must lie on one side of a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The name of the test in the report.
    pub name: String,
    /// The number that is read from each run.
    pub reading: Reading,
    /// The runs under test.
    pub selected: Selector,
    /// The runs to compare with, and the comparison.
    pub baseline: Option<(Comparison, Selector)>,
    /// The bound that the value must keep.
    pub bound: Bound,
    /// The distance from the bound within which a value counts as equivalent; above 0. For a ratio it is a
    /// share: `bound / (1 + margin)` to `bound * (1 + margin)`.
    pub margin: Option<f64>,
    /// The theory or the source behind the bound.
    pub because: Option<String>,
    /// The sentence with which a report begins if the test holds. It has a `{}` for the measured number.
    pub answer: Option<String>,
    /// True if the test only shows that the experiment can detect an effect.
    pub control: bool,
}

impl Test {
    /// The number, the runs and the condition in words: `slope of ∂L/∂h over lag in the lstm, minus that in
    /// the rnn: above 0`.
    pub fn in_words(&self) -> String {
        let of = self.reading.in_words();
        let place = self.selected.place(None);
        let against = match &self.baseline {
            None => String::new(),
            Some((Comparison::Difference, side)) => {
                format!(", minus that{}", side.place(Some(&self.selected)))
            }
            Some((Comparison::Ratio, side)) => format!(", over that{}", side.place(Some(&self.selected))),
        };
        format!("{of}{place}{against}: {}", self.bound_in_words())
    }

    /// The comparison with the baseline.
    pub fn compares_by(&self) -> Option<Comparison> {
        self.baseline.as_ref().map(|(how, _)| *how)
    }

    /// The values that count as equivalent to the bound.
    pub fn equivalent(&self) -> Option<(f64, f64)> {
        let (bound, margin) = (self.bound.number(), self.margin?);
        Some(match self.compares_by() {
            Some(Comparison::Ratio) => (bound / (1.0 + margin), bound * (1.0 + margin)),
            _ => (bound - margin, bound + margin),
        })
    }

    /// The baseline and the bound, as `summary.csv` has them.
    pub fn condition(&self) -> String {
        let bound = self.bound_in_words();
        match &self.baseline {
            None => bound,
            Some((Comparison::Difference, side)) => format!("minus that of {side}: {bound}"),
            Some((Comparison::Ratio, side)) => format!("over that of {side}: {bound}"),
        }
    }

    fn bound_in_words(&self) -> String {
        let zone = self.margin.map(|margin| match self.compares_by() {
            // Rounded, since 0.07 · 100 is not 7.
            Some(Comparison::Ratio) => format!("; equivalent within {} %", (1e4 * margin).round() / 100.0),
            _ => format!("; equivalent within ±{margin}"),
        });
        format!("{}{}", self.bound, zone.unwrap_or_default())
    }
}

names! {
    /// The comparison of two numbers of one seed.
    Comparison ("comparison") {
        /// the first minus the second
        Difference = "difference",
        /// the first divided by the second; means are geometric
        Ratio = "ratio",
    }
}

/// The side of a number on which a test holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Values above the number.
    Above(f64),
    /// Values below the number.
    Below(f64),
}

impl Bound {
    /// The number.
    pub fn number(self) -> f64 {
        match self {
            Bound::Above(number) | Bound::Below(number) => number,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Above(bound) => write!(f, "above {bound}"),
            Bound::Below(bound) => write!(f, "below {bound}"),
        }
    }
}
