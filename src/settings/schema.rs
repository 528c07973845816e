//! The JSON Schema of settings, from their rows in `FIELDS` and their doc comments in `Settings`.

use std::ops::Bound;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{FIELDS, Field, Form, Settings};

/// The schema of a type, in the draft that editors know best.
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// The keys of settings that take one value or a list.
pub fn swept(is_key: impl Fn(&Field) -> bool) -> Map<String, Value> {
    let one_or_many = |value: Value| {
        let list = json!({ "type": "array", "items": value, "minItems": 1, "uniqueItems": true });
        json!({ "anyOf": [value, list] })
    };
    keys(is_key, one_or_many)
}

/// The keys of settings that take one value.
pub fn single(is_key: impl Fn(&Field) -> bool) -> Map<String, Value> {
    keys(is_key, |value| value)
}

/// The schema of a table of settings that selects runs.
pub fn selector(_: &mut SchemaGenerator) -> Schema {
    let mut properties = single(|field| field.axis.is_some() || field.name == "kind");
    // The keys are explained where they are set.
    for schema in properties.values_mut() {
        schema.as_object_mut().expect("a schema").remove("description");
    }
    // A selector has the name of a file in the text `file(NAME)`.
    properties["init"] = json!({ "type": "string" });
    // Only a selector may name frameworks, or several engines in one string.
    properties["engine"].as_object_mut().expect("a schema").remove("enum");
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// The schema of a list of such tables.
pub fn selectors(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": selector(generator) })
}

fn keys(is_key: impl Fn(&Field) -> bool, form: impl Fn(Value) -> Value) -> Map<String, Value> {
    let documented = of::<Settings>();
    let key = |field: &&Field| {
        let property = &documented["properties"][field.name];
        let mut schema = form(value(field, property));
        schema["description"] = property["description"].clone();
        (field.name.to_string(), schema)
    };
    FIELDS.iter().filter(|field| is_key(field)).map(|field| key(&field)).collect()
}

/// The schema of one value of a setting, given that of its field.
fn value(field: &Field, property: &Value) -> Value {
    let mut schema = match field.form {
        Form::Word => property.clone(),
        Form::Whole => json!({ "type": "integer" }),
        Form::Number => json!({ "type": "number" }),
    };
    schema.as_object_mut().expect("a schema").remove("description");
    let number = |end: f64| if field.form == Form::Whole { json!(end as u64) } else { json!(end) };
    let (low, high) = field.bounds();
    for (end, included, excluded) in
        [(low, "minimum", "exclusiveMinimum"), (high, "maximum", "exclusiveMaximum")]
    {
        match end {
            Bound::Included(end) => schema[included] = number(end),
            Bound::Excluded(end) => schema[excluded] = number(end),
            Bound::Unbounded => {}
        }
    }
    schema
}

/// Removes `null`, which TOML does not have, and formats, which editors do not know, and joins the lines of
/// each description.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            let is_format = |key: &str, value: &Value| key == "format" && value.is_string();
            keys.retain(|key, value| !value.is_null() && !is_format(key, value));
            keys.values_mut().for_each(tidy);
            if let Some(Value::String(text)) = keys.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            // The type of an optional key was a list of its type and `null`.
            if let Some(one) = keys.get("type").and_then(Value::as_array).and_then(|types| types.first()) {
                let one = one.clone();
                keys.insert("type".to_string(), one);
            }
        }
        Value::Array(values) => {
            values.retain(|value| !value.is_null() && value != "null");
            values.iter_mut().for_each(tidy);
        }
        _ => {}
    }
}
