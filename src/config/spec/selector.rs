//! The selection of runs by the values of their settings.

use std::fmt;

use crate::settings::{Settings, field};

/// The settings, by name, with the values that a run must all have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(pub Vec<(&'static str, String)>);

impl Selector {
    /// Returns true if the settings have all the values.
    pub fn fits(&self, settings: &Settings) -> bool {
        self.0.iter().all(|(name, expected)| settings.value(name).as_ref() == Some(expected))
    }
}

impl Selector {
    /// The runs in words, after a space: ` in the lstm at pytorch, T = 600`. Of runs beside others, only what
    /// differs from them.
    pub fn place(&self, beside: Option<&Selector>) -> String {
        let is_told = |value: &&(&'static str, String)| beside.is_none_or(|other| !other.0.contains(*value));
        let told: Vec<_> = self.0.iter().filter(is_told).collect();
        let (cells, others): (Vec<_>, Vec<_>) = told.into_iter().partition(|(name, _)| *name == "cell");
        let cell = cells.first().map(|(_, cell)| format!(" in the {cell}")).unwrap_or_default();
        let word = |(name, value): &&(&'static str, String)| match *name {
            "init" | "engine" | "model" => value.clone(),
            // The size of a network or of its input has a symbol.
            _ => match field(name).map(|field| field.symbol).filter(|symbol| symbol.len() == 1) {
                Some(symbol) => format!("{symbol} = {value}"),
                None => format!("{} {value}", name.replace('_', " ")),
            },
        };
        // The kind follows from the metric.
        let others = others.into_iter().filter(|(name, _)| *name != "kind");
        let others: Vec<String> = others.map(|value| word(&value)).collect();
        if others.is_empty() { cell } else { format!("{cell} at {}", others.join(", ")) }
    }
}

impl fmt::Display for Selector {
    /// Writes a selector as `cell lstm, seq_len 600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_names_the_cell_then_the_other_values_and_beside_others_the_difference() {
        let of = |values: &[(&'static str, &str)]| {
            Selector(values.iter().map(|(name, value)| (*name, value.to_string())).collect())
        };
        let lstm = of(&[("kind", "gradients"), ("init", "pytorch"), ("cell", "lstm"), ("seq_len", "600")]);
        assert_eq!(lstm.place(None), " in the lstm at pytorch, T = 600");
        let rnn = of(&[("init", "pytorch"), ("cell", "rnn"), ("seq_len", "600")]);
        assert_eq!(rnn.place(Some(&lstm)), " in the rnn");
        assert_eq!(of(&[("learning_rate", "0.1")]).place(None), " at learning rate 0.1");
    }
}
