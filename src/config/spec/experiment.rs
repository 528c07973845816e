//! A checked experiment.

use toml::{Table, Value};

use super::{Grid, Measure, Published, Selector, TaskSpec, Tests};
use crate::config::changes::{Change, in_words, suffix};
use crate::config::source::ConfigFile;

/// A checked experiment.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The name of the experiment and of its results directory.
    pub name: String,
    /// The description.
    pub about: About,
    /// The config with its defaults filled in, for the results directory.
    pub resolved: Table,
    /// The seeds, with one run per seed. `speed` uses the first only.
    pub seeds: Vec<u64>,
    /// The source of the sequences.
    pub task: TaskSpec,
    /// The measurements, in the config's order.
    pub parts: Vec<Part>,
    /// The grid points to leave out.
    pub exclude: Vec<Selector>,
    /// The claim and the expectations that the experiment tests.
    pub tests: Tests,
    /// The published results that the experiment repeats.
    pub published: Published,
    /// The overrides that change a value.
    pub changes: Vec<Change>,
    /// The changes of earlier overrides, which gave the config of a results directory.
    pub changed: Vec<String>,
    /// The earlier overrides that only added runs.
    pub added: Vec<String>,
    /// The config file, for the places of errors that are found later.
    pub file: ConfigFile,
}

impl Spec {
    /// Makes the overrides part of the result. If they only add runs, the results directory stays the same.
    /// Otherwise the directory has another name, unless an override names it.
    pub fn record_changes(&mut self, only_add: bool) {
        let words = in_words(&self.changes);
        if only_add {
            self.added.extend(words);
        } else {
            self.changed.extend(words);
            if !self.file.overrides("name") {
                self.rename(format!("{}{}", self.name, suffix(&self.changes)));
            }
        }
        for (key, texts) in [("changed", &self.changed), ("added", &self.added)] {
            if !texts.is_empty() {
                self.resolved.insert(key.to_string(), texts.clone().into());
            }
        }
    }

    /// Gives the experiment and its published results another name.
    fn rename(&mut self, name: String) {
        let mut published: Table = self.published.toml.parse().expect("it was written as TOML");
        if let Some(entries) = published.remove(&self.name) {
            published.insert(name.clone(), entries);
            self.published.toml = toml::to_string_pretty(&published).expect("it was read from TOML");
        }
        self.resolved.insert("name".to_string(), Value::String(name.clone()));
        self.name = name;
    }
}

/// The description of an experiment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// The question.
    pub question: Option<String>,
    /// The publication of the claim or the method.
    pub source: Option<String>,
    /// The expected run time and the machine that it refers to.
    pub expected_runtime: Option<String>,
}

/// One kind of measurement over one grid.
#[derive(Debug, Clone)]
pub struct Part {
    /// The measurement.
    pub measure: Measure,
    /// The swept settings.
    pub grid: Grid,
}
