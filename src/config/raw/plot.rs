//! The keys of `[plot]`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use toml::Value;

/// The look of the figures of a report.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plot {
    /// The setting whose values are colours, such as `"layers"`; default: many numbers, else `cell`, else
    /// another setting that varies.
    pub colour: Option<String>,
    /// The setting whose values have a panel each; default: those that colours and dashes leave over.
    pub facet: Option<String>,
    /// The setting on the x axis of the figure of slopes, exponents or test losses; default: the one with
    /// the most numbers, from three on. `init` counts if its policies differ in one number.
    pub x: Option<String>,
    /// The width on paper: `"page"` (7 inches, default), `"column"` (3.5 inches), or a number of inches
    /// from 2 to 20. Text is at least 7 pt at this width.
    #[serde(default)]
    #[schemars(schema_with = "width")]
    pub width: Option<Value>,
    /// False for figures without a title, as in a paper; default: `true`.
    pub title: Option<bool>,
}

/// The schema of a width.
fn width(_: &mut SchemaGenerator) -> Schema {
    let inches = json_schema!({ "type": "number", "minimum": 2, "maximum": 20 });
    json_schema!({ "anyOf": [{ "enum": ["page", "column"] }, inches] })
}
