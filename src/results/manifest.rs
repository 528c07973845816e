//! The list of a directory's files with their checksums: it tells files that are missing, cut short or
//! changed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::support::checksum;
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, read, write_csv};

/// The name of the list.
pub const TABLES: &str = "tables.csv";

/// A file of the list.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// The name of the file.
    pub file: String,
    /// Its size, bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// Lists all files of a directory.
///
/// # Errors
/// A file cannot be read, or the list cannot be written.
pub fn write_of_all(dir: &Path) -> Result<()> {
    let entries = fs::read_dir(dir).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(Error::io("read", dir))?;
    let names: Vec<String> =
        entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    write(dir, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Lists those of these files that exist.
///
/// # Errors
/// A file cannot be read, or the list cannot be written.
pub fn write(dir: &Path, names: &[&str]) -> Result<()> {
    let mut tables = Vec::new();
    for file in names {
        let path = dir.join(file);
        if !is_there(&path)? {
            continue;
        }
        let (bytes, sha256) = checksum::of_file(&path).map_err(Error::io("read", &path))?;
        tables.push(TableRow { file: file.to_string(), bytes, sha256 });
    }
    tables.sort_by(|a, b| a.file.cmp(&b.file));
    write_csv(&dir.join(TABLES), tables)
}

/// The file that is not as it was listed, with the difference; `None` if all are.
///
/// # Errors
/// The system cannot read a file that is there.
pub fn difference(dir: &Path) -> Result<Option<(String, String)>> {
    let tables = match read::<TableRow>(&dir.join(TABLES)) {
        Ok(tables) => tables,
        Err(error) if error.is_of_system() => return Err(error),
        Err(error) => return Ok(Some((TABLES.to_string(), error.to_string()))),
    };
    for table in tables {
        let path = dir.join(&table.file);
        let problem = match checksum::of_file(&path) {
            Ok((bytes, sha256)) if (bytes, &sha256) == (table.bytes, &table.sha256) => continue,
            Ok((bytes, _)) if bytes != table.bytes => {
                format!("expected {} bytes, as it was written, found {bytes}", table.bytes)
            }
            Ok((_, sha256)) => {
                let expected = &table.sha256;
                format!("expected SHA-256 {expected}, as it was written, found {sha256}")
            }
            Err(error) if error.kind() == ErrorKind::NotFound => "the file is missing".to_string(),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        return Ok(Some((table.file, problem)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_names_the_file_that_is_missing_cut_or_changed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("speed.csv");
        for name in ["runs.csv", "speed.csv"] {
            fs::write(dir.path().join(name), "a\n1\n").unwrap();
        }
        write_of_all(dir.path()).unwrap();
        assert_eq!(difference(dir.path()).unwrap(), None);
        for (content, problem) in [
            (Some("a\n2\n"), "expected SHA-256 "),
            (Some("a\n"), "expected 4 bytes, as it was written, found 2"),
            (None, "the file is missing"),
        ] {
            match content {
                Some(content) => fs::write(&file, content).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            let (name, found) = difference(dir.path()).unwrap().unwrap();
            assert!(name == "speed.csv" && found.starts_with(problem), "{name}: {found}");
        }
        fs::remove_file(dir.path().join(TABLES)).unwrap();
        assert_eq!(difference(dir.path()).unwrap().unwrap().0, TABLES);
    }
}
