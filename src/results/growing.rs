//! A CSV file that grows row by row, and the part of it that belongs to a checkpoint.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support::checksum::Running;
use crate::support::error::{Error, Result};
use crate::support::file::{read, remove_file};

/// The part of a table that belongs to a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The length of the part.
    bytes: u64,
    /// The SHA-256 of the part.
    sha256: String,
}

/// A CSV file that grows row by row. It exists as soon as it has a row.
#[derive(Debug)]
pub struct GrowingTable {
    path: PathBuf,
    file: Option<File>,
    content: Running,
}

impl GrowingTable {
    /// Opens the table of a checkpoint. Later rows are cut off.
    ///
    /// # Errors
    /// The rows of the checkpoint are not there, or were changed.
    pub fn open(path: &Path, mark: &Mark) -> Result<GrowingTable> {
        let mut table = GrowingTable { path: path.to_path_buf(), file: None, content: Running::default() };
        if mark.bytes == 0 {
            remove_file(path)?;
            return Ok(table);
        }
        let mut file = match File::options().read(true).write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(table.error(mark, &error.to_string()));
            }
            opened => opened.map_err(Error::io("read", path))?,
        };
        let mut rows = Vec::new();
        let cut = |file: &mut File, rows: &mut Vec<u8>| {
            file.take(mark.bytes).read_to_end(rows)?;
            file.set_len(mark.bytes)?;
            file.seek(SeekFrom::End(0))
        };
        cut(&mut file, &mut rows).map_err(Error::io("read", path))?;
        table.content.add(&rows);
        if table.content.sha256() != mark.sha256 {
            return Err(table.error(mark, &format!("SHA-256 {}", table.content.sha256())));
        }
        Ok(GrowingTable { file: Some(file), ..table })
    }

    /// Returns true if the table has no rows.
    pub fn is_empty(&self) -> bool {
        self.content.bytes == 0
    }

    /// Appends rows.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn append<R: Serialize>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()> {
        let has_headers = self.is_empty();
        let mut writer = csv::WriterBuilder::new().has_headers(has_headers).from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(Error::csv("write", &self.path))?;
        }
        let io = |error| Error::io("write", &self.path)(error);
        let lines = writer.into_inner().map_err(|error| io(error.into_error()))?;
        if lines.is_empty() {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => File::create(&self.path).map_err(io)?,
        };
        self.file.insert(file).write_all(&lines).map_err(io)?;
        self.content.add(&lines);
        Ok(())
    }

    /// Waits until the rows are on the disk, and marks them.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn mark(&self) -> Result<Mark> {
        let Some(file) = &self.file else { return Ok(Mark::default()) };
        file.sync_all().map_err(Error::io("write", &self.path))?;
        Ok(Mark { bytes: self.content.bytes, sha256: self.content.sha256() })
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn rows<R: DeserializeOwned>(&self) -> Result<Vec<R>> {
        if self.is_empty() { Ok(Vec::new()) } else { read(&self.path) }
    }

    fn error(&self, mark: &Mark, found: &str) -> Error {
        let Mark { bytes, sha256 } = mark;
        let expected = format!("the rows of the last checkpoint, {bytes} bytes with SHA-256 {sha256}");
        Error::data(&self.path, format!("expected {expected}, found {found}; --rerun begins anew"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::results::fixtures::sample;
    use crate::results::schema::SpeedRow;

    #[test]
    fn open_cuts_the_rows_after_the_mark_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speed.csv");
        let rows = |n: usize| (0..n).map(|n| sample("a", n as f64 + 0.1)).collect::<Vec<_>>();
        let mut table = GrowingTable::open(&path, &Mark::default()).unwrap();
        assert!(table.is_empty() && table.mark().unwrap() == Mark::default() && !path.exists());
        table.append(&rows(4)[..2]).unwrap();
        let mark = table.mark().unwrap();
        table.append([sample("a", f64::INFINITY)]).unwrap();
        assert_eq!(table.rows::<SpeedRow>().unwrap()[2].seconds, f64::INFINITY);

        let mut again = GrowingTable::open(&path, &mark).unwrap();
        again.append(&rows(4)[2..]).unwrap();
        assert_eq!(again.rows::<SpeedRow>().unwrap(), rows(4));
        assert!(GrowingTable::open(&path, &Mark::default()).unwrap().is_empty() && !path.exists());
    }

    #[test]
    fn open_rows_of_the_checkpoint_changed_or_missing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speed.csv");
        let mut table = GrowingTable::open(&path, &Mark::default()).unwrap();
        table.append([sample("a", 1.5)]).unwrap();
        let mark = table.mark().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for damaged in [text.replace("1.5", "2.5"), text[..text.len() - 1].to_string()] {
            fs::write(&path, damaged).unwrap();
            let message = GrowingTable::open(&path, &mark).unwrap_err().to_string();
            assert!(
                message.contains("expected the rows of the last checkpoint") && message.ends_with("anew")
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(GrowingTable::open(&path, &mark).is_err());
    }
}
