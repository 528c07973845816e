//! How much of a dataset is here, and whether it is as it was fetched.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::manifest::{self, Manifest, Record};
use super::{Dataset, Pin, checksum, dataset};
use crate::support::error::{Error, Result};

/// How much of a dataset is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Nothing.
    Absent,
    /// All, as it was fetched.
    Complete {
        /// Number of files.
        files: usize,
        /// Their size.
        bytes: u64,
    },
    /// Something, but not what was fetched.
    Damaged {
        /// The first thing that is wrong.
        what: String,
    },
}

/// Checks the dataset in `<root>/<name>/` against the checksums of its files. Other files do not matter.
///
/// # Errors
/// [`Error::Usage`] where there is no dataset of that name, [`Error::Io`] where its files may not be read.
pub fn verify(name: &str, root: &Path) -> Result<Status> {
    status(dataset(name)?, root)
}

/// [`verify`] for a dataset that need not be a known one.
pub(super) fn status(dataset: &Dataset, root: &Path) -> Result<Status> {
    let dir = root.join(dataset.name);
    // As opposed to `exists`, a link that leads nowhere counts as something.
    if fs::symlink_metadata(&dir).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Status::Absent);
    }
    if !dir.is_dir() {
        return Ok(Status::Damaged { what: "expected a directory".to_string() });
    }
    let files = match records(dataset, &dir).map_err(Error::io("read", &dir))? {
        Ok(files) => files,
        Err(what) => return Ok(Status::Damaged { what }),
    };
    match damage_among(&files, &dir)? {
        Some(what) => Ok(Status::Damaged { what }),
        None => {
            let bytes = files.iter().map(|record| record.size).sum();
            Ok(Status::Complete { files: files.len(), bytes })
        }
    }
}

/// The files that there should be in the directory of a dataset; or what keeps them from being known.
fn records(dataset: &Dataset, dir: &Path) -> io::Result<Result<Vec<Record>, String>> {
    let expected = match dataset.pin {
        Pin::Files(files) => return Ok(Ok(files.iter().map(Record::from).collect())),
        Pin::Archive(sha256) => sha256,
    };
    Ok(match Manifest::read(dir)? {
        None => Err(format!("its {} is missing or broken", manifest::NAME)),
        Some(Manifest { archive, .. }) if archive != expected => {
            Err(format!("expected it from an archive with SHA-256 {expected}, found one from {archive}"))
        }
        Some(Manifest { files, .. }) => Ok(files),
    })
}

/// The first thing that is wrong with files of `dir`, if anything is.
pub(super) fn damage_among(files: &[Record], dir: &Path) -> Result<Option<String>> {
    for record in files {
        let path = dir.join(&record.name);
        if let Some(what) = damage(record, &path).map_err(Error::io("read", &path))? {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

/// What is wrong with a file, if anything is.
fn damage(record: &Record, path: &Path) -> io::Result<Option<String>> {
    let Record { name, size, sha256 } = record;
    let (found_size, found) = match checksum::of_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(format!("{name} is missing"))),
        other => other?,
    };
    Ok(if found_size != *size {
        Some(format!("expected {name} with {size} bytes, found {found_size}"))
    } else if found != *sha256 {
        Some(format!("expected {name} with SHA-256 {sha256}, found {found}"))
    } else {
        None
    })
}

/// The names of a dataset's files, sorted, all of which are there as they were fetched.
///
/// # Errors
/// [`Error::Data`] where the dataset is not here or is damaged, [`Error::Io`] where its files may not be read.
pub(super) fn complete(dataset: &Dataset, root: &Path) -> Result<Vec<String>> {
    let (name, dir) = (dataset.name, root.join(dataset.name));
    match status(dataset, root)? {
        Status::Complete { .. } => {}
        Status::Absent => {
            let problem = format!("the dataset is not here; `lstm-lab data fetch {name}` fetches it");
            return Err(Error::data(&dir, problem));
        }
        Status::Damaged { what } => return Err(Error::data(&dir, damaged(dataset, &what))),
    }
    let files = records(dataset, &dir).map_err(Error::io("read", &dir))?;
    let files = files.map_err(|what| Error::data(&dir, damaged(dataset, &what)))?;
    Ok(files.into_iter().map(|record| record.name).collect())
}

/// The message for a dataset that is damaged, with the remedy.
pub(super) fn damaged(dataset: &Dataset, what: &str) -> String {
    format!("the dataset is damaged: {what}; `lstm-lab data fetch --force {}` replaces it", dataset.name)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Content, Source};
    use super::*;

    /// A dataset that no index has.
    pub const LETTERS: Dataset = Dataset {
        name: "letters",
        title: "two files",
        licence: "none",
        origin: "a test",
        source: Source::Pip { package: "letters", archive: "letters-1.0.tar.gz" },
        folder: "data/texts",
        suffix: ".txt",
        pin: Pin::Archive("00"),
        content: Content::Text { follows: &[] },
    };

    /// Its files in place, in a root of their own.
    pub fn fetched(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("letters");
        fs::create_dir(&dir).unwrap();
        for (name, bytes) in files {
            fs::write(dir.join(name), bytes).unwrap();
        }
        let names = files.iter().map(|(name, _)| name.to_string()).collect();
        Manifest::of(&dir, names, "00").unwrap().write(&dir).unwrap();
        root
    }

    fn what(root: &Path) -> String {
        match status(&LETTERS, root).unwrap() {
            Status::Damaged { what } => what,
            other => panic!("expected damage, found {other:?}"),
        }
    }

    #[test]
    fn absent_and_complete() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(status(&LETTERS, empty.path()).unwrap(), Status::Absent);
        assert_eq!(status(&LETTERS, &empty.path().join("no/root")).unwrap(), Status::Absent);
        let root = fetched(&[("a.txt", b"abc"), ("b.txt", b"de")]);
        assert_eq!(status(&LETTERS, root.path()).unwrap(), Status::Complete { files: 2, bytes: 5 });
        fs::write(root.path().join("letters/c.txt"), "not the dataset's").unwrap();
        assert_eq!(status(&LETTERS, root.path()).unwrap(), Status::Complete { files: 2, bytes: 5 });
    }

    #[test]
    fn every_damage_is_found_and_named() {
        let root = fetched(&[("a.txt", b"abc"), ("b.txt", b"de")]);
        let b = root.path().join("letters/b.txt");
        fs::write(&b, "dx").unwrap();
        assert!(what(root.path()).starts_with("expected b.txt with SHA-256"));
        fs::write(&b, "d").unwrap();
        assert_eq!(what(root.path()), "expected b.txt with 2 bytes, found 1");
        fs::remove_file(&b).unwrap();
        assert_eq!(what(root.path()), "b.txt is missing");
        let other = Dataset { pin: Pin::Archive("11"), ..LETTERS };
        assert!(matches!(status(&other, root.path()).unwrap(), Status::Damaged { .. }));
        fs::remove_file(root.path().join("letters/MANIFEST")).unwrap();
        assert_eq!(what(root.path()), "its MANIFEST is missing or broken");
        fs::remove_dir_all(root.path().join("letters")).unwrap();
        fs::write(root.path().join("letters"), "").unwrap();
        assert_eq!(what(root.path()), "expected a directory");
    }
}
