//! The settings of a plan as a table: one line for each group of runs that differ in the seed only.

use std::fmt::Write;

use crate::plan::groups::{Group, KindGroups};
use crate::settings::{Field, Form};
use crate::support::text::{number, padded, pluralize};

/// The number of lines of each kind, at most.
const MAX_LINES: usize = 20;

/// Adds the settings of a kind: the number of runs, the settings that all share, and a table of the others.
pub fn write(out: &mut String, kind: &KindGroups) {
    let count = kind.groups.len();
    let (runs, settings) = (pluralize(kind.runs(), "run"), pluralize(count, "setting"));
    let _ = writeln!(out, "  {}: {runs} of {settings}", kind.kind);
    let shared = kind.shared().filter(|(field, value)| !field.is_off(value));
    let shared = shared.map(|(field, value)| format!("{} {}", field.name, shown(field, value)));
    let _ = writeln!(out, "    all: {}", shared.collect::<Vec<_>>().join(", "));
    let mut lines = vec![kind.varying.iter().map(|field| field.name.to_string()).collect::<Vec<_>>()];
    lines[0].push("seeds".to_string());
    lines.extend(kind.groups.iter().take(MAX_LINES).map(|group| line(group, &kind.varying)));
    for cells in padded(lines.iter(), 0) {
        let _ = writeln!(out, "    {}", cells.join("  ").trim_end());
    }
    if count > MAX_LINES {
        let _ = writeln!(out, "    … and {} more; --all prints each run", count - MAX_LINES);
    }
}

fn line(group: &Group, varying: &[&'static Field]) -> Vec<String> {
    let value = |field: &&'static Field| shown(field, field.get(group.settings()).unwrap_or_default());
    varying.iter().map(value).chain([group.seeds()]).collect()
}

/// A value for a reader: `?` for a size that depends on data that is not there.
fn shown(field: &Field, value: String) -> String {
    match (field.form, value.parse()) {
        (Form::Whole, Ok(0.0)) if !field.is_off(&value) => "?".to_string(),
        (Form::Number, Ok(value)) => number(value),
        _ => value,
    }
}
