//! Columns of settings in tables.

use super::markdown_table::escaped;
use crate::report::fields::{all, heads, values, varying, without};
use crate::settings::{Settings, field};

/// The settings that have columns: the cell, and those that vary.
pub fn columns<'a>(points: impl Iterator<Item = &'a Settings> + Clone) -> Vec<&'static str> {
    let vary = varying(points);
    all().into_iter().filter(|name| *name == "cell" || vary.contains(name)).collect()
}

/// The heads of the columns.
pub fn header(columns: &[&'static str]) -> Vec<String> {
    heads(columns)
}

/// The cells of a row.
pub fn cells(columns: &[&str], point: &Settings) -> Vec<String> {
    values(columns, point).iter().map(|value| escaped(value)).collect()
}

/// `task noise, T 100, …`: the settings without a column that have a value and are not off.
pub fn rest(columns: &[&str], point: &Settings) -> String {
    let names = without(&all(), columns);
    let words = names.into_iter().filter_map(|name| {
        let field = field(name)?;
        let value = point.value(name).filter(|value| !field.is_off(value))?;
        Some(format!("{} {}", field.symbol, escaped(&value)))
    });
    words.collect::<Vec<_>>().join(", ")
}
