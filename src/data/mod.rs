//! Datasets, texts and images: their checksums, their formats and the vocabulary of a text.
//!
//! A dataset is a directory `<root>/<name>/` of plain files. The program knows the checksum of every file.

mod catalogue;
mod checksum;
mod corpus;
mod dataset;
mod encoded_text;
mod fetch;
mod idx;
mod image_csv;
mod images;
mod inputs;
mod raw_text;
mod tokens;
mod utf8;
mod verify;
mod vocabulary;
mod words;

use std::path::PathBuf;

pub use catalogue::{DATASETS, dataset, dataset_of};
pub use corpus::{Corpus, Cut, Split};
pub use dataset::{DataFile, Dataset, DatasetKind, Format, Package};
pub use encoded_text::EncodedText;
pub use fetch::fetch;
pub use images::{ImageSplit, Images};
pub use inputs::{Input, Inputs};
pub use raw_text::RawText;
pub use tokens::{END_OF_LINE, UNKNOWN, tokens};
pub use verify::{Status, verify};
pub use vocabulary::Vocabulary;
pub use words::WordVocabulary;

/// The directory of all datasets: `$LSTM_LAB_DATA`, or `data` in the working directory.
pub fn root() -> PathBuf {
    match std::env::var_os("LSTM_LAB_DATA") {
        Some(root) if !root.is_empty() => root.into(),
        _ => "data".into(),
    }
}
