//! The text of a config and its overrides. Every problem becomes an error with place, line, key, the
//! expected and the found value.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::DeTable;
use toml::{Table, Value};

use super::changes::Change;
use super::error_text::{explain, parse_problem};
use crate::settings::field;
use crate::support::error::ConfigError;

/// A config file that was read, with the overrides of the command line.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// The path, as the user wrote it.
    place: String,
    directory: PathBuf,
    text: String,
    overrides: Vec<Override>,
}

/// The largest number of parts of a dotted key. Each part is a table inside another.
const MAX_PARTS: usize = 8;

/// The largest number of characters of an argument in an error.
const MAX_SHOWN: usize = 200;

/// One `--set KEY=VALUE`.
#[derive(Debug, Clone)]
struct Override {
    argument: String,
    key: String,
    value: Value,
}

impl ConfigFile {
    /// Reads the file and the overrides; neither is checked yet.
    ///
    /// # Errors
    /// The file is missing or not UTF-8. An override has no `=`, no key, or a list or table that is not TOML.
    pub fn read(path: &Path, overrides: &[String]) -> Result<ConfigFile, ConfigError> {
        let place = path.display().to_string();
        let error = |problem: String| ConfigError { place: place.clone(), line: None, key: None, problem };
        let bytes =
            std::fs::read(path).map_err(|e| error(format!("expected a config file to read, found: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let offset = e.utf8_error().valid_up_to();
            error(format!("expected UTF-8 text, found another byte at offset {offset}"))
        })?;
        let overrides =
            overrides.iter().map(|argument| Override::parse(argument)).collect::<Result<_, _>>()?;
        let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(ConfigFile { place, directory, text, overrides })
    }

    /// The config with every override applied.
    ///
    /// # Errors
    /// The text is not TOML, or an override sets a key inside a value that is not a table.
    pub fn table(&self) -> Result<Table, ConfigError> {
        let mut table = self.written()?;
        for change in &self.overrides {
            change.apply(&mut table)?;
        }
        Ok(table)
    }

    /// The overrides that change a value of the config, the last of each key.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn changes(&self) -> Result<Vec<Change>, ConfigError> {
        let table = self.written()?;
        let is_last = |n: usize, key: &str| self.overrides[n + 1..].iter().all(|later| later.key != key);
        let last = self.overrides.iter().enumerate().filter(|(n, change)| is_last(*n, &change.key));
        Ok(last.filter_map(|(_, change)| Change::new(&table, &change.key, &change.value)).collect())
    }

    /// The config without overrides.
    fn written(&self) -> Result<Table, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let offset = error.span().map(|span| span.start);
            let line = offset.map(|offset| self.line_at(offset));
            let key = offset.and_then(|offset| self.key_at(offset));
            ConfigError { place: self.place.clone(), line, key, problem: parse_problem(error.message()) }
        })
    }

    /// Reads the value at the dotted key `at` (empty for the whole file) as a `T`.
    ///
    /// # Errors
    /// An unknown key, a value of the wrong type or out of range.
    pub fn typed<T: DeserializeOwned>(&self, at: &str, value: impl Into<Value>) -> Result<T, ConfigError> {
        serde_path_to_error::deserialize(value.into()).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            let dot = if at.is_empty() || path.is_empty() || path.starts_with('[') { "" } else { "." };
            let key = format!("{at}{dot}{path}");
            let problem = explain(error.inner().message(), &key);
            if key.is_empty() { self.whole(problem) } else { self.error(&key, problem) }
        })
    }

    /// An error about the value of a dotted key such as `grid.cell` or `claim.test[0].metric`. It names
    /// the override or the line that sets the key.
    pub fn error(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        let (problem, key_at_fault) = (problem.into(), Some(key.to_string()));
        if let Some(change) = self.overrides.iter().rev().find(|change| change.sets(key)) {
            let problem = problem + &change.hint();
            return ConfigError { place: change.place(), line: None, key: key_at_fault, problem };
        }
        let line = self.offset_of(key).map(|offset| self.line_at(offset));
        ConfigError { place: self.place.clone(), line, key: key_at_fault, problem }
    }

    /// An error about the file as a whole.
    pub fn whole(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place.clone(), line: None, key: None, problem: problem.into() }
    }

    /// Returns true if an override sets this dotted key.
    pub fn overrides(&self, key: &str) -> bool {
        self.overrides.iter().any(|change| change.key == key)
    }

    /// Returns true if the file or an override sets this dotted key.
    pub fn sets(&self, key: &str) -> bool {
        self.overrides(key) || self.offset_of(key).is_some()
    }

    /// The absolute path of a file that the config names relative to its own directory.
    ///
    /// # Errors
    /// The system does not report the working directory.
    pub fn path_of(&self, named: &str) -> std::io::Result<PathBuf> {
        std::path::absolute(self.directory.join(named))
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
            if let Some(item) = number.and_then(|number| value.get_ref().as_array()?.get(number)) {
                (value, start) = (item, item.span().start);
            }
            if words.peek().is_none() {
                return Some(start);
            }
            table = value.get_ref().as_table()?;
        }
    }

    /// The key on the line of `offset`, for text that is not TOML.
    fn key_at(&self, offset: usize) -> Option<String> {
        let line = self.text.lines().nth(self.line_at(offset) - 1)?;
        let name = line.split_once('=')?.0.trim();
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        (!name.is_empty() && name.chars().all(bare)).then(|| name.to_string())
    }
}

