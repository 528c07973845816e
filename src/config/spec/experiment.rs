//! A checked experiment.

use toml::Table;

use super::{Grid, Measure, Published, Selector, TaskSpec, Tests};
use crate::config::source::ConfigFile;

/// A checked experiment.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The name of the experiment and of its results directory.
    pub name: String,
    /// The description.
    pub about: About,
    /// The config with its defaults filled in, for the results directory.
    pub resolved: Table,
    /// The seeds, with one run per seed. `speed` uses the first only.
    pub seeds: Vec<u64>,
    /// The source of the sequences.
    pub task: TaskSpec,
    /// The measurements, in the config's order.
    pub parts: Vec<Part>,
    /// The grid points to leave out.
    pub exclude: Vec<Selector>,
    /// The claim and the expectations that the experiment tests.
    pub tests: Tests,
    /// The published results that the experiment repeats.
    pub published: Published,
    /// The config file, for the places of errors that are found later.
    pub file: ConfigFile,
}

/// The description of an experiment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// The question.
    pub question: Option<String>,
    /// The publication of the claim or the method.
    pub source: Option<String>,
    /// The expected run time and the machine that it refers to.
    pub expected_runtime: Option<String>,
}

/// One kind of measurement over one grid.
#[derive(Debug, Clone)]
pub struct Part {
    /// The measurement.
    pub measure: Measure,
    /// The swept settings.
    pub grid: Grid,
}
