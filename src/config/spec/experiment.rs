//! One experiment.

use toml::Table;

use super::{Claim, Grid, Measure, Published, Selector, TaskSpec};
use crate::config::source::ConfigFile;

/// One experiment, checked.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name of the results directory.
    pub name: String,
    /// The words that describe it.
    pub about: About,
    /// The config with every default filled in, to be saved beside the results.
    pub resolved: Table,
    /// One run for each; `speed` uses the first alone.
    pub seeds: Vec<u64>,
    /// The source of the sequences.
    pub task: TaskSpec,
    /// The measurements, in the config's order.
    pub parts: Vec<Part>,
    /// Grid points to leave out.
    pub exclude: Vec<Selector>,
    /// A statement about networks, and the tests that decide it.
    pub claim: Option<Claim>,
    /// The published results that the experiment repeats.
    pub published: Published,
    /// The text that all this was read from, for errors that are found later.
    pub file: ConfigFile,
}

/// The words that describe an experiment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// The question.
    pub question: Option<String>,
    /// The publication that the claim or the method is from.
    pub source: Option<String>,
    /// The expected outcome.
    pub expected: Option<String>,
    /// The expected run time, and the machine it is meant for.
    pub expected_runtime: Option<String>,
}

/// One kind of measurement over one grid.
#[derive(Debug, Clone)]
pub struct Part {
    /// The measurement.
    pub measure: Measure,
    /// The settings that vary.
    pub grid: Grid,
}
