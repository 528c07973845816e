//! The keys of a whole config file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Claim, Plot, Task, Test, Training};
use crate::config::spec::{AnswerPart, Gradients, Jacobian, Speed};
use crate::config::value::{Count, OneOrMany};
use crate::settings::names::ExperimentKind;

/// The keys of a config outside `[grid]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name of the experiment and of its results directory; default: the file's name without
    /// `.toml`. Allowed are letters, digits, spaces and `-_.+=,`,
    /// but no `.` at the beginning.
    pub name: Option<String>,
    /// The question that the experiment asks, for `check` and the report.
    pub question: Option<String>,
    /// The publication of the claim or the method, for `check` and the report.
    pub source: Option<String>,
    /// The expected run time and the machine that it refers to, for `check` and the report.
    pub expected_runtime: Option<String>,
    /// The measurement: `gradients`, `jacobian`, `speed`, `training`, or a list of them. The only
    /// required key.
    pub kind: OneOrMany<ExperimentKind>,
    /// The seeds, with one run per seed: a list of whole numbers from 0; default: `[1]`. `speed` uses the
    /// first only.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<Count>,
    /// The combinations of settings to leave out: a list of tables such as
    /// `{ cell = "rnn", layers = 2 }`; default: none. A run is left out if it has all values of a table.
    /// Each table must leave out a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::settings::schema::selectors")]
    pub exclude: Vec<Table>,
    /// The statement about networks that the experiment tests; default: none.
    pub claim: Option<Claim>,
    /// The expected outcomes, each with the keys of a claim's test; default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Test>,
    /// The sentences on measured numbers that stand in the answer at the top of the report, after those of
    /// the expectations: a list of `exponents`, `training`, `samples`, `weights_by_lag`, `init_and_cell`,
    /// `gradients`, `other_states`, `half_life`, `turn`, `later_losses`, `paths`, `path_decay`,
    /// `predictors`, `jacobian` and `speed`; default: none. The others follow below the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer_with: Vec<AnswerPart>,
    /// The settings that `--set` changed, written by `run`; default: none. With any, nothing is judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The settings with which `--set` only added runs, written by `run`; default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// The source of the sequences; default: random numbers.
    #[serde(default)]
    pub task: Task,
    /// The settings of the kind `gradients`.
    pub gradients: Option<Gradients>,
    /// The settings of the kind `jacobian`.
    pub jacobian: Option<Jacobian>,
    /// The settings of the kind `speed`.
    pub speed: Option<Speed>,
    /// The settings of the kind `training`.
    pub training: Option<Training>,
    /// The look of the figures; it changes no run.
    pub plot: Option<Plot>,
}

fn default_seeds() -> Vec<Count> {
    vec![Count(1)]
}
