//! `[task]`: where sequences come from.

mod check;
pub mod names;

use std::path::PathBuf;

use serde::Serialize;

use super::names::{Dtype, Encoding, TaskName};
use crate::data::Cut;
use names::{AddingForm, Level, TargetSteps};

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

    /// How often what the task is has been changed under its name: what was learned before is another run.
    pub fn revision(&self, dtype: Dtype) -> u32 {
        let of_task = match self {
            Task::Adding { form: AddingForm::Form1997 } => 1,
            // What is held out is judged to its end.
            Task::Text { corpus, .. } if corpus.targets == TargetSteps::Every => 1,
            _ => 0,
        };
        // The loss of classes was computed in f32.
        let of_loss = dtype == Dtype::F64 && !matches!(self, Task::Adding { .. });
        of_task + u32::from(of_loss)
    }

    /// Whether there is an end to the task's data.
    pub fn has_epochs(&self) -> bool {
        matches!(self, Task::Text { .. } | Task::Images { .. })
    }
}
