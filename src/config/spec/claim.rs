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
    /// The tests that decide it. The claim is supported if all of them are, and undecided if a control
    /// is not.
    pub tests: Vec<Test>,
}

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
    /// The theory or the source behind the bound.
    pub because: Option<String>,
    /// True if the test only shows that the experiment can detect an effect.
    pub control: bool,
}

impl Test {
    /// The number, the runs and the condition in words.
    pub fn in_words(&self) -> String {
        format!("{} of {}: {}", self.reading, self.selected, self.condition())
    }

    /// The baseline and the bound in words.
    pub fn condition(&self) -> String {
        let bound = self.bound;
        match &self.baseline {
            None => bound.to_string(),
            Some((Comparison::Difference, side)) => format!("less that of {side}: {bound}"),
            Some((Comparison::Ratio, side)) => format!("over that of {side}: {bound}"),
        }
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

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Above(bound) => write!(f, "above {bound}"),
            Bound::Below(bound) => write!(f, "below {bound}"),
        }
    }
}
