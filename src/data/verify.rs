//! How much of a dataset is here, whether it is as it was fetched, and its text.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::manifest::{self, Manifest, Record};
use super::{Dataset, checksum, dataset, decode};
use crate::error::{Error, Result};

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

/// Checks the dataset in `<root>/<name>/` against its manifest. Files that the manifest does not name do not
/// matter.
///
/// # Errors
/// [`Error::Usage`] where there is no dataset of that name, [`Error::Io`] where its files may not be read.
pub fn verify(name: &str, root: &Path) -> Result<Status> {
    status(dataset(name)?, root)
}

/// The text of a dataset: its files, sorted by name, one after the other, each as [`Text::from_file`] reads
/// it. A line break is added to a file that does not end in one, so that no line is of two works.
///
/// [`Text::from_file`]: super::Text::from_file
///
/// # Errors
/// As [`verify`]; and [`Error::Data`] where the dataset is not here or is damaged, or a file is not UTF-8.
pub fn text(name: &str, root: &Path) -> Result<String> {
    text_of(dataset(name)?, root)
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
    let Some(manifest) = Manifest::read(&dir).map_err(Error::io("read", &dir.join(manifest::NAME)))? else {
        return Ok(Status::Damaged { what: format!("its {} is missing or broken", manifest::NAME) });
    };
    if manifest.archive != dataset.archive_sha256 {
        let (expected, found) = (dataset.archive_sha256, manifest.archive);
        let what = format!("expected it from an archive with SHA-256 {expected}, found one from {found}");
        return Ok(Status::Damaged { what });
    }
    for record in &manifest.files {
        let path = dir.join(&record.name);
        if let Some(what) = damage(record, &path).map_err(Error::io("read", &path))? {
            return Ok(Status::Damaged { what });
        }
    }
    let bytes = manifest.files.iter().map(|record| record.size).sum();
    Ok(Status::Complete { files: manifest.files.len(), bytes })
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

fn text_of(dataset: &Dataset, root: &Path) -> Result<String> {
    let (name, dir) = (dataset.name, root.join(dataset.name));
    let size = match status(dataset, root)? {
        Status::Complete { bytes, .. } => bytes,
        Status::Absent => {
            let problem = format!("the dataset is not here; `lstm-lab data fetch {name}` fetches it");
            return Err(Error::data(&dir, problem));
        }
        Status::Damaged { what } => return Err(Error::data(&dir, damaged(dataset, &what))),
    };
    let manifest = Manifest::read(&dir).map_err(Error::io("read", &dir))?;
    let mut text = String::with_capacity(size as usize + 1024);
    for record in manifest.into_iter().flat_map(|manifest| manifest.files) {
        let path = dir.join(&record.name);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        text.push_str(&decode::decode(bytes, &path)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// The message for a dataset that is damaged, with the remedy.
pub(super) fn damaged(dataset: &Dataset, what: &str) -> String {
    format!("the dataset is damaged: {what}; `lstm-lab data fetch --force {}` replaces it", dataset.name)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A dataset that no index has.
    pub const LETTERS: Dataset = Dataset {
        name: "letters",
        title: "two files",
        licence: "none",
        source: "a test",
        package: "letters",
        archive: "letters-1.0.tar.gz",
        archive_sha256: "00",
        folder: "data/texts",
        suffix: ".txt",
    };

    /// Its files in place, in a root of their own.
    fn fetched(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("letters");
        fs::create_dir(&dir).unwrap();
        for (name, bytes) in files {
            fs::write(dir.join(name), bytes).unwrap();
        }
        let names = files.iter().map(|(name, _)| name.to_string()).collect();
        Manifest::of(&dir, names, LETTERS.archive_sha256).unwrap().write(&dir).unwrap();
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
        let other = Dataset { archive_sha256: "11", ..LETTERS };
        assert!(matches!(status(&other, root.path()).unwrap(), Status::Damaged { .. }));
        fs::remove_file(root.path().join("letters/MANIFEST")).unwrap();
        assert_eq!(what(root.path()), "its MANIFEST is missing or broken");
        fs::remove_dir_all(root.path().join("letters")).unwrap();
        fs::write(root.path().join("letters"), "").unwrap();
        assert_eq!(what(root.path()), "expected a directory");
    }

    #[test]
    fn the_text_is_all_files_with_even_line_ends() {
        let root = fetched(&[
            ("a.txt", b"one\r\ntwo"),
            ("b.txt", b"\xef\xbb\xbfthree\n"),
            ("c.txt", "vier ä".as_bytes()),
        ]);
        assert_eq!(text_of(&LETTERS, root.path()).unwrap(), "one\ntwo\nthree\nvier ä\n");
    }

    #[test]
    fn a_text_that_is_absent_damaged_or_not_utf8_is_an_error() {
        let empty = tempfile::tempdir().unwrap();
        let error = text_of(&LETTERS, empty.path()).unwrap_err().to_string();
        assert!(error.contains("`lstm-lab data fetch letters`"), "{error}");
        let root = fetched(&[("a.txt", b"abc"), ("b.txt", b"d\xe9")]);
        let error = text_of(&LETTERS, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt: expected UTF-8, found byte 0xe9 at offset 1"), "{error}");
        fs::remove_file(root.path().join("letters/b.txt")).unwrap();
        let error = text_of(&LETTERS, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt is missing; `lstm-lab data fetch --force letters`"), "{error}");
    }
}
