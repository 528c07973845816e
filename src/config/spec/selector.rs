//! The selection of runs by the values of their settings.

use std::fmt;

use crate::settings::Settings;

/// The settings, by name, with the values that a run must all have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(pub Vec<(&'static str, String)>);

impl Selector {
    /// Returns true if the settings have all the values.
    pub fn fits(&self, settings: &Settings) -> bool {
        self.0.iter().all(|(name, expected)| settings.value(name).as_ref() == Some(expected))
    }
}

impl fmt::Display for Selector {
    /// Writes a selector as `cell lstm, seq_len 600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&words.join(", "))
    }
}
