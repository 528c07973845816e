//! Datasets, texts and images: their checksums, their formats and the vocabulary of a text.
//!
//! A dataset is a directory `<root>/<name>/` of plain files. The program knows the checksum of every file.

mod catalogue;
mod dataset;
mod fetch;
pub(crate) mod images;
mod inputs;
mod split;
mod text;
mod verify;

use std::path::PathBuf;

pub use catalogue::{DATASETS, dataset, dataset_of};
pub use dataset::{DataFile, Dataset, DatasetKind, Format, Package};
pub use fetch::fetch;
pub use images::{ImageSplit, Images};
pub use inputs::{Input, Inputs};
pub use split::Split;
pub use text::{Characters, Corpus, Cut, END_OF_LINE, EncodedText, RawText, UNKNOWN, Vocabulary, Words};
pub use text::{bytes_of_text, split_words, text_of_bytes, vocabulary_of_symbols, vocabulary_of_text};
pub use verify::{Status, verify};

/// The directory of all datasets: `$LSTM_LAB_DATA`, or `data` in the working directory.
pub fn root() -> PathBuf {
    match std::env::var_os("LSTM_LAB_DATA") {
        Some(root) if !root.is_empty() => root.into(),
        _ => "data".into(),
    }
}
