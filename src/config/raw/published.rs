//! `published.toml`: the published results that experiments repeat.

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::config::spec::ClaimMetric;
use crate::config::value::Count;
use crate::settings::names::Quantity;

/// The keys of `[[EXPERIMENT]]`: one publication.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Authors, title or place, and the table or section.
    pub source: String,
    /// The amount of training behind the numbers, in the publication's words.
    pub budget: Option<String>,
    /// The reason why its numbers and ours do not compare.
    pub not_comparable: Option<String>,
    /// Differences between the experiment and the publication.
    #[serde(default)]
    pub deviations: Vec<String>,
    /// The numbers.
    #[serde(default)]
    pub result: Vec<PublishedResult>,
}

/// The keys of `[[EXPERIMENT.result]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedResult {
    /// Settings of the runs that repeat it.
    #[serde(rename = "where")]
    pub selected: Table,
    /// The number that is read from each run.
    pub metric: ClaimMetric,
    /// For `log10_norm` and `slope`.
    pub quantity: Option<Quantity>,
    /// For `log10_norm`.
    pub lag: Option<i64>,
    /// The published number, in the metric's unit.
    pub value: f64,
    /// The chance level.
    pub chance: Option<f64>,
    /// A match differs by at most this factor.
    pub within_factor: Option<f64>,
    /// A match is at most this.
    pub at_most: Option<f64>,
    /// A match is at least this.
    pub at_least: Option<f64>,
    /// Runs trained on fewer sequences are not compared with the number: an early failure says nothing.
    pub min_sequences: Option<Count>,
}
