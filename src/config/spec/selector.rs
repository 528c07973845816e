//! Settings with the values that a run must have.

use std::fmt;

use crate::settings::Settings;

/// Settings by name with the values that a run must have, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(pub Vec<(&'static str, String)>);

impl Selector {
    /// Returns true for settings that have all the values.
    pub fn fits(&self, settings: &Settings) -> bool {
        self.0.iter().all(|(name, expected)| settings.value(name).as_ref() == Some(expected))
    }

    /// The same for settings by name, as CSV files have them.
    pub fn fits_text(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|(name, expected)| value(name).as_ref() == Some(expected))
    }
}

impl fmt::Display for Selector {
    /// `cell lstm, seq_len 600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&words.join(", "))
    }
}
