//! Locks for one run and for the tables of an experiment.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::support::error::{Error, Result};

/// An exclusive lock on a file, which is removed when the lock is dropped. A file that is left was that of a
/// killed process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
    /// True if the process that held the lock before was killed, and the machine has not been restarted.
    pub follows_killed: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while locked. A process that has opened the file finds it at no path, and opens a new one.
        let _ = fs::remove_file(&self.path);
    }
}

impl Lock {
    /// Takes the lock; `None` if another process holds it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn try_take(path: &Path) -> Result<Option<Lock>> {
        loop {
            let file = open(path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, path) => return Lock::held(file, path).map(Some),
                // The previous holder has just removed the file that was opened here.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
            }
        }
    }

    /// Takes the lock, and waits while another process holds it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn wait_for(path: &Path) -> Result<Lock> {
        loop {
            let file = open(path)?;
            file.lock().map_err(Error::io("lock", path))?;
            if is_at(&file, path) {
                return Lock::held(file, path);
            }
        }
    }

    /// Writes the holder into a locked file, and reads the one that was left there.
    fn held(mut file: File, path: &Path) -> Result<Lock> {
        let boot = boot();
        let mut left = Vec::new();
        let write = |file: &mut File, left: &mut Vec<u8>| {
            file.read_to_end(left)?;
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "pid {}\n{boot}", std::process::id())
        };
        write(&mut file, &mut left).map_err(Error::io("write", path))?;
        let left = String::from_utf8_lossy(&left);
        let follows_killed = left.starts_with("pid ") && left.lines().nth(1) == Some(&boot);
        Ok(Lock { path: path.to_path_buf(), _file: file, follows_killed })
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).open(path).map_err(Error::io("write", path))
}

/// The line about the present start of the machine. A run that a restart ended was not killed.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("boot {}", id.trim())
}

/// Returns true if an open file is still the one at this path.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |found: std::io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    place(file.metadata()) == place(fs::metadata(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn try_take_held_lock_is_none_until_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let mine = Lock::try_take(&path).unwrap();
        assert!(mine.is_some() && Lock::try_take(&path).unwrap().is_none());
        drop(mine);
        assert!(!path.exists(), "no file stays");
        assert!(!Lock::wait_for(&path).unwrap().follows_killed);
    }

    #[test]
    fn follows_killed_is_true_for_a_file_left_since_the_start_of_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        for (left, killed) in [
            (format!("pid 1\n{}\n", boot()), true),
            ("pid 1\nboot another\n".to_string(), false),
            (String::new(), false),
        ] {
            fs::write(&path, &left).unwrap();
            assert_eq!(Lock::try_take(&path).unwrap().unwrap().follows_killed, killed, "{left:?}");
        }
    }
}
