//! The keys of `published.toml`: the published results that experiments repeat.

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::config::spec::ClaimMetric;
use crate::config::value::Count;
use crate::settings::names::Quantity;

/// The keys of `[[EXPERIMENT]]`: one publication.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The authors, the title or journal, and the table or section.
    pub source: String,
    /// The amount of training behind the numbers, as the publication states it; default: none.
    pub budget: Option<String>,
    /// The reason why its numbers and those of the experiment are not comparable. Results then get no
    /// verdict.
    pub not_comparable: Option<String>,
    /// The known differences between the experiment and the publication: a list of sentences; default:
    /// none.
    #[serde(default)]
    pub deviations: Vec<String>,
    /// The published numbers: at least one, unless `not_comparable` is set.
    #[serde(default)]
    pub result: Vec<PublishedResult>,
}

/// The keys of `[[EXPERIMENT.result]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedResult {
    /// The settings that select the runs that repeat the result. These runs differ in the seed only.
    #[serde(rename = "where")]
    pub selected: Table,
    /// The number that is read from each run: a metric of a claim's test, or `sequences`, the number of
    /// training sequences until the task was solved.
    pub metric: ClaimMetric,
    /// The gradient, for `slope` and the metrics of one lag, as in a claim's test.
    pub quantity: Option<Quantity>,
    /// The lag in steps, as in a claim's test.
    pub lag: Option<i64>,
    /// The published number, in the metric's unit.
    pub value: f64,
    /// The largest factor, at least 1, between our number and `value` that is a match, in either direction.
    /// `value` must be above 0. A result has exactly one of `within_factor`, `at_most`, `at_least` and
    /// `at_chance`.
    pub within_factor: Option<f64>,
    /// The largest number that is a match.
    pub at_most: Option<f64>,
    /// The smallest number that is a match.
    pub at_least: Option<f64>,
    /// True if the published network learned nothing, so that runs at chance are a match.
    #[serde(default)]
    pub at_chance: bool,
    /// The number of training sequences below which a run is not compared, because every network fails
    /// at first; default: none. A number that is better than a match is always
    /// compared.
    pub min_sequences: Option<Count>,
}
