//! A claim and its tests.

use std::fmt;

use super::{Reading, Selector};
use crate::support::names::names;

/// A claim, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The claim in one sentence.
    pub statement: String,
    /// What decides it: it is supported where each of them is, and undecided where a control is not.
    pub tests: Vec<Test>,
}

/// One test: a value a seed, whose interval must lie on one side of a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is tested, in a few words.
    pub name: String,
    /// Which number of a run.
    pub reading: Reading,
    /// The runs that are looked at.
    pub selected: Selector,
    /// The runs that they are compared with.
    pub baseline: Option<(Comparison, Selector)>,
    /// What the value must be.
    pub bound: Bound,
    /// Whether it shows that the experiment can tell, and says nothing of the claim itself.
    pub control: bool,
}

names! {
    /// How two numbers of one seed become one.
    Comparison ("comparison") {
        /// the first less the second
        Difference = "difference",
        /// the first over the second; means are geometric
        Ratio = "ratio",
    }
}

/// The side of a number on which a value supports a claim.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Larger values do.
    Above(f64),
    /// Smaller values do.
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
