//! A checked `[task]`: the source of the sequences.

use std::path::PathBuf;

use serde::Serialize;

use crate::settings::names::{AddingVariant, Predict, Tokenizer};
use crate::settings::names::{Encoding, TaskName};

/// The source of the sequences.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskSpec {
    /// Independent standard normal numbers.
    Noise,
    /// Characters or words of a text.
    Text {
        /// The text. The run id depends on its checksum instead.
        #[serde(skip)]
        source: TextSource,
        /// The encoding of a symbol as a vector.
        encoding: Encoding,
        /// The form of the text for training.
        corpus: CorpusSpec,
    },
    /// The sum of two marked numbers.
    Adding {
        /// The variant of the problem.
        variant: AddingVariant,
    },
    /// Ten symbols to be repeated.
    CopyMemory {
        /// The encoding of a symbol as a vector.
        encoding: Encoding,
    },
    /// The order of two symbols.
    TemporalOrder {
        /// The encoding of a symbol as a vector.
        encoding: Encoding,
    },
    /// The sum of all numbers so far.
    ModularSum {
        /// The modulus m, at least 2.
        modulus: usize,
        /// The encoding of a symbol as a vector.
        encoding: Encoding,
    },
    /// The exclusive or of two marked bits.
    Xor,
    /// Ten symbols among blanks.
    SelectiveCopy {
        /// The encoding of a symbol as a vector.
        encoding: Encoding,
    },
    /// Images pixel by pixel.
    Images {
        /// The name of a dataset that `lstm-lab data` knows.
        dataset: String,
        /// True if the pixels come in one fixed random order instead of row by row.
        permuted: bool,
    },
}

/// The form of a text for training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorpusSpec {
    /// The symbols.
    pub tokenizer: Tokenizer,
    /// The fractions of the splits `train`, `valid` and `test`, in the text's order.
    pub split: [f64; 3],
    /// The number of characters that are used, from the beginning of the text; `None` for all.
    pub max_chars: Option<usize>,
    /// The number of occurrences in the training split below which a word is unknown.
    pub min_count: usize,
    /// The steps whose next symbol is predicted.
    pub predict: Predict,
    /// The number of symbols from the start of one excerpt to that of the next, with
    /// `predict = "last_step"`.
    pub stride: usize,
}

/// The source of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    /// The name of a dataset that `lstm-lab data` knows.
    Dataset(String),
    /// The path of a UTF-8 file.
    File(PathBuf),
}

impl TaskSpec {
    /// The name of the task.
    pub fn name(&self) -> TaskName {
        match self {
            TaskSpec::Noise => TaskName::Noise,
            TaskSpec::Text { .. } => TaskName::Text,
            TaskSpec::Adding { .. } => TaskName::Adding,
            TaskSpec::CopyMemory { .. } => TaskName::CopyMemory,
            TaskSpec::TemporalOrder { .. } => TaskName::TemporalOrder,
            TaskSpec::ModularSum { .. } => TaskName::ModularSum,
            TaskSpec::Xor => TaskName::Xor,
            TaskSpec::SelectiveCopy { .. } => TaskName::SelectiveCopy,
            TaskSpec::Images { .. } => TaskName::Images,
        }
    }

    /// The encoding of a symbol as a vector, for a task with symbols.
    pub fn encoding(&self) -> Option<Encoding> {
        match self {
            TaskSpec::Text { encoding, .. }
            | TaskSpec::CopyMemory { encoding }
            | TaskSpec::TemporalOrder { encoding }
            | TaskSpec::ModularSum { encoding, .. }
            | TaskSpec::SelectiveCopy { encoding } => Some(*encoding),
            _ => None,
        }
    }

    /// Returns true if the task, not the grid, determines the number of input features.
    pub fn fixes_input_size(&self) -> bool {
        match self.encoding() {
            Some(encoding) => encoding == Encoding::OneHot,
            None => *self != TaskSpec::Noise,
        }
    }

    /// The number of input features per step: one per symbol, or one per number. `None` if the data or
    /// the grid determines it.
    pub fn features(&self) -> Option<usize> {
        match self {
            TaskSpec::Adding { .. } | TaskSpec::Xor => Some(2),
            TaskSpec::CopyMemory { .. } | TaskSpec::SelectiveCopy { .. } => Some(10),
            TaskSpec::ModularSum { modulus, .. } => Some(*modulus),
            TaskSpec::TemporalOrder { .. } => Some(6),
            TaskSpec::Images { .. } => Some(1),
            TaskSpec::Noise | TaskSpec::Text { .. } => None,
        }
    }

    /// The number of components of an output: 1, or one per class. `None` if the data determines it.
    pub fn outputs(&self) -> Option<usize> {
        match self {
            TaskSpec::Adding { .. } => Some(1),
            TaskSpec::CopyMemory { .. } => Some(9),
            TaskSpec::SelectiveCopy { .. } => Some(8),
            TaskSpec::ModularSum { modulus, .. } => Some(*modulus),
            TaskSpec::Xor => Some(2),
            TaskSpec::TemporalOrder { .. } => Some(4),
            TaskSpec::Noise | TaskSpec::Text { .. } | TaskSpec::Images { .. } => None,
        }
    }

    /// The number of steps of the longest sequence, if T is `seq_len`.
    pub fn longest(&self, seq_len: usize) -> usize {
        match self {
            TaskSpec::Adding { variant: AddingVariant::Variant1997 } => seq_len + seq_len / 10,
            TaskSpec::CopyMemory { .. } => seq_len + 20,
            TaskSpec::SelectiveCopy { .. } => seq_len + 10,
            _ => seq_len,
        }
    }

    /// The tokenizer of a text; `None` for other tasks.
    pub fn tokenizer(&self) -> Option<Tokenizer> {
        match self {
            TaskSpec::Text { corpus, .. } => Some(corpus.tokenizer),
            _ => None,
        }
    }

    /// The minimum of `seq_len`: a task places its marks by tenths or halves of the sequence, or has ten
    /// symbols.
    pub fn least_steps(&self) -> usize {
        match self {
            TaskSpec::Adding { variant: AddingVariant::Variant2016 } | TaskSpec::Xor => 2,
            TaskSpec::Adding { variant: AddingVariant::Variant1997 }
            | TaskSpec::TemporalOrder { .. }
            | TaskSpec::SelectiveCopy { .. } => 10,
            _ => 1,
        }
    }

    /// Returns true if the task's data is finite, so that training can be counted in epochs.
    pub fn has_epochs(&self) -> bool {
        matches!(self, TaskSpec::Text { .. } | TaskSpec::Images { .. })
    }
}
