//! Messages of serde and of the TOML parser, translated for the writer of a config. Types have their
//! TOML names, and the message about an unknown key suggests a known one.

use toml::Value;

use crate::settings::FIELDS;
use crate::settings::names::ExperimentKind;
use crate::support::text::nearest;

/// Translates serde's message about the value of `key`.
pub fn explain(message: &str, key: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown_field(rest, key).unwrap_or_else(|| message.to_string());
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        let kinds = || ExperimentKind::ALL.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>();
        let values =
            if name == "`kind`" { format!(": expected {}", kinds().join(", ")) } else { String::new() };
        return format!("missing key {name}{values}");
    }
    let of_value = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "));
    if let Some((value, wanted)) = of_value.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!("expected {}, found {}", expected(wanted), found(value, wanted));
    }
    match message.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected ")) {
        Some((length, "fewer elements in array")) => format!("expected fewer values, found {length}"),
        Some((length, wanted)) => format!("expected {}, found {length}", expected(wanted)),
        None => message.to_string(),
    }
}

/// Translates the parser's message about text that is not TOML.
pub fn parse_problem(message: &str) -> String {
    explain(message, "")
}

/// The message for a value of the wrong type.
pub fn type_problem(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::String(text) if expected.ends_with("number") => in_place_of_a_number(text),
        Value::String(text) => format!("the string \"{text}\""),
        Value::Table(_) => "a table".to_string(),
        Value::Array(_) => "a list".to_string(),
        other => other.to_string(),
    };
    format!("expected {expected}, found {found}")
}

/// The message for an unknown key, with a known one that the user may have meant: the nearest in
/// `known`, or the key of `[grid]` that `leaf` names. `leaf` is the last part of the dotted key.
pub fn unknown_key(name: &str, leaf: &str, known: &[&str]) -> String {
    let grid_key = FIELDS.iter().any(|field| field.is_swept_in_grid() && field.name == spelt_out(leaf));
    let hint = match nearest(spelt_out(name), known.iter().copied()) {
        _ if grid_key && !known.contains(&spelt_out(leaf)) => {
            format!("did you mean `grid.{}`?", spelt_out(leaf))
        }
        Some(word) => format!("did you mean `{word}`?"),
        None if leaf == "shapes" => "did you mean `grid.shapes`?".to_string(),
        None => format!("known keys here: {}", known.join(", ")),
    };
    format!("unknown key `{name}`; {hint}")
}

/// Translates serde's message about an unknown field; `names` is the part of the message with the names.
/// The known keys include the swept settings of that table, which serde does not know.
fn unknown_field(names: &str, key: &str) -> Option<String> {
    let words: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
    let (name, known) = words.split_first()?;
    let (table, leaf) = key.rsplit_once('.').unwrap_or(("", key));
    let swept = FIELDS.iter().filter(|field| field.is_swept_in_table_of(table)).map(|field| field.name);
    let has_grid = table.is_empty() || ExperimentKind::ALL.iter().any(|kind| kind.as_str() == table);
    let known: Vec<&str> = known.iter().copied().chain(swept).chain(has_grid.then_some("grid")).collect();
    Some(unknown_key(name, leaf, &known))
}

/// The key for a letter that `lstm-lab check` prints.
fn spelt_out(name: &str) -> &str {
    match name {
        "T" => "seq_len",
        "B" => "batch_size",
        "I" => "input_size",
        "H" => "hidden_size",
        "P" => "proj_size",
        _ => name,
    }
}

/// The TOML name of a Rust type in serde's message.
fn expected(wanted: &str) -> String {
    let length = wanted.strip_prefix("an array of length ");
    match wanted {
        "i64" | "u64" | "usize" => "a whole number".to_string(),
        "f64" => "a number".to_string(),
        "any valid TOML value" => "a number of at most 64 bits".to_string(),
        "a boolean" => "`true` or `false`".to_string(),
        "a sequence" => "a list".to_string(),
        "a map" => "a table".to_string(),
        _ if wanted.starts_with("struct ") => "a table".to_string(),
        _ => length.map_or_else(|| wanted.to_string(), |length| format!("a list of {length} numbers")),
    }
}

