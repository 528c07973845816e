//! CSV files, row by row, and every file complete or absent.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::error::{Error, Result};

/// Reads a CSV file into rows.
///
/// # Errors
/// No such file; a field that is not what its column promises, with the line.
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    rows(path)?.collect()
}

/// The rows of a CSV file, each read when it is asked for.
///
/// # Errors
/// No such file. A row is an error where a field is not what its column promises; it says the line.
pub fn rows<R: DeserializeOwned>(path: &Path) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
    let reader = csv::Reader::from_path(path).map_err(Error::csv("read", path))?;
    let path = path.to_path_buf();
    Ok(reader.into_deserialize().map(move |row| row.map_err(Error::csv("read", &path))))
}

/// The rows of several CSV files, one file after the other.
pub fn rows_of_all<R: DeserializeOwned + 'static>(paths: Vec<PathBuf>) -> impl Iterator<Item = Result<R>> {
    paths.into_iter().flat_map(|path| -> Box<dyn Iterator<Item = Result<R>>> {
        match rows(&path) {
            Ok(rows) => Box::new(rows),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    })
}

/// Writes rows as a CSV file, complete or not at all. They are not gathered: there may be millions.
///
/// # Errors
/// The disk is full or gone.
pub fn write_csv<R: Serialize>(path: &Path, rows: impl IntoIterator<Item = R>) -> Result<()> {
    try_write_csv(path, rows.into_iter().map(Ok))
}

/// The same of rows that are still to be read.
///
/// # Errors
/// That of the first row which is one; then the file is left as it was.
pub fn try_write_csv<R: Serialize>(path: &Path, rows: impl Iterator<Item = Result<R>>) -> Result<()> {
    write_aside(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        for row in rows {
            writer.serialize(row?).map_err(Error::csv("write", path))?;
        }
        writer.flush().map_err(Error::io("write", path))
    })
}

/// What a file is called while it is written.
const UNFINISHED: &str = ".writing-";

/// Removes files of a directory that were never finished: a process was killed meanwhile. Only for who alone writes there.
///
/// # Errors
/// The system refuses.
pub fn sweep(dir: &Path) -> Result<()> {
    sweep_of(dir, UNFINISHED)
}

/// The same of whatever has such a name, files and directories.
pub fn sweep_of(dir: &Path, prefix: &str) -> Result<()> {
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

/// Writes a file aside and renames it into place: a reader sees the old one or the new one, never half of it.
///
/// # Errors
/// The disk is full or gone.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    write_aside(path, |file| file.write_all(bytes).map_err(Error::io("write", path)))
}

fn write_aside(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let io = |error| Error::io("write", path)(error);
    let file = tempfile::Builder::new().prefix(UNFINISHED).permissions(world_readable()).tempfile_in(parent);
    let mut file = BufWriter::new(file.map_err(io)?);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map(drop).map_err(|error| io(error.error))
}

/// Results are to be read by others; temporary files are private by default.
fn world_readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_leaves_the_old_file_alone() {
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
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left aside");
    }
}
