//! A whole config file.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Claim, Task, Training};
use crate::config::spec::{Gradients, Jacobian, Speed};
use crate::config::value::{Count, OneOrMany};
use crate::settings::names::ExperimentKind;

/// The keys of a config outside `[grid]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the results directory; default: the file's name without `.toml`.
    pub name: Option<String>,
    /// The question that the experiment asks.
    pub question: Option<String>,
    /// The publication that the claim or the method is from.
    pub source: Option<String>,
    /// The expected outcome.
    pub expected: Option<String>,
    /// The expected run time, and the machine it is meant for.
    pub expected_runtime: Option<String>,
    /// `gradients`, `jacobian`, `speed`, `training`, or a list of them.
    pub kind: OneOrMany<ExperimentKind>,
    /// The seeds: one run for each. `speed` uses the first alone.
    #[serde(default = "default_seeds")]
    pub seeds: OneOrMany<Count>,
    /// Grid points to leave out: tables of settings and the values they must all have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Table>,
    /// A statement about networks, and the tests that decide it.
    pub claim: Option<Claim>,
    /// The source of the sequences.
    #[serde(default)]
    pub task: Task,
    /// Measurement of the kind `gradients`.
    pub gradients: Option<Gradients>,
    /// Measurement of the kind `jacobian`.
    pub jacobian: Option<Jacobian>,
    /// Measurement of the kind `speed`.
    pub speed: Option<Speed>,
    /// Training.
    pub training: Option<Training>,
}

fn default_seeds() -> OneOrMany<Count> {
    OneOrMany(vec![Count(1)])
}
