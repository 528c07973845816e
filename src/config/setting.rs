//! The settings of a run by name, as `exclude`, claims and published results select by them. The names are those of
//! columns in `runs.csv`.

use std::fmt;

use super::check::Check;
use crate::cell::CellName;
use crate::cell::init::Init;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::Settings;
use crate::settings::names::ModelName;
use crate::settings::names::{ExperimentKind, FrameworkName};
use crate::support::error::ConfigError;
use crate::support::text::unknown;

/// Every setting that an experiment can sweep.
pub const SETTINGS: [&str; 14] = [
    "kind",
    "cell",
    "engine",
    "init",
    "layers",
    "input_size",
    "hidden_size",
    "seq_len",
    "batch_size",
    "dtype",
    "model",
    "learning_rate",
    "clip_norm",
    "train_fraction",
];

/// Those whose values are words; the others are numbers.
const WORDS: [&str; 6] = ["kind", "cell", "engine", "init", "dtype", "model"];

/// Settings with the values that a run must have, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(Vec<(String, String)>);

impl Selector {
    /// The same for settings by name, as CSV files have them.
    pub fn fits_text(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|(name, expected)| value(name).as_ref() == Some(expected))
    }

    /// Returns true for settings that have all the values.
    pub fn fits(&self, settings: &Settings) -> bool {
        self.0.iter().all(|(name, expected)| settings.value(name).as_ref() == Some(expected))
    }
}

impl fmt::Display for Selector {
    /// `cell lstm, seq_len 600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&words.join(", "))
    }
}

impl Check<'_> {
    /// A table of settings and values; `key` is where it stands.
    pub(crate) fn selector(&self, key: &str, table: &toml::Table) -> Result<Selector, ConfigError> {
        let mut pairs = Vec::new();
        for (name, value) in table {
            if !SETTINGS.contains(&name.as_str()) {
                return Err(self.source.error(key, unknown("setting", name, SETTINGS.iter().copied())));
            }
            let key = format!("{key}.{name}");
            let is_word = WORDS.contains(&name.as_str());
            let value = match value {
                toml::Value::String(text) if is_word => self.setting_word(&key, name, text)?,
                toml::Value::Integer(number) if !is_word => number.to_string(),
                toml::Value::Float(number) if !is_word => number.to_string(),
                other => {
                    let expected = if is_word { "a string" } else { "a number" };
                    return Err(self.source.error(&key, format!("expected {expected}, found {other}")));
                }
            };
            pairs.push((name.clone(), value));
        }
        if pairs.is_empty() {
            return Err(self.source.error(key, "expected at least one setting, found an empty table"));
        }
        Ok(Selector(pairs))
    }

    /// A word that a setting can have, as a run says it.
    fn setting_word(&self, key: &str, name: &str, text: &str) -> Result<String, ConfigError> {
        match name {
            "kind" => self.word::<ExperimentKind>(key, text).map(|kind| kind.to_string()),
            "cell" => self.word::<CellName>(key, text).map(|cell| cell.to_string()),
            "init" => self.word::<Init>(key, text).map(|init| init.to_string()),
            "dtype" => self.word::<Dtype>(key, text).map(|dtype| dtype.to_string()),
            "model" => self.word::<ModelName>(key, text).map(|model| model.to_string()),
            // Several in a row, peers too, where they are timed beside each other.
            _ => {
                let mut engines = text.split(' ').filter(|word| word.parse::<FrameworkName>().is_err());
                engines.try_for_each(|word| self.word::<EngineName>(key, word).map(drop))?;
                Ok(text.to_string())
            }
        }
    }
}
