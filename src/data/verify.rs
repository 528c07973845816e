//! The check of the files of a dataset against their checksums.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::catalogue::dataset;
use super::dataset::Dataset;
use crate::support::checksum;
use crate::support::error::{Error, Result};

/// The state of a dataset on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// There is no directory of that name.
    Absent,
    /// Every file has its checksum.
    Complete {
        /// Number of files.
        files: usize,
        /// Total size of the files.
        bytes: u64,
    },
    /// A file is missing or has another checksum.
    Damaged {
        /// The first difference.
        what: String,
    },
}

/// Checks the dataset in `<root>/<name>/` against the checksums of its files. Other files do not matter.
///
/// # Errors
/// [`Error::Usage`] for an unknown name, [`Error::Io`] for files that cannot be read.
pub fn verify(name: &str, root: &Path) -> Result<Status> {
    status(dataset(name)?, root)
}

/// [`verify`] for a dataset that need not be in the catalogue.
pub(super) fn status(dataset: &Dataset, root: &Path) -> Result<Status> {
    let dir = root.join(&dataset.name);
    // A link to a missing target does not count as absent: fetching must not follow it.
    if fs::symlink_metadata(&dir).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Status::Absent);
    }
    if !dir.is_dir() {
        return Ok(Status::Damaged { what: "expected a directory".to_string() });
    }
    let mut bytes = 0;
    for file in &dataset.files {
        let (name, expected) = (&file.name, &file.sha256);
        let path = dir.join(name);
        let (size, found) = match checksum::of_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Status::Damaged { what: format!("{name} is missing") });
            }
            other => other.map_err(Error::io("read", &path))?,
        };
        if found != *expected {
            let what = format!("expected {name} with SHA-256 {expected}, found {found} ({size} bytes)");
            return Ok(Status::Damaged { what });
        }
        bytes += size;
    }
    Ok(Status::Complete { files: dataset.files.len(), bytes })
}

/// Checks that a dataset is complete.
///
/// # Errors
/// [`Error::Data`] for a dataset that is absent or damaged, [`Error::Io`] for files that cannot be read.
pub(super) fn require_complete(dataset: &Dataset, root: &Path) -> Result<()> {
    let name = &dataset.name;
    let problem = match status(dataset, root)? {
        Status::Complete { .. } => return Ok(()),
        Status::Absent => format!("the dataset is absent; `lstm-lab data fetch {name}` fetches it"),
        Status::Damaged { what } => {
            format!("the dataset is damaged: {what}; `lstm-lab data fetch --force {name}` replaces it")
        }
    };
    Err(Error::data(&root.join(name), problem))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::dataset::{DataFile, Format, Package};
    use super::*;

    /// A dataset of these files, with their checksums, that no package holds.
    pub fn letters(format: Format, files: &[(&str, &[u8])]) -> Dataset {
        let package = Package {
            manager: "npm".into(),
            name: "letters".into(),
            version: Some("1.0".into()),
            sha256: None,
            folder: "data/texts".into(),
        };
        let file = |(name, bytes): &(&str, &[u8])| DataFile {
            name: name.to_string(),
            sha256: checksum::of_bytes(bytes),
        };
        Dataset {
            name: "letters".into(),
            title: "some files".into(),
            licence: "none".into(),
            package,
            format,
            files: files.iter().map(file).collect(),
        }
    }

    /// The dataset [`letters`] with its files in a root of their own.
    pub fn fetched(format: Format, files: &[(&str, &[u8])]) -> (Dataset, tempfile::TempDir) {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("letters");
        fs::create_dir(&dir).unwrap();
        for (name, bytes) in files {
            fs::write(dir.join(name), bytes).unwrap();
        }
        (letters(format, files), root)
    }

    const FILES: &[(&str, &[u8])] = &[("a.txt", b"abc"), ("b.txt", b"de")];

    #[test]
    fn status_is_absent_or_complete() {
        let complete = Status::Complete { files: 2, bytes: 5 };
        let empty = tempfile::tempdir().unwrap();
        let (dataset, root) = fetched(Format::Text, FILES);
        assert_eq!(status(&dataset, empty.path()).unwrap(), Status::Absent);
        assert_eq!(status(&dataset, &empty.path().join("no/root")).unwrap(), Status::Absent);
        assert_eq!(status(&dataset, root.path()).unwrap(), complete);
        fs::write(root.path().join("letters/c.txt"), "another file").unwrap();
        assert_eq!(status(&dataset, root.path()).unwrap(), complete);
    }

    #[test]
    fn status_names_every_kind_of_damage() {
        let (dataset, root) = fetched(Format::Text, FILES);
        let what = || match status(&dataset, root.path()).unwrap() {
            Status::Damaged { what } => what,
            other => panic!("expected damage, found {other:?}"),
        };
        let b = root.path().join("letters/b.txt");
        for content in [&b"dx"[..], b"d", b""] {
            fs::write(&b, content).unwrap();
            let (expected, found) = (checksum::of_bytes(b"de"), checksum::of_bytes(content));
            let size = content.len();
            let problem = format!("expected b.txt with SHA-256 {expected}, found {found} ({size} bytes)");
            assert_eq!(what(), problem);
        }
        fs::remove_file(&b).unwrap();
        assert_eq!(what(), "b.txt is missing");
        fs::remove_dir_all(root.path().join("letters")).unwrap();
        fs::write(root.path().join("letters"), "").unwrap();
        assert_eq!(what(), "expected a directory");
    }
}
