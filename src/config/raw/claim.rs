//! `[claim]`.

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::config::spec::{ClaimMetric, Comparison};
use crate::settings::names::Quantity;

/// The keys of `[claim]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim in one sentence.
    pub statement: String,
    /// The tests that decide it.
    pub test: Vec<Test>,
}

/// The keys of `[[claim.test]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The test in a few words.
    pub name: String,
    /// The number that is read from each run.
    pub metric: ClaimMetric,
    /// For a metric of gradients: `total_h` (default), `total_c`, …
    pub quantity: Option<Quantity>,
    /// For `log10_norm`: the lag.
    pub lag: Option<i64>,
    /// The value lies above this where the claim is right.
    pub above: Option<f64>,
    /// The value lies below this where the claim is right.
    pub below: Option<f64>,
    /// With `baseline`: `difference` (default) or `ratio`.
    pub compare: Option<Comparison>,
    /// Settings of the runs that are tested.
    #[serde(rename = "where")]
    pub selected: Table,
    /// Settings of the runs that they are compared with, seed by seed.
    pub baseline: Option<Table>,
    /// `true` for a test that shows that the experiment can tell, and says nothing about the claim itself.
    #[serde(default)]
    pub control: bool,
}
