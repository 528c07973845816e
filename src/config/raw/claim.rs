//! The keys of `[claim]` and `[[expect]]` as a config has them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::config::spec::{ClaimMetric, Comparison};
use crate::config::value::Size;
use crate::settings::names::Quantity;

/// The keys of `[claim]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim in one sentence.
    pub statement: String,
    /// The tests that decide the claim: at least one, and at least one that is not a control.
    pub test: Vec<Test>,
}

/// The keys of `[[claim.test]]` and `[[expect]]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The name in the report: a few words.
    pub name: String,
    /// The number that is read from each run: `slope`, `log10_norm`, `log10_kept`,
    /// `abs_log10_kept`, `loss`, `accuracy`, `bits_per_character`, `bits_per_word`, `bits_per_byte`,
    /// `perplexity`, `solved`, `seconds` or `largest_exponent`.
    pub metric: ClaimMetric,
    /// The gradient, for `slope` and the metrics of one lag: `total_h` (default), `total_c`, `total_n`,
    /// `total_z`, `total_im`, `direct_h`, `later_h`, `input_x`, `cell_path` or `gate_path`, in the layer
    /// nearest the input.
    pub quantity: Option<Quantity>,
    /// The lag in steps, at least 0 and below T: required for `log10_norm`, `log10_kept` and
    /// `abs_log10_kept`, and for no other metric.
    pub lag: Option<i64>,
    /// The length of the test sequences, one of `training.test_lengths`, for `loss` and `accuracy`; default:
    /// the split test.
    pub length: Option<Size>,
    /// The bound above which the test holds. A test has either `above` or `below`.
    pub above: Option<f64>,
    /// The bound below which the test holds. A test has either `above` or `below`.
    pub below: Option<f64>,
    /// The distance from the bound within which values count as equivalent, above 0; default: none. For a
    /// ratio it is a share: 0.05 means from `bound / 1.05` to `bound * 1.05`. `solved` has none.
    pub margin: Option<f64>,
    /// The comparison with `baseline`: `difference` (default) or `ratio`. `solved` and the metrics of
    /// one lag allow only a difference. The bound of a ratio is above 0.
    pub compare: Option<Comparison>,
    /// The settings that select the runs under test. These runs differ in the seed only.
    #[serde(rename = "where")]
    #[schemars(schema_with = "crate::settings::schema::selector")]
    pub selected: Table,
    /// The settings that select the runs to compare with, seed by seed; default: none.
    #[schemars(default, schema_with = "crate::settings::schema::selector")]
    pub baseline: Option<Table>,
    /// The theory or the source behind the bound, never a measured result. Required in `[[expect]]`.
    pub because: Option<String>,
    /// The sentence with which the report answers the question if the test holds. The measured number takes
    /// the place of `{}`: a percentage, a factor or a power of ten if it is in log10. For a claim, `of ∂L/∂c
    /// is left` follows it, or `more` or `less` for a difference; for `abs_log10_kept` it says how many seeds
    /// vanish and how many explode. Default: none.
    pub answer: Option<String>,
    /// True if the test of a claim only shows that the experiment can detect an effect; default: `false`.
    /// If a control fails, the claim is undecided. Not in `[[expect]]`.
    #[serde(default)]
    pub control: bool,
}
