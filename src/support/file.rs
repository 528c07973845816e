//! CSV files read and written row by row; every file is complete or absent.

use std::fs;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::error::{Error, Result};

/// Reads a CSV file into rows.
///
/// # Errors
/// The file does not exist; a field does not have its column's type (the error names the line).
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    rows(path)?.collect()
}

/// An iterator over the rows of a CSV file, read on demand.
///
/// # Errors
/// The file does not exist. A row is an error if a field does not have its column's type; the error names the
/// line.
pub fn rows<R: DeserializeOwned>(path: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    let mut reader = csv::Reader::from_path(path).map_err(Error::csv("read", path))?;
    // The iterator takes a file whose first line cannot be read for an empty one.
    reader.headers().map_err(Error::csv("read", path))?;
    let path = path.to_path_buf();
    Ok(reader.into_deserialize().map(move |row| row.map_err(Error::csv("read", &path))))
}

/// Writes rows as a CSV file, which is complete or absent afterwards. Rows are not collected first,
/// because there may be millions.
///
/// # Errors
/// The disk is full or gone.
pub fn write_csv<R: Serialize>(path: &Path, rows: impl IntoIterator<Item = R>) -> Result<()> {
    write_atomic_with(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        for row in rows {
            writer.serialize(row).map_err(Error::csv("write", path))?;
        }
        writer.flush().map_err(Error::io("write", path))
    })
}

/// Prefix of a file's name while it is written.
const UNFINISHED: &str = ".writing-";

/// Removes unfinished files of killed processes from a directory. No other process may be writing there.
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
        let entry = entry.map_err(io)?;
        let path = entry.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) {
            continue;
        }
        let is_dir = entry.file_type().map_err(io)?.is_dir();
        if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.map_err(io)?;
    }
    Ok(())
}

/// Writes a temporary file and renames it: a reader sees the old file or the new one, never a part of it.
///
/// # Errors
/// The disk is full or gone.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes).map_err(Error::io("write", path)))
}

/// Writes a file through `fill`, complete or not at all. After a power failure, too, the file is the old one
/// or the new one.
///
/// # Errors
/// The error of `fill`; the disk is full or gone.
pub fn write_atomic_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let io = |error| Error::io("write", path)(error);
    let mut builder = tempfile::Builder::new();
    let file = builder.prefix(UNFINISHED).permissions(world_readable()).tempfile_in(parent(path));
    let mut file = BufWriter::new(file.map_err(io)?);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    rename(file.path(), path)?;
    // The file has another name now, so there is none to remove.
    file.keep().map(drop).map_err(|error| io(error.error))
}

/// Renames a file or a directory, so that the new name outlasts a power failure.
///
/// # Errors
/// The system refuses it.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(Error::io("write", to))?;
    sync_dir(parent(to))
}

/// Waits until the names in a directory are on the disk.
///
/// # Errors
/// The disk is gone.
pub fn sync_dir(dir: &Path) -> Result<()> {
    let synced = fs::File::open(dir).and_then(|dir| dir.sync_all());
    match synced {
        // Some file systems cannot do so for a directory.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(Error::io("write", dir)),
    }
}

/// Makes a directory, and those around it, so that its name outlasts a power failure.
///
/// # Errors
/// The system refuses it.
pub fn make_dir(dir: &Path) -> Result<()> {
    // The error for a directory that is there would hide that the disk does not answer.
    if !is_there(dir)? {
        fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
    }
    sync_dir(parent(dir))
}

/// Returns true if there is a file or directory at a path. `Path::exists` is false as well on a disk that
/// does not answer, and then results would pass for absent.
///
/// # Errors
/// The system cannot say.
pub fn is_there(path: &Path) -> Result<bool> {
    match path.try_exists() {
        // There is nothing below a file.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        found => found.map_err(Error::io("read", path)),
    }
}

/// Removes a file, if there is one.
///
/// # Errors
/// The system refuses it.
pub fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a directory with its content, if there is one.
///
/// # Errors
/// The system refuses it.
pub fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", dir)(error)),
        _ => Ok(()),
    }
}

/// The directory of a file.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Permissions of results, which other users may read; temporary files are private by default.
fn world_readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::schema::PlanRow;

    /// The system refuses to read a directory as a file.
    #[test]
    fn rows_of_a_file_that_cannot_be_read_are_an_error_not_an_empty_table() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read::<PlanRow>(dir.path()).unwrap_err().is_of_system());
        assert!(!read::<PlanRow>(&dir.path().join("absent.csv")).unwrap_err().is_of_system());
        assert!(is_there(dir.path()).unwrap() && !is_there(&dir.path().join("absent.csv")).unwrap());
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(is_there(&file).unwrap() && !is_there(&file.join("runs.csv")).unwrap());
    }
}
