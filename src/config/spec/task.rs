//! `[task]`: where sequences come from.

use std::path::PathBuf;

use serde::Serialize;

use crate::settings::names::{AddingVariant, Predict, Tokenizer};
use crate::settings::names::{Encoding, TaskName};

/// Where sequences come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskSpec {
    /// Independent standard normal numbers.
    Noise,
    /// Characters or words of a text.
    Text {
        /// Which text; a run is known by its checksum instead.
        #[serde(skip)]
        source: TextSource,
        /// How a character becomes a vector.
        encoding: Encoding,
        /// What training makes of it.
        corpus: CorpusSpec,
    },
    /// The sum of two marked numbers.
    Adding {
        /// Which form of the problem.
        variant: AddingVariant,
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
pub struct CorpusSpec {
    /// What one symbol is.
    pub tokenizer: Tokenizer,
    /// Shares of the splits `train`, `valid` and `test`, in the text's order.
    pub split: [f64; 3],
    /// Characters from the text's beginning that are used; `None`: all.
    pub max_chars: Option<usize>,
    /// A word that is rarer in the training split is unknown.
    pub min_count: usize,
    /// After which steps an output is asked for.
    pub predict: Predict,
    /// Steps from the start of one excerpt to that of the next, with `predict = "last_step"`.
    pub stride: usize,
}

/// Which text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    /// A dataset that `lstm-lab data` knows.
    Dataset(String),
    /// Any UTF-8 file.
    File(PathBuf),
}

impl TaskSpec {
    /// The task's word.
    pub fn name(&self) -> TaskName {
        match self {
            TaskSpec::Noise => TaskName::Noise,
            TaskSpec::Text { .. } => TaskName::Text,
            TaskSpec::Adding { .. } => TaskName::Adding,
            TaskSpec::CopyMemory { .. } => TaskName::CopyMemory,
            TaskSpec::TemporalOrder { .. } => TaskName::TemporalOrder,
            TaskSpec::Images { .. } => TaskName::Images,
        }
    }

    /// How a symbol becomes a vector, for a task with symbols.
    pub fn encoding(&self) -> Option<Encoding> {
        match self {
            TaskSpec::Text { encoding, .. }
            | TaskSpec::CopyMemory { encoding }
            | TaskSpec::TemporalOrder { encoding } => Some(*encoding),
            _ => None,
        }
    }

    /// Whether the task, and not the grid, says how many features an input has.
    pub fn fixes_input_size(&self) -> bool {
        match self.encoding() {
            Some(encoding) => encoding == Encoding::OneHot,
            None => *self != TaskSpec::Noise,
        }
    }

    /// Features of the input at each step, where they hang on no data: one a symbol, or the numbers themselves.
    pub fn features(&self) -> Option<usize> {
        match self {
            TaskSpec::Adding { .. } => Some(2),
            TaskSpec::CopyMemory { .. } => Some(10),
            TaskSpec::TemporalOrder { .. } => Some(6),
            TaskSpec::Images { .. } => Some(1),
            TaskSpec::Noise | TaskSpec::Text { .. } => None,
        }
    }

    /// Numbers in an answer, where they hang on no data: one, or one a class.
    pub fn outputs(&self) -> Option<usize> {
        match self {
            TaskSpec::Adding { .. } => Some(1),
            TaskSpec::CopyMemory { .. } => Some(9),
            TaskSpec::TemporalOrder { .. } => Some(4),
            TaskSpec::Noise | TaskSpec::Text { .. } | TaskSpec::Images { .. } => None,
        }
    }

    /// Steps of the longest sequence where T is `seq_len`.
    pub fn longest(&self, seq_len: usize) -> usize {
        match self {
            TaskSpec::Adding { variant: AddingVariant::Variant1997 } => seq_len + seq_len / 10,
            TaskSpec::CopyMemory { .. } => seq_len + 20,
            _ => seq_len,
        }
    }

    /// What a symbol of a text is; none of other tasks.
    pub fn tokenizer(&self) -> Option<Tokenizer> {
        match self {
            TaskSpec::Text { corpus, .. } => Some(corpus.tokenizer),
            _ => None,
        }
    }

    /// The fewest steps of a sequence.
    pub fn least_steps(&self) -> usize {
        match self {
            TaskSpec::Adding { variant: AddingVariant::Variant2016 } => 2,
            TaskSpec::Adding { variant: AddingVariant::Variant1997 } | TaskSpec::TemporalOrder { .. } => 10,
            _ => 1,
        }
    }

    /// Whether there is an end to the task's data.
    pub fn has_epochs(&self) -> bool {
        matches!(self, TaskSpec::Text { .. } | TaskSpec::Images { .. })
    }
}
