//! Published results.

use std::fmt;

use super::{Reading, Selector};

/// The publications of one experiment.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// In the file's order.
    pub publications: Vec<Publication>,
    /// The same as TOML, to be saved beside the results; empty where nothing is published.
    pub toml: String,
}

/// What was published in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Authors, title or place, and the table or section.
    pub source: String,
    /// How much was trained for the numbers, in the publication's words.
    pub budget: Option<String>,
    /// Why its numbers and ours do not compare.
    pub not_comparable: Option<String>,
    /// Where the experiment differs from the publication.
    pub deviations: Vec<String>,
    /// The numbers.
    pub results: Vec<PublishedNumber>,
}

/// One published number.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedNumber {
    /// The runs that repeat it.
    pub selected: Selector,
    /// Which number of a run.
    pub reading: Reading,
    /// The published number.
    pub value: f64,
    /// What chance reaches.
    pub chance: Option<f64>,
    /// What counts as a match; none where numbers do not compare.
    pub rule: Option<Rule>,
    /// Runs that were trained on fewer sequences are not held against the number, unless they are better.
    pub min_sequences: Option<usize>,
}

/// What counts as a match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// At most so many times the published number, and at least that part of it.
    WithinFactor(f64),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

impl Rule {
    /// Whether `found` is a match of `published`.
    pub fn holds(self, found: f64, published: f64) -> bool {
        match self {
            Rule::WithinFactor(factor) => {
                let ratio = found / published;
                ratio <= factor && ratio >= 1.0 / factor
            }
            Rule::AtMost(most) => found <= most,
            Rule::AtLeast(least) => found >= least,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::WithinFactor(factor) => write!(f, "within a factor of {factor}"),
            Rule::AtMost(most) => write!(f, "at most {most}"),
            Rule::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}
