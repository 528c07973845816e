//! The `MANIFEST` beside a dataset's files: what was unpacked, and out of which archive.
//!
//! ```text
//! archive <SHA-256> <number of files>
//! <SHA-256> <size in bytes> <name>
//! ```
//! with a line of the second form for each file, sorted by name.

use std::fmt::Write;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Pinned, checksum};

/// The manifest's own name. No dataset's files may end so.
pub const NAME: &str = "MANIFEST";

/// What was unpacked.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest {
    /// SHA-256 of the archive.
    pub archive: String,
    /// The files, sorted by name.
    pub files: Vec<Record>,
}

/// One file.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// SHA-256.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Name in the dataset's directory.
    pub name: String,
}

impl From<&Pinned> for Record {
    fn from(file: &Pinned) -> Record {
        Record { sha256: file.sha256.to_string(), size: file.size, name: file.name.to_string() }
    }
}

impl Manifest {
    /// Of the named files of `dir`, as they are now.
    pub fn of(dir: &Path, names: Vec<String>, archive: &str) -> io::Result<Manifest> {
        let record = |name: String| {
            let (size, sha256) = checksum::of_file(&dir.join(&name))?;
            Ok(Record { sha256, size, name })
        };
        Ok(Manifest {
            archive: archive.to_string(),
            files: names.into_iter().map(record).collect::<io::Result<_>>()?,
        })
    }

    /// Writes it to `dir`.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let mut text = format!("archive {} {}\n", self.archive, self.files.len());
        for Record { sha256, size, name } in &self.files {
            // Writing to a string does not fail.
            _ = writeln!(text, "{sha256} {size} {name}");
        }
        fs::write(dir.join(NAME), text)
    }

    /// Reads that of `dir`; none where it is missing or cannot be understood.
    pub fn read(dir: &Path) -> io::Result<Option<Manifest>> {
        match fs::read(dir.join(NAME)) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok().as_deref().and_then(parse)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parse(text: &str) -> Option<Manifest> {
    let (first, rest) = text.split_once('\n')?;
    let record = |line: &str| {
        let (sha256, rest) = line.split_once(' ')?;
        let (size, name) = rest.split_once(' ')?;
        let plain = !name.contains(['/', '\\']);
        plain.then_some(Record {
            sha256: sha256.to_string(),
            size: size.parse().ok()?,
            name: name.to_string(),
        })
    };
    let files = rest.lines().map(record).collect::<Option<Vec<Record>>>()?;
    let (archive, count) = first.strip_prefix("archive ")?.split_once(' ')?;
    // Fewer where the manifest itself is cut short.
    (count.parse() == Ok(files.len())).then_some(Manifest { archive: archive.to_string(), files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), None);
        fs::write(dir.path().join("a b.txt"), "abc").unwrap();
        let manifest = Manifest::of(dir.path(), vec!["a b.txt".into()], "00ff").unwrap();
        assert_eq!(manifest.files[0].size, 3);
        manifest.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), Some(manifest));
    }

    #[test]
    fn what_is_no_manifest_is_none() {
        assert!(parse("archive 00 1\nff 3 a").is_some());
        for text in [
            "",
            "archive 00 0",
            "archive 00\nff 3 a",
            "x 00 1\nff 3 a",
            "archive 00 1\nx",
            "archive 00 1\nff three a",
            "archive 00 1\nff 3 ../a",
            "archive 00 2\nff 3 a",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
