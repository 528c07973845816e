//! Datasets, texts and images: where they come from, their checksums, and the vocabulary of a text.
//!
//! A dataset is kept as plain files in `<root>/<name>/`. Their sizes and checksums are in a `MANIFEST` beside
//! them, or known to this program.

mod apt;
mod catalogue;
mod checksum;
mod corpus;
mod dataset;
mod decode;
mod fetch;
mod idx;
mod image_csv;
mod images;
mod inputs;
mod manifest;
mod npm;
mod pip;
mod raw_text;
mod text;
mod tokens;
mod tool;
mod unpack;
mod verify;
mod vocabulary;
mod words;

use std::path::PathBuf;

pub use catalogue::DATASETS;
pub use corpus::{Corpus, Cut, Split};
pub use dataset::{Content, Dataset, Kind, Pin, Pinned, Source, dataset, dataset_of};
pub use fetch::fetch;
pub use images::{ImageSplit, Images};
pub use inputs::{Input, Inputs};
pub use raw_text::{RawText, text};
pub use text::Text;
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
