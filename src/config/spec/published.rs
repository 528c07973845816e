//! Published results.

use std::fmt;

use super::{Reading, Selector};

/// The publications of one experiment.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The publications, in the order of the file.
    pub publications: Vec<Publication>,
    /// The same as TOML, for the results directory; empty if there are no publications.
    pub toml: String,
}

/// One publication.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The authors, the title or journal, and the table or section.
    pub source: String,
    /// The amount of training behind the numbers.
    pub budget: Option<String>,
    /// The reason why its numbers and those of the experiment are not comparable.
    pub not_comparable: Option<String>,
    /// The differences between the experiment and the publication.
    pub deviations: Vec<String>,
    /// The numbers.
    pub results: Vec<PublishedNumber>,
}

/// One published number.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedNumber {
    /// The runs that repeat it.
    pub selected: Selector,
    /// The number that is read from each run.
    pub reading: Reading,
    /// The published number.
    pub value: f64,
    /// The condition for a match; `None` if the numbers are not comparable.
    pub rule: Option<Rule>,
    /// The number of training sequences below which a run is not compared, unless its result is better
    /// than a match.
    pub min_sequences: Option<usize>,
}

/// The condition for a match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The ratio to the published number is at most this factor, and at least its inverse.
    WithinFactor(f64),
    /// The number is at most this.
    AtMost(f64),
    /// The number is at least this.
    AtLeast(f64),
    /// The runs are at chance.
    AtChance,
}

impl Rule {
    /// The numbers that are a match of `published`, from the least to the largest; `None` if chance decides.
    pub fn matches(self, published: f64) -> Option<(f64, f64)> {
        match self {
            Rule::WithinFactor(factor) => Some((published / factor, published * factor)),
            Rule::AtMost(most) => Some((f64::NEG_INFINITY, most)),
            Rule::AtLeast(least) => Some((least, f64::INFINITY)),
            Rule::AtChance => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::WithinFactor(factor) => write!(f, "within a factor of {factor}"),
            Rule::AtMost(most) => write!(f, "at most {most}"),
            Rule::AtLeast(least) => write!(f, "at least {least}"),
            Rule::AtChance => f.write_str("at chance"),
        }
    }
}
