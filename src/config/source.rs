//! A config's text, its overrides, and where in them a key stands: turns every problem into an error that
//! says the place, the line, the key, what was expected and what was found.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Table;
use toml::de::DeTable;

use super::message::explain;
use super::wire::Wire;
use crate::support::error::{ConfigError, Result};

/// A config file that was read, with the overrides of the command line.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as the user gave it.
    place: String,
    text: String,
    overrides: Vec<Override>,
}

/// One `--set KEY=VALUE`.
#[derive(Debug, Clone)]
struct Override {
    argument: String,
    key: String,
    value: toml::Value,
}

impl Source {
    /// Reads the file and the overrides; neither is checked yet.
    ///
    /// # Errors
    /// The file is missing or not UTF-8; an override has no `=`.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Source> {
        let place = path.display().to_string();
        let error = |problem: String| ConfigError { place: place.clone(), line: None, key: None, problem };
        let bytes =
            std::fs::read(path).map_err(|e| error(format!("expected a config file to read, found: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            error(format!(
                "expected UTF-8 text, found another byte at offset {}",
                e.utf8_error().valid_up_to()
            ))
        })?;
        let overrides =
            overrides.iter().map(|argument| Override::parse(argument)).collect::<Result<_, _>>()?;
        Ok(Source { place, text, overrides })
    }

    /// The config with every override applied.
    ///
    /// # Errors
    /// Not TOML, an unknown key, a value of the wrong type: with the line, or with the override at fault.
    pub fn wire(&self) -> Result<Wire> {
        let mut wire: Wire = self.parse()?;
        let mut table: Table = self.parse()?;
        for change in &self.overrides {
            change.apply(&mut table).map_err(|problem| change.error(problem))?;
            wire = table
                .clone()
                .try_into()
                .map_err(|e: toml::de::Error| change.error(explain(e.message(), &change.key)))?;
        }
        Ok(wire)
    }

    /// The file, whatever it is, with no override applied.
    ///
    /// # Errors
    /// Not TOML, an unknown key, a value of the wrong type: with the line.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(toml::from_str(&self.text).map_err(|e| self.toml_error(&e))?)
    }

    /// An error about the value of a dotted key such as `grid.cell` or `claim.test[0].metric`, pointing at where the value came from.
    pub fn error(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        let problem = problem.into();
        if let Some(change) = self.overrides.iter().rev().find(|change| change.says(key)) {
            return ConfigError { key: Some(key.to_string()), ..change.error(problem) };
        }
        let line = self.offset_of(key).map(|offset| self.line_at(offset));
        ConfigError { place: self.place.clone(), line, key: Some(key.to_string()), problem }
    }

    /// Whether the file or an override sets this dotted key.
    pub fn sets(&self, key: &str) -> bool {
        self.overrides.iter().any(|change| change.key == key) || self.offset_of(key).is_some()
    }

    /// The file as the user named it.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn toml_error(&self, error: &toml::de::Error) -> ConfigError {
        let line = error.span().map(|span| self.line_at(span.start));
        let key = error.span().and_then(|span| self.key_at(span.start));
        let problem = explain(error.message(), key.as_deref().unwrap_or(""));
        ConfigError { place: self.place.clone(), line, key, problem }
    }

    fn line_at(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn offset_of(&self, key: &str) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut table = document.get_ref();
        let mut words = key.split('.').peekable();
        loop {
            let (word, number) = indexed(words.next()?)?;
            let (name, mut value) = table.get_key_value(word)?;
            let mut start = name.span().start;
            if let Some(number) = number {
                value = value.get_ref().as_array()?.get(number)?;
                start = value.span().start;
            }
            if words.peek().is_none() {
                return Some(start);
            }
            table = value.get_ref().as_table()?;
        }
    }

    /// The key whose value or name begins at or just around `offset`, found by its line.
    fn key_at(&self, offset: usize) -> Option<String> {
        let line = self.text.lines().nth(self.line_at(offset) - 1)?;
        let (name, _) = line.split_once('=')?;
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let name = name.trim();
        (!name.is_empty() && name.chars().all(bare)).then(|| name.to_string())
    }
}

impl Override {
    fn parse(argument: &str) -> Result<Override> {
        let error = |problem: &str| ConfigError {
            place: format!("--set {argument}"),
            line: None,
            key: None,
            problem: problem.to_string(),
        };
        let (key, text) =
            argument.split_once('=').ok_or_else(|| error("expected KEY=VALUE, found no `=`"))?;
        let key = key.trim();
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(error("expected a key such as `grid.seq_len` before the `=`").into());
        }
        // What is not a TOML value is a string: `--set grid.cell=lstm` needs no quotes.
        let value = toml::from_str::<Table>(&format!("value = {}", text.trim()))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| toml::Value::String(text.trim().to_string()));
        Ok(Override { argument: argument.to_string(), key: key.to_string(), value })
    }

    fn apply(&self, table: &mut Table) -> Result<(), String> {
        let (parents, name) = self.key.rsplit_once('.').unwrap_or(("", &self.key));
        let mut table = table;
        for parent in parents.split('.').filter(|word| !word.is_empty()) {
            table = table
                .entry(parent)
                .or_insert_with(|| toml::Value::Table(Table::new()))
                .as_table_mut()
                .ok_or_else(|| format!("expected `{parent}` to be a table, but it has a value of its own"))?;
        }
        table.insert(name.to_string(), self.value.clone());
        Ok(())
    }

    /// Whether the value of a key comes from here: of this key, or of one inside it.
    fn says(&self, key: &str) -> bool {
        key.strip_prefix(&self.key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn error(&self, problem: String) -> ConfigError {
        ConfigError {
            place: format!("--set {}", self.argument),
            line: None,
            key: Some(self.key.clone()),
            problem,
        }
    }
}

/// `test[2]` is the entry of number 2, from 0, of the list `test`; a word by itself has no number.
fn indexed(word: &str) -> Option<(&str, Option<usize>)> {
    let Some((word, number)) = word.split_once('[') else { return Some((word, None)) };
    Some((word, Some(number.strip_suffix(']')?.parse().ok()?)))
}
