//! The JSON Schema of a config, for editors. `check` knows more: a schema does not say which keys go
//! together.

use serde_json::{Map, Value, json};

use super::raw;
use crate::settings::names::ExperimentKind;
use crate::settings::schema::{of, single, swept};

/// The keys of an entry of `shapes`.
pub const SIZES: [&str; 5] = ["seq_len", "batch_size", "input_size", "hidden_size", PROJECTION];

/// The size that a shape may leave out, since most cells have none.
pub const PROJECTION: &str = "proj_size";

const GRID: &str = "The settings that vary: each key takes one value or a list.";

const OWN_GRID: &str =
    "The settings that vary in this kind only: overrides of `[grid]` with the same keys; default: none.";

const SHAPES: &str = "The sizes that vary together: a list of tables with `seq_len`, `batch_size`, \
                      `input_size`, `hidden_size` or `proj_size`; default: none. A size is in all tables or \
                      in none, but `proj_size` may be left out: it is then 0.";

/// The schema of a config, in JSON Schema's draft 7.
pub fn schema() -> Value {
    let mut schema = of::<raw::Config>();
    schema["title"] = json!("Config of lstm-lab");
    schema["description"] = json!("An experiment. docs/config.md explains the keys.");
    let properties = keys(&mut schema);
    properties.insert("grid".to_string(), grid(GRID));
    for kind in ExperimentKind::ALL.iter().map(|kind| kind.as_str()) {
        let table = keys(&mut properties[kind]);
        table.extend(swept(|field| field.is_swept_in_table_of(kind)));
        table.insert("grid".to_string(), grid(OWN_GRID));
    }
    schema
}

/// The keys of a table's schema.
fn keys(schema: &mut Value) -> &mut Map<String, Value> {
    schema["properties"].as_object_mut().expect("the schema of a struct has properties")
}

/// The schema of `[grid]`.
fn grid(about: &str) -> Value {
    let mut properties = swept(|field| field.is_swept_in_grid());
    let sizes = single(|field| SIZES.contains(&field.name));
    let shape = json!({ "type": "object", "properties": sizes, "additionalProperties": false });
    let shapes = json!({ "type": "array", "items": shape, "minItems": 1, "description": SHAPES });
    properties.insert("shapes".to_string(), shapes);
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "additionalProperties": false,
    })
}
