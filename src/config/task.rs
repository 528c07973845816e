//! `[task]`: where sequences come from.

use std::path::PathBuf;

use serde::Serialize;

use super::check::{Check, resolved};
use super::names::{Encoding, TaskName};
use super::training::names::{AddingForm, Level, TargetSteps};
use super::wire::TaskWire;
use crate::data::{self, Cut};
use crate::error::ConfigError;

/// Where sequences come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Independent standard normal numbers.
    Noise,
    /// Characters or words of a text.
    Text {
        /// Which text; a run is known by its checksum instead.
        #[serde(skip)]
        of: TextSource,
        /// How a character becomes a vector.
        encoding: Encoding,
        /// What training makes of it.
        corpus: CorpusSettings,
    },
    /// The sum of two marked numbers.
    Adding {
        /// Which form of the problem.
        form: AddingForm,
    },
    /// Ten symbols to be repeated.
    CopyMemory {
        /// How a symbol becomes a vector.
        encoding: Encoding,
    },
    /// Which of two symbols came first.
    TemporalOrder {
        /// How a symbol becomes a vector.
        encoding: Encoding,
    },
    /// Images pixel by pixel.
    Images {
        /// A dataset that `lstm-lab data` knows.
        dataset: String,
        /// Whether the pixels come in one fixed random order instead of row by row.
        permuted: bool,
    },
}

/// What training makes of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorpusSettings {
    /// What one symbol is.
    pub level: Level,
    /// Shares of the splits `train`, `valid` and `test`, in the text's order.
    pub split: [f64; 3],
    /// Characters from the text's beginning that are used; `None`: all.
    pub limit: Option<usize>,
    /// A word that is rarer in the training split is unknown.
    pub min_count: usize,
    /// After which steps an output is asked for.
    pub targets: TargetSteps,
    /// Steps from the start of one excerpt to that of the next, with `targets = "last"`.
    pub stride: usize,
}

impl CorpusSettings {
    /// How the text is cut up.
    pub fn cut(&self) -> Cut {
        let by_words = self.level == Level::Word;
        Cut { by_words, split: self.split, limit: self.limit, min_count: self.min_count }
    }
}

/// Which text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    /// A dataset that `lstm-lab data` knows.
    Dataset(String),
    /// Any UTF-8 file.
    File(PathBuf),
}

impl Task {
    /// The task's word.
    pub fn name(&self) -> TaskName {
        match self {
            Task::Noise => TaskName::Noise,
            Task::Text { .. } => TaskName::Text,
            Task::Adding { .. } => TaskName::Adding,
            Task::CopyMemory { .. } => TaskName::CopyMemory,
            Task::TemporalOrder { .. } => TaskName::TemporalOrder,
            Task::Images { .. } => TaskName::Images,
        }
    }

    /// How a symbol becomes a vector, for a task with symbols.
    pub fn encoding(&self) -> Option<Encoding> {
        match self {
            Task::Text { encoding, .. }
            | Task::CopyMemory { encoding }
            | Task::TemporalOrder { encoding } => Some(*encoding),
            _ => None,
        }
    }

    /// Whether the task, and not the grid, says how many features an input has.
    pub fn fixes_input_size(&self) -> bool {
        match self.encoding() {
            Some(encoding) => encoding == Encoding::OneHot,
            None => *self != Task::Noise,
        }
    }

    /// Features of the input at each step, where they hang on no data: one a symbol, or the numbers themselves.
    pub fn features(&self) -> Option<usize> {
        match self {
            Task::Adding { .. } => Some(2),
            Task::CopyMemory { .. } => Some(10),
            Task::TemporalOrder { .. } => Some(6),
            Task::Images { .. } => Some(1),
            Task::Noise | Task::Text { .. } => None,
        }
    }

    /// Numbers in an answer, where they hang on no data: one, or one a class.
    pub fn outputs(&self) -> Option<usize> {
        match self {
            Task::Adding { .. } => Some(1),
            Task::CopyMemory { .. } => Some(9),
            Task::TemporalOrder { .. } => Some(4),
            Task::Noise | Task::Text { .. } | Task::Images { .. } => None,
        }
    }

    /// Steps of the longest sequence where T is `seq_len`.
    pub fn longest(&self, seq_len: usize) -> usize {
        match self {
            Task::Adding { form: AddingForm::Form1997 } => seq_len + seq_len / 10,
            Task::CopyMemory { .. } => seq_len + 20,
            _ => seq_len,
        }
    }

    /// What a symbol of a text is; none of other tasks.
    pub fn level(&self) -> Option<Level> {
        match self {
            Task::Text { corpus, .. } => Some(corpus.level),
            _ => None,
        }
    }

    /// The fewest steps of a sequence.
    pub fn least_steps(&self) -> usize {
        match self {
            Task::Adding { form: AddingForm::Form2016 } => 2,
            Task::Adding { form: AddingForm::Form1997 } | Task::TemporalOrder { .. } => 10,
            _ => 1,
        }
    }

    /// How often the task's sequences have been changed under its name: what was learned from others is another run.
    pub fn revision(&self) -> u32 {
        match self {
            Task::Adding { form: AddingForm::Form1997 } => 1,
            // What is held out is judged to its end.
            Task::Text { corpus, .. } if corpus.targets == TargetSteps::Every => 1,
            _ => 0,
        }
    }

    /// Whether there is an end to the task's data.
    pub fn has_epochs(&self) -> bool {
        matches!(self, Task::Text { .. } | Task::Images { .. })
    }
}

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
    pub(super) fn task(&self, wire: &mut TaskWire) -> Result<Task, ConfigError> {
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
            TaskName::Noise => Ok(Task::Noise),
            TaskName::Adding => {
                Ok(Task::Adding { form: self.word("task.form", resolved(wire.form.as_deref()))? })
            }
            TaskName::CopyMemory => Ok(Task::CopyMemory { encoding: encoding()? }),
            TaskName::TemporalOrder => Ok(Task::TemporalOrder { encoding: encoding()? }),
            TaskName::Images => {
                let dataset = wire.dataset.clone().ok_or_else(|| {
                    let problem =
                        "the task `images` needs `task.dataset = \"fashion_mnist\"` or `\"digits\"`";
                    self.source.error("task.name", problem)
                })?;
                self.dataset(data::Kind::Images, &dataset)?;
                Ok(Task::Images { dataset, permuted: resolved(wire.permuted) })
            }
            TaskName::Text => {
                let (encoding, corpus) = (encoding()?, self.corpus(wire)?);
                Ok(Task::Text { of: self.text_source(wire)?, encoding, corpus })
            }
        }
    }

    fn text_source(&self, wire: &mut TaskWire) -> Result<TextSource, ConfigError> {
        match (&wire.dataset, &wire.file) {
            (Some(name), None) => {
                self.dataset(data::Kind::Text, name)?;
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
    fn dataset(&self, of: data::Kind, name: &str) -> Result<(), ConfigError> {
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
        let targets = self.target_steps(wire.targets.as_deref())?;
        if wire.stride.is_some() && targets == TargetSteps::Every {
            let problem = "belongs to task.targets = \"last\"; with \"every\" excerpts follow each other";
            return Err(self.source.error("task.stride", problem));
        }
        let level =
            wire.level.as_deref().map_or(Ok(Level::Character), |word| self.word("task.level", word))?;
        if wire.min_count.is_some() && level == Level::Character {
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
