//! Locks for one run and for the tables of an experiment, among the processes of one machine and of several.
//!
//! A lock is a file. The one process that creates it holds it. Within one machine, `flock` says whether the
//! holder lives. On another machine `flock` may say nothing, so the file also is a lease: its holder writes
//! it again every few seconds, and a lease without such a sign of life is over after [`lease::EXPIRY`].

use std::fs::{self, File, TryLockError};
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::heartbeat::Heartbeat;
use super::lease::{self, EXPIRY, HEARTBEAT, Lease};
use crate::support::error::{Error, Result};

/// The time between the first two attempts to take a lock. Each further one is twice as long: an attempt
/// may write to a file server.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest time between two attempts.
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// A time that is longer than a write to a file and the way to another machine.
const SETTLED: Duration = Duration::from_secs(1);

/// The number of locks that this process has taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// An exclusive lock on a file, which is removed when the lock is dropped. A file that is left was that of a
/// killed process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    lease: Lease,
    heartbeat: Option<Heartbeat>,
    _file: File,
    /// True if the process that held the lock before was killed, and the machine has not been restarted.
    pub follows_killed: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.heartbeat.take());
        // Removed while locked. A process that has opened the file finds it at no path, and opens a new one.
        if lease::at(&self.path).is_ok_and(|found| found.as_ref() == Some(&self.lease)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The state of a lock file that another process has made.
#[derive(Debug, PartialEq)]
enum Left {
    /// Its process lives.
    Held,
    /// Its process was killed, on this machine.
    Killed,
    /// The file is empty: its process was killed before it wrote, or is about to write.
    Empty,
    /// Its machine has given no sign of life.
    Expired,
}

impl Lock {
    /// Takes the lock; `None` if another process holds it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn try_take(path: &Path) -> Result<Option<Lock>> {
        let mut was_empty = false;
        loop {
            let Some((file, is_new)) = open(path)? else { continue };
            let Some(is_safe) = try_flock(&file).map_err(Error::io("lock", path))? else { return Ok(None) };
            if !is_at(&file, path)? {
                // The previous holder has just removed the file that was opened here.
                continue;
            }
            let left = if is_new { None } else { Some(left(&file, path, is_safe)?) };
            match left {
                Some(Left::Held) => return Ok(None),
                Some(Left::Empty) if !was_empty => {
                    was_empty = true;
                    drop(file);
                    thread::sleep(SETTLED);
                }
                left => return Lock::hold(file, path, left),
            }
        }
    }

    /// Takes the lock, and waits while another process holds it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn wait_for(path: &Path) -> Result<Lock> {
        let mut pause = PAUSE;
        loop {
            if let Some(lock) = Lock::try_take(path)? {
                return Ok(lock);
            }
            thread::sleep(pause);
            pause = (2 * pause).min(MAX_PAUSE);
        }
    }

    /// Returns true if another process has taken the lock over, because this one gave no sign of life.
    pub fn is_lost(&self) -> bool {
        self.heartbeat.as_ref().is_some_and(Heartbeat::is_lost)
    }

    /// Writes the lease into the file, and keeps it up.
    fn hold(file: File, path: &Path, left: Option<Left>) -> Result<Option<Lock>> {
        let lease = Lease::of_this_process(TAKEN.fetch_add(1, Ordering::SeqCst));
        if let Err(error) = lease.write(&file, path) {
            // A full disk leaves no lock behind.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        if left == Some(Left::Expired) {
            // Two machines may take the lock over at once: the last to write has it.
            thread::sleep(SETTLED);
            if lease::at(path)?.as_ref() != Some(&lease) {
                return Ok(None);
            }
        }
        let copy = file.try_clone().map_err(Error::io("write", path))?;
        let heartbeat = Some(Heartbeat::start(lease.clone(), copy, path.to_path_buf(), HEARTBEAT));
        let follows_killed = left == Some(Left::Killed);
        Ok(Some(Lock { path: path.to_path_buf(), lease, heartbeat, _file: file, follows_killed }))
    }
}

