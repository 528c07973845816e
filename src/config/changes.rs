//! The overrides of a config as part of its results: their changes, and the name of the results directory.

use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// Keys that change no run.
const WITHOUT_EFFECT: [&str; 6] =
    ["name", "question", "source", "expected_runtime", "answer_with", "training.checkpoint_seconds"];

/// The largest length of the part of a directory's name that overrides add.
const MAX_LENGTH: usize = 60;

/// An override that changes a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The dotted key.
    pub key: String,
    /// The new value.
    new: Value,
    /// The old value; none if the config leaves the key out.
    old: Option<Value>,
}

impl Change {
    /// The change that an override makes to a config; none if the value stays or changes no run.
    pub fn new(config: &Table, key: &str, new: &Value) -> Option<Change> {
        let mut words = key.split('.');
        let first = config.get(words.next()?);
        let old = words.try_fold(first, |value, word| Some(value?.as_table()?.get(word))).flatten().cloned();
        let is_same = old.as_ref().is_some_and(|old| as_list(old) == as_list(new));
        let change = Change { key: key.to_string(), new: new.clone(), old };
        let has_effect = !WITHOUT_EFFECT.contains(&key) && key != "plot" && !key.starts_with("plot.");
        (!is_same && has_effect).then_some(change)
    }

    /// The last word of the key.
    fn leaf(&self) -> &str {
        self.key.rsplit('.').next().unwrap_or(&self.key)
    }
}

/// The changes in words, such as `seq_len = 50 instead of 200`.
pub fn in_words(changes: &[Change]) -> Vec<String> {
    let words = |change: &Change| {
        let is_unique = changes.iter().filter(|other| other.leaf() == change.leaf()).count() == 1;
        let name = if is_unique { change.leaf() } else { &change.key };
        let old = change.old.as_ref().map_or("the default".to_string(), Value::to_string);
        format!("{name} = {} instead of {old}", change.new)
    };
    changes.iter().map(words).collect()
}

/// The end of the name of the results directory, such as `+hidden_size=8+seq_len=50`. A hash takes the place
/// of characters that a shell treats in a special way, and of a long end.
pub fn suffix(changes: &[Change]) -> String {
    let mut parts: Vec<String> =
        changes.iter().map(|change| format!("+{}={}", change.leaf(), plain(&change.new))).collect();
    parts.sort();
    let text = parts.concat();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "+=,._-".contains(c);
    let safe: String = text.chars().map(|c| if is_safe(c) { c } else { '-' }).collect();
    if safe == text && text.len() <= MAX_LENGTH {
        return text;
    }
    let keys: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
    let hash = Sha256::digest(format!("{text} {}", keys.join(" ")));
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", &safe[..safe.len().min(MAX_LENGTH - 9)])
}

/// A value, or the values of a list, without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The values of a key that takes one value or a list.
fn as_list(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str =
        "name = \"x\"\n[grid]\nseq_len = 200\ncell = [\"rnn\", \"lstm\"]\n[training]\nsteps = 9\n";

    fn changes(overrides: &[&str]) -> Vec<Change> {
        let config: Table = CONFIG.parse().unwrap();
        let change = |text: &&str| {
            let (key, value) = text.split_once('=').unwrap();
            let value: Table = format!("value = {value}").parse().unwrap();
            Change::new(&config, key, &value["value"])
        };
        overrides.iter().filter_map(change).collect()
    }

    #[test]
    fn new_same_value_or_key_without_effect_is_no_change() {
        for same in ["grid.seq_len=200", "grid.seq_len=[200]", "name=\"y\"", "question=\"Why?\""] {
            assert_eq!(changes(&[same]), [], "{same}");
        }
        assert_eq!(changes(&["grid.seq_len=[200, 300]", "grid.cell=\"rnn\""]).len(), 2);
    }

    #[test]
    fn in_words_names_old_value_and_full_key_where_needed() {
        let words = |overrides: &[&str]| in_words(&changes(overrides));
        assert_eq!(words(&["grid.seq_len=50"]), ["seq_len = 50 instead of 200"]);
        assert_eq!(words(&["grid.hidden_size=8"]), ["hidden_size = 8 instead of the default"]);
        let both = words(&["grid.seq_len=50", "training.grid.seq_len=60"]);
        let expected =
            ["grid.seq_len = 50 instead of 200", "training.grid.seq_len = 60 instead of the default"];
        assert_eq!(both, expected);
    }

    #[test]
    fn suffix_is_sorted_safe_and_short() {
        let of = |overrides: &[&str]| suffix(&changes(overrides));
        assert_eq!(of(&["training.steps=5", "grid.seq_len=50"]), "+seq_len=50+steps=5");
        assert_eq!(of(&["grid.cell=[\"lstm\"]"]), "+cell=lstm");
        assert_eq!(of(&[]), "");
        let inits = ["pytorch+forget_bias(1)", "pytorch+forget_bias[1]"];
        let unsafe_names = inits.map(|init| of(&[&format!("grid.init=\"{init}\"")]));
        assert!(unsafe_names[0].starts_with("+init=pytorch+forget_bias-1--"), "{unsafe_names:?}");
        assert_ne!(unsafe_names[0], unsafe_names[1]);
        let seeds = |last: usize| of(&[&format!("seeds={:?}", (1..=last).collect::<Vec<_>>())]);
        assert!(seeds(100).len() <= MAX_LENGTH && seeds(100) != seeds(101), "{}", seeds(100));
    }
}
