//! The check of selectors: tables of settings and values in `exclude`, claims and published results.

use toml::Table;

use super::grid::value_text;
use crate::config::source::ConfigFile;
use crate::config::spec::Selector;
use crate::settings::FIELDS;
use crate::support::error::ConfigError;
use crate::support::text::unknown;

/// Checks a table of settings and values. `key` is the dotted key of the table.
///
/// # Errors
/// An empty table, a setting that no config sweeps, a value that the setting does not allow.
pub fn selector(file: &ConfigFile, key: &str, table: &Table) -> Result<Selector, ConfigError> {
    let known = || FIELDS.iter().filter(|field| field.axis.is_some() || field.name == "kind");
    let mut pairs = Vec::new();
    for (name, value) in table {
        let Some(field) = known().find(|field| field.name == name) else {
            return Err(file.error(key, unknown("setting", name, known().map(|field| field.name))));
        };
        let text = value_text(field, value);
        pairs.push((field.name, text.map_err(|problem| file.error(&format!("{key}.{name}"), problem))?));
    }
    if pairs.is_empty() {
        return Err(file.error(key, "expected at least one setting, found an empty table"));
    }
    Ok(Selector(pairs))
}