impl Override {
    fn parse(argument: &str) -> Result<Override, ConfigError> {
        let error = |problem: String| ConfigError {
            place: format!("--set {}", shortened(argument)),
            line: None,
            key: None,
            problem,
        };
        let (key, text) =
            argument.split_once('=').ok_or_else(|| error("expected KEY=VALUE, found no `=`".into()))?;
        let (key, text) = (key.trim(), text.trim());
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(error("expected a key such as `grid.seq_len` before the `=`".into()));
        }
        let parts = key.split('.').count();
        if parts > MAX_PARTS {
            let problem = format!("expected a key of at most {MAX_PARTS} parts, found one of {parts}");
            return Err(error(problem));
        }
        let value = match toml_value(text) {
            Ok(value) => value,
            Err(reason) if text.starts_with(['[', '{', '"', '\'']) => {
                return Err(error(not_toml(text, &reason)));
            }
            // A value that is not TOML is a string: `--set grid.cell=lstm` needs no quotes.
            Err(_) => Value::String(text.to_string()),
        };
        Ok(Override { argument: argument.to_string(), key: key.to_string(), value })
    }

    fn apply(&self, table: &mut Table) -> Result<(), ConfigError> {
        let (parents, name) = self.key.rsplit_once('.').unwrap_or(("", &self.key));
        let mut table = table;
        for parent in parents.split('.').filter(|word| !word.is_empty()) {
            let inner = table.entry(parent).or_insert_with(|| Value::Table(Table::new()));
            table = inner.as_table_mut().ok_or_else(|| ConfigError {
                place: self.place(),
                line: None,
                key: Some(self.key.clone()),
                problem: format!("expected `{parent}` to be a table, but it has a value of its own"),
            })?;
        }
        table.insert(name.to_string(), self.value.clone());
        Ok(())
    }

    fn place(&self) -> String {
        format!("--set {}", shortened(&self.argument))
    }

    /// The list that the user may have meant by values with commas between them; else empty.
    fn hint(&self) -> String {
        let text = self.argument.split_once('=').map_or("", |(_, text)| text.trim());
        let leaf = self.key.rsplit('.').next().unwrap_or_default();
        let takes_a_list = leaf == "kind" || leaf == "seeds" || field(leaf).is_some();
        if !takes_a_list || !text.contains(',') || toml_value(text).is_ok() {
            return String::new();
        }
        let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
        let values = values.map(|value| toml_value(value).unwrap_or_else(|_| value.into()));
        format!("; several values are a list: --set '{}={}'", self.key, Value::Array(values.collect()))
    }

    /// Returns true if this override sets the value of `key`: its own key, or one inside it.
    fn sets(&self, key: &str) -> bool {
        key.strip_prefix(&self.key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// The value that a text is in TOML, or the parser's reason why it is none.
fn toml_value(text: &str) -> Result<Value, String> {
    let table = toml::from_str::<Table>(&format!("value = {text}"));
    let mut table = table.map_err(|error| parse_problem(error.message()))?;
    table.remove("value").ok_or_else(|| "expected a value".to_string())
}

/// The problem with a list, a table or a string in quotes that is not TOML.
fn not_toml(text: &str, reason: &str) -> String {
    let expected = match text.as_bytes()[0] {
        b'[' => "a list in TOML, with quotes around each string ([\"rnn\", \"lstm\"])",
        b'{' => "a table in TOML ({ seq_len = 20, batch_size = 4 })",
        _ => "a string in TOML, with a quote at each end",
    };
    format!("expected {expected}, found `{text}`, which is not TOML: {reason}")
}

/// An argument for an error.
fn shortened(argument: &str) -> String {
    match argument.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &argument[..end]),
        None => argument.to_string(),
    }
}

/// Splits `test[2]` into the key `test` and the index 2. A key without brackets has no index.
fn indexed(word: &str) -> Option<(&str, Option<usize>)> {
    let Some((word, number)) = word.split_once('[') else { return Some((word, None)) };
    Some((word, Some(number.strip_suffix(']')?.parse().ok()?)))
}