/// The value that serde found instead of the type `wanted`.
fn found(value: &str, wanted: &str) -> String {
    if let Some(digits) = value.strip_prefix("integer ").and_then(|rest| rest.strip_suffix(" as i128")) {
        return too_large(digits.trim_matches('`'));
    }
    let (kind, shown) = value.split_once(' ').unwrap_or((value, ""));
    let text = shown.trim_matches('"');
    match kind {
        "string" if ["i64", "f64"].contains(&wanted) => in_place_of_a_number(text),
        "string" => format!("the string {shown}"),
        "integer" | "boolean" => shown.trim_matches('`').to_string(),
        "floating" => shown.trim_start_matches("point ").trim_matches('`').to_string(),
        "map" => "a table".to_string(),
        "sequence" => "a list".to_string(),
        _ => value.to_string(),
    }
}

/// The string that was found instead of a number. `--set` reads a whole number that does not fit into 64
/// bits as a string.
fn in_place_of_a_number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(_) if is_whole(text) && text.replace('_', "").parse::<i64>().is_err() => too_large(text),
        Ok(_) => format!("the string \"{text}\"; a number has no quotes"),
        Err(_) => format!("the string \"{text}\""),
    }
}

fn too_large(digits: &str) -> String {
    format!("{digits}, which is too large (at most {})", i64::MAX)
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_said_in_plain_words() {
        for (message, plain) in [
            (
                "invalid type: string \"abc\", expected i64",
                "expected a whole number, found the string \"abc\"",
            ),
            ("invalid type: integer `3`, expected struct GridWire", "expected a table, found 3"),
            ("invalid type: floating point `1.5`, expected i64", "expected a whole number, found 1.5"),
            ("invalid type: boolean `true`, expected f64", "expected a number, found true"),
            ("invalid type: map, expected a sequence", "expected a list, found a table"),
            ("invalid type: sequence, expected a string", "expected a string, found a list"),
            ("invalid type: integer `3`, expected a map", "expected a table, found 3"),
            ("invalid type: integer `3`, expected a boolean", "expected `true` or `false`, found 3"),
            ("invalid length 2, expected an array of length 3", "expected a list of 3 numbers, found 2"),
            ("invalid length 4, expected fewer elements in array", "expected fewer values, found 4"),
            (
                "missing field `kind`",
                "missing key `kind`: expected `gradients`, `jacobian`, `speed`, `training`",
            ),
            ("missing field `name`", "missing key `name`"),
            (
                "invalid type: string \"64\", expected i64",
                "expected a whole number, found the string \"64\"; a number has no quotes",
            ),
            ("duplicate key", "duplicate key"),
        ] {
            assert_eq!(explain(message, "key"), plain);
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_no_string() {
        for value in ["string \"99999999999999999999\"", "integer `99999999999999999999` as i128"] {
            let said = explain(&format!("invalid type: {value}, expected i64"), "grid.hidden_size");
            assert!(
                said.starts_with("expected a whole number, found 99999999999999999999, which is"),
                "{said}"
            );
        }
        let said = explain("invalid type: string \"12\", expected a boolean", "gradients.gates");
        assert_eq!(said, "expected `true` or `false`, found the string \"12\"");
    }

    #[test]
    fn an_unknown_key_is_answered_with_one_that_resembles_it() {
        let training = "expected one of `layer_sizes`, `learning_rate`, `parameters`, `clip_norm`, `steps`";
        for (name, hint) in [
            ("lr", "did you mean `learning_rate`?"),
            ("clip", "did you mean `clip_norm`?"),
            ("step", "did you mean `steps`?"),
            ("layers", "did you mean `grid.layers`?"),
            ("T", "did you mean `grid.seq_len`?"),
            ("wd", "known keys here: layer_sizes, "),
        ] {
            let said = explain(&format!("unknown field `{name}`, {training}"), &format!("training.{name}"));
            assert!(said.starts_with(&format!("unknown key `{name}`; {hint}")), "{said}");
        }
        let grid = "unknown field `H`, expected one of `cell`, `hidden_size`, `batch_size`";
        assert_eq!(explain(grid, "grid.H"), "unknown key `H`; did you mean `hidden_size`?");
    }
}
