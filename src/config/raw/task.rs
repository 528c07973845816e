//! `[task]`.

use serde::{Deserialize, Serialize};

use crate::config::value::Size;
use crate::settings::names::{AddingVariant, Encoding, Predict, TaskName, Tokenizer};

/// The keys of `[task]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The task; default: `text` where there is a dataset or a file, else `noise`.
    pub name: Option<TaskName>,
    /// For `text` and `images`: a dataset of `lstm-lab data list`.
    pub dataset: Option<String>,
    /// For `text`: any UTF-8 file instead, relative to the working directory.
    pub file: Option<String>,
    /// For a task with symbols: `one_hot` (default) or `embedding`.
    pub encoding: Option<Encoding>,
    /// For training on `text`: `character` (default) or `word`.
    pub tokenizer: Option<Tokenizer>,
    /// For training on `text`: fractions of the splits train, valid and test, in the text's order; default: 0.9, 0.05, 0.05.
    pub split: Option<[f64; 3]>,
    /// For training on `text`: the number of characters from its beginning that are used; default: all.
    pub max_chars: Option<Size>,
    /// For `text` by words: a word with fewer occurrences in the training split is unknown; default: 2.
    pub min_count: Option<Size>,
    /// For training on `text`: `every_step` (default) or `last_step`.
    pub predict: Option<Predict>,
    /// With `predict = "last_step"`: steps from the start of one excerpt to the start of the next; default: 1.
    pub stride: Option<Size>,
    /// For `adding`: `2016` (default) or `1997`.
    pub variant: Option<AddingVariant>,
    /// For `images`: `true` for pixels in one fixed random order; default: `false`.
    pub permuted: Option<bool>,
}