/// Creates the file, or opens the one that is there; then the second value is false. `None` if another
/// process has removed it in between.
fn open(path: &Path) -> Result<Option<(File, bool)>> {
    let mut options = File::options();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        created => return created.map(|file| Some((file, true))).map_err(Error::io("write", path)),
    }
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(|file| Some((file, false))).map_err(Error::io("write", path)),
    }
}

/// Returns `None` if a process on this machine holds the file, and false if the file system cannot tell.
fn try_flock(file: &File) -> Result<Option<bool>, IoError> {
    /// The error of a network file system without a service for locks: ENOLCK of Linux.
    const NO_SERVICE: i32 = 37;
    match file.try_lock() {
        Ok(()) => Ok(Some(true)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error))
            if error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(NO_SERVICE) =>
        {
            Ok(Some(false))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The state of a lock file that another process has made. `is_safe` is true if `flock` says that no process
/// of this machine holds it.
fn left(file: &File, path: &Path, is_safe: bool) -> Result<Left> {
    let Some(lease) = Lease::read(file, path)? else { return Ok(Left::Empty) };
    if lease.is_of_this_machine() {
        let is_there = || Path::new("/proc").join(lease.pid.to_string()).try_exists();
        let lives = !is_safe && is_there().unwrap_or(true);
        return Ok(if lives { Left::Held } else { Left::Killed });
    }
    let is_expired = lease::age(path)?.is_none_or(|age| age > EXPIRY);
    Ok(if is_expired { Left::Expired } else { Left::Held })
}

/// Returns true if an open file is still the one at this path.
fn is_at(file: &File, path: &Path) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let place = |found: fs::Metadata| (found.dev(), found.ino());
    let mine = file.metadata().map_err(Error::io("read", path))?;
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        found => Ok(place(found.map_err(Error::io("read", path))?) == place(mine)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A lock file that a process of another machine wrote some time ago.
    fn left_by_another(path: &Path, age: Duration) {
        fs::write(path, "host far\npid 1\nboot another\nserial 0\n").unwrap();
        File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

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
    fn try_take_file_of_a_killed_process_is_taken_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        // The file that a killed process leaves has the form of that of a live one.
        let lock = Lock::try_take(&path).unwrap();
        let text = fs::read(&path).unwrap();
        drop(lock);
        for (left, killed) in [(text, true), (Vec::new(), false)] {
            fs::write(&path, &left).unwrap();
            assert_eq!(Lock::try_take(&path).unwrap().unwrap().follows_killed, killed, "{left:?}");
        }
    }

    #[test]
    fn try_take_lease_of_another_machine_is_taken_once_it_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        left_by_another(&path, EXPIRY / 2);
        assert!(Lock::try_take(&path).unwrap().is_none());
        left_by_another(&path, 2 * EXPIRY);
        let taken = Lock::try_take(&path).unwrap().unwrap();
        assert!(!taken.follows_killed && !taken.is_lost());
        assert_eq!(lease::at(&path).unwrap(), Some(taken.lease.clone()));
    }

    #[test]
    fn heartbeat_renews_the_lease_until_another_machine_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let lock = Lock::try_take(&path).unwrap().unwrap();
        let wait_for = |is_done: &dyn Fn() -> bool| {
            (0..500).any(|_| {
                thread::sleep(PAUSE);
                is_done()
            })
        };
        let old = SystemTime::now() - 2 * EXPIRY;
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(old).unwrap();
        let beat = Heartbeat::start(lock.lease.clone(), file, path.clone(), PAUSE);
        assert!(wait_for(&|| fs::metadata(&path).unwrap().modified().unwrap() > old + EXPIRY));
        // Another machine puts its own file there.
        fs::remove_file(&path).unwrap();
        left_by_another(&path, Duration::ZERO);
        assert!(wait_for(&|| beat.is_lost()));
        drop((beat, lock));
        assert!(path.exists(), "the file of the other machine stays");
    }
}
