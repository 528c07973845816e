//! CSV files, read and written row by row. Every file is complete or absent.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::error::{Error, Result};

/// Reads a CSV file into rows.
///
/// # Errors
/// The file does not exist, or a field does not have the type of its column (the error names the line).
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    rows(path)?.collect()
}

/// Returns an iterator over the rows of a CSV file, which are read on demand.
///
/// # Errors
/// The file does not exist. A row is an error if a field does not have the type of its column. The error
/// names the line.
pub fn rows<R: DeserializeOwned>(path: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    let reader = csv::Reader::from_path(path).map_err(Error::csv("read", path))?;
    let path = path.to_path_buf();
    Ok(reader.into_deserialize().map(move |row| row.map_err(Error::csv("read", &path))))
}

/// Returns an iterator over the rows of several CSV files, one file after the other.
pub fn rows_of_all<R: DeserializeOwned + 'static>(paths: Vec<PathBuf>) -> impl Iterator<Item = Result<R>> {
    paths.into_iter().flat_map(|path| -> Box<dyn Iterator<Item = Result<R>>> {
        match rows(&path) {
            Ok(rows) => Box::new(rows),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    })
}

/// Writes rows as a CSV file, which is complete or absent afterwards. Rows are not collected first,
/// because there may be millions.
///
/// # Errors
/// The file cannot be written, for example because the disk is full.
pub fn write_csv<R: Serialize>(path: &Path, rows: impl IntoIterator<Item = R>) -> Result<()> {
    try_write_csv(path, rows.into_iter().map(Ok))
}

/// Writes rows that may be errors. The first error leaves an existing file unchanged.
///
/// # Errors
/// The first error among the rows, or the error of a file that cannot be written.
pub fn try_write_csv<R: Serialize>(path: &Path, rows: impl Iterator<Item = Result<R>>) -> Result<()> {
    write_atomic_with(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        for row in rows {
            writer.serialize(row?).map_err(Error::csv("write", path))?;
        }
        writer.flush().map_err(Error::io("write", path))
    })
}

/// The prefix of a file's name during the write.
const UNFINISHED: &str = ".writing-";

/// Removes the unfinished files of killed processes from a directory. No other process may write there at
/// the same time.
///
/// # Errors
/// A file cannot be removed.
pub fn remove_stale_temp_files(dir: &Path) -> Result<()> {
    remove_prefixed(dir, UNFINISHED)
}

/// Removes every file and directory of a directory whose name starts with `prefix`.
///
/// # Errors
/// A file cannot be removed.
pub fn remove_prefixed(dir: &Path, prefix: &str) -> Result<()> {
    let io = |error| Error::io("clear up", dir)(error);
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.map_err(io)?;
    }
    Ok(())
}

/// Writes a temporary file and renames it. A reader sees the old file or the new file, never a part of it.
///
/// # Errors
/// The file cannot be written, for example because the disk is full.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes).map_err(Error::io("write", path)))
}

fn write_atomic_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let io = |error| Error::io("write", path)(error);
    let file = tempfile::Builder::new().prefix(UNFINISHED).permissions(world_readable()).tempfile_in(parent);
    let mut file = BufWriter::new(file.map_err(io)?);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map(drop).map_err(|error| io(error.error))
}

/// Returns the permissions of results, which other users may read. Temporary files are private by default.
fn world_readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn try_write_csv_unreadable_row_keeps_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let (good, bad, out) = (dir.path().join("a.csv"), dir.path().join("b.csv"), dir.path().join("c.csv"));
        fs::write(&good, "n,x\n1,2.5\n2,3.5\n").unwrap();
        fs::write(&bad, "n,x\n3,many\n").unwrap();
        fs::write(&out, "old").unwrap();
        let gathered = |paths: &[&PathBuf]| {
            let paths = paths.iter().map(|path| path.to_path_buf()).collect();
            try_write_csv(&out, rows_of_all::<(usize, f64)>(paths))
        };
        let message = gathered(&[&good, &bad]).unwrap_err().to_string();
        assert!(message.contains("b.csv") && message.contains("line: 2"), "{message}");
        assert_eq!(fs::read_to_string(&out).unwrap(), "old");
        gathered(&[&good, &good]).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "1,2.5\n2,3.5\n1,2.5\n2,3.5\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "no temporary file remains");
    }
}
