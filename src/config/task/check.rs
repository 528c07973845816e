//! The checks between `[task]` as it is written and as it is used.

use super::{CorpusSettings, TaskSpec, TextSource};
use crate::config::check::{Check, resolved};
use crate::config::wire::TaskWire;
use crate::data;
use crate::settings::names::TaskName;
use crate::settings::names::{Predict, Tokenizer};
use crate::support::error::ConfigError;

/// The keys of `[task]` beside its name, whether each is set, and the tasks that it belongs to.
fn keys(wire: &TaskWire) -> Vec<(&'static str, bool, &'static [TaskName])> {
    use TaskName::{Adding, CopyMemory, Images, TemporalOrder, Text};
    vec![
        ("dataset", wire.dataset.is_some(), &[Text, Images]),
        ("file", wire.file.is_some(), &[Text]),
        ("encoding", wire.encoding.is_some(), &[Text, CopyMemory, TemporalOrder]),
        ("level", wire.level.is_some(), &[Text]),
        ("split", wire.split.is_some(), &[Text]),
        ("limit", wire.limit.is_some(), &[Text]),
        ("min_count", wire.min_count.is_some(), &[Text]),
        ("targets", wire.targets.is_some(), &[Text]),
        ("stride", wire.stride.is_some(), &[Text]),
        ("form", wire.form.is_some(), &[Adding]),
        ("permuted", wire.permuted.is_some(), &[Images]),
    ]
}

impl Check<'_> {
    /// Checks the task and makes the path of a text file absolute in the resolved config, so that it means the
    /// same wherever that config is run again.
    pub(in crate::config) fn task(&self, wire: &mut TaskWire) -> Result<TaskSpec, ConfigError> {
        let name: TaskName = self.word("task.name", resolved(wire.name.as_deref()))?;
        for (key, set, tasks) in keys(wire) {
            if set && !tasks.contains(&name) {
                let tasks: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
                let problem = format!("belongs to the task {}, but the task is `{name}`", tasks.join(" or "));
                return Err(self.source.error(&format!("task.{key}"), problem));
            }
        }
        let encoding = || self.word("task.encoding", resolved(wire.encoding.as_deref()));
        match name {
            TaskName::Noise => Ok(TaskSpec::Noise),
            TaskName::Adding => {
                Ok(TaskSpec::Adding { form: self.word("task.form", resolved(wire.form.as_deref()))? })
            }
            TaskName::CopyMemory => Ok(TaskSpec::CopyMemory { encoding: encoding()? }),
            TaskName::TemporalOrder => Ok(TaskSpec::TemporalOrder { encoding: encoding()? }),
            TaskName::Images => {
                let dataset = wire.dataset.clone().ok_or_else(|| {
                    let problem =
                        "the task `images` needs `task.dataset = \"fashion_mnist\"` or `\"digits\"`";
                    self.source.error("task.name", problem)
                })?;
                self.dataset(data::DatasetKind::Images, &dataset)?;
                Ok(TaskSpec::Images { dataset, permuted: resolved(wire.permuted) })
            }
            TaskName::Text => {
                let (encoding, corpus) = (encoding()?, self.corpus(wire)?);
                Ok(TaskSpec::Text { of: self.text_source(wire)?, encoding, corpus })
            }
        }
    }

    fn text_source(&self, wire: &mut TaskWire) -> Result<TextSource, ConfigError> {
        match (&wire.dataset, &wire.file) {
            (Some(name), None) => {
                self.dataset(data::DatasetKind::Text, name)?;
                Ok(TextSource::Dataset(name.clone()))
            }
            (None, Some(file)) => {
                let path = std::path::absolute(file)
                    .map_err(|e| self.source.error("task.file", format!("expected a path, found: {e}")))?;
                wire.file = Some(path.display().to_string());
                Ok(TextSource::File(path))
            }
            (Some(_), Some(_)) => {
                Err(self.source.error("task.file", "expected `dataset` or `file`, found both"))
            }
            (None, None) => Err(self.source.error(
                "task.name",
                "the task `text` needs `task.dataset = \"shakespeare\"` or `task.file = \"PATH\"`",
            )),
        }
    }

    /// Whether there is such a dataset.
    fn dataset(&self, of: data::DatasetKind, name: &str) -> Result<(), ConfigError> {
        let found = data::dataset_of(of, name).map(drop);
        found.map_err(|error| self.source.error("task.dataset", error.to_string()))
    }

    fn corpus(&self, wire: &TaskWire) -> Result<CorpusSettings, ConfigError> {
        let split = wire.split.unwrap_or([0.9, 0.05, 0.05]);
        let sum: f64 = split.iter().sum();
        if split.iter().any(|share| !(*share > 0.0 && *share < 1.0)) || (sum - 1.0).abs() > 1e-9 {
            let problem = format!(
                "expected three shares above 0 that add up to 1 (train, valid, test), found {split:?}"
            );
            return Err(self.source.error("task.split", problem));
        }
        let targets =
            wire.targets.as_deref().map_or(Ok(Predict::Every), |word| self.word("task.targets", word))?;
        if wire.stride.is_some() && targets == Predict::Every {
            let problem = "belongs to task.targets = \"last\"; with \"every\" excerpts follow each other";
            return Err(self.source.error("task.stride", problem));
        }
        let level =
            wire.level.as_deref().map_or(Ok(Tokenizer::Character), |word| self.word("task.level", word))?;
        if wire.min_count.is_some() && level == Tokenizer::Character {
            return Err(self.source.error("task.min_count", "belongs to task.level = \"word\""));
        }
        let size = |key: &str, value: Option<i64>| value.map(|value| self.size(key, value)).transpose();
        Ok(CorpusSettings {
            level,
            split,
            limit: size("task.limit", wire.limit)?,
            min_count: size("task.min_count", wire.min_count)?.unwrap_or(2),
            targets,
            stride: size("task.stride", wire.stride)?.unwrap_or(1),
        })
    }
}
