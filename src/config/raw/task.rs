//! The keys of `[task]` as a config has them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::Size;
use crate::settings::names::{AddingVariant, Encoding, Predict, TaskName, Tokenizer};

/// The keys of `[task]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The task: `noise` or `text`; for `training` also `adding`, `copy_memory`, `temporal_order`,
    /// `modular_sum`, `xor`, `selective_copy` or `images`, but not `noise`. Default: `text` if `dataset` or
    /// `file` is set, else `noise`.
    pub name: Option<TaskName>,
    /// The dataset. `text`: `shakespeare` or `sotu`, unless `file` is set. `images`: `fashion_mnist` or
    /// `digits`, required.
    pub dataset: Option<String>,
    /// The path of a text file in UTF-8 for `text`, instead of `dataset`. It is relative to the
    /// directory of the config, also with `--set`.
    pub file: Option<String>,
    /// The encoding of a symbol as a vector, for tasks with symbols (all but `noise`, `adding`, `xor` and
    /// `images`): `one_hot` (default), or `embedding` with `grid.input_size` components.
    pub encoding: Option<Encoding>,
    /// The symbols of `text`: `character` (default), `word`, which is for training, or `byte`. With `byte`,
    /// `file` may be any file.
    pub tokenizer: Option<Tokenizer>,
    /// The fractions of the splits train, valid and test of `text` in training, in the text's order.
    /// Each is above 0, and their sum is 1; default: `[0.9, 0.05, 0.05]`.
    pub split: Option<[f64; 3]>,
    /// The number of characters of `text`, or of bytes, that training uses, from the beginning; at least 1,
    /// default: all.
    pub max_chars: Option<Size>,
    /// The number of occurrences in the split train below which a word becomes `<unk>`, with
    /// `tokenizer = "word"`; at least 1, default: 2.
    pub min_count: Option<Size>,
    /// The steps whose next symbol is predicted, for `text` in training: `every_step` (default) or
    /// `last_step`. With `every_step`, each batch continues the one before it and keeps its state. With
    /// `last_step`, excerpts come in random order.
    pub predict: Option<Predict>,
    /// The number of symbols from the start of one excerpt to the start of the next, with
    /// `predict = "last_step"`; at least 1, default: 1.
    pub stride: Option<Size>,
    /// The variant of `adding`, a string: `"2016"` (default) or `"1997"`.
    pub variant: Option<AddingVariant>,
    /// The modulus of `modular_sum`, from 2 to 1000; default: 2, which makes the sum the parity.
    pub modulus: Option<Size>,
    /// True if the pixels of `images` come in one fixed random order, the same for all seeds; default:
    /// `false`.
    pub permuted: Option<bool>,
}
