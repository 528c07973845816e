//! The way of a run into the results directory. It takes the place of an older one when it is whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::exclusive::{Exclusive, write_records};
use super::lease::{self, Lease};
use super::lock::Lock;
use super::manifest;
use super::record::RunRecord;
use super::rows::Rows;
use super::store::Store;
use super::watch::{self, Watched};
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, remove_dir, remove_prefixed, rename};

/// The ending of the name of a directory that is to take the place of an older one.
const NEXT: &str = ".next";

/// The ending of the name of a run's lock.
const LOCK: &str = ".lock";

/// The time between two looks at the signals that stop a wait.
const PAUSE: Duration = Duration::from_millis(200);

impl Store {
    /// Locks a run for execution, and removes what a killed process left of it; `None` if another process
    /// holds the lock.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn lock(&self, run_id: &str) -> Result<Option<Lock>> {
        let runs = self.runs();
        let Some(lock) = Lock::try_take(&self.lock_of(run_id))? else { return Ok(None) };
        self.enter()?.publish(run_id)?;
        remove_prefixed(&runs, &temp_prefix(run_id))?;
        remove_dir(&self.next_checkpoints(run_id))?;
        Ok(Some(lock))
    }

    /// The process that holds the lock of a run, in words.
    ///
    /// # Errors
    /// The lock cannot be read.
    pub fn holder(&self, run_id: &str) -> Result<Option<String>> {
        Ok(lease::at(&self.lock_of(run_id))?
            .map(|holder| format!("process {} on {}", holder.pid, holder.host)))
    }

    /// Waits until the process of another machine that holds the lock of a run gives a sign of life, or its
    /// lease is over. Returns true if the lock is free. `on_wait` is called once with the name of the
    /// machine, and `is_stopped` ends the wait.
    ///
    /// # Errors
    /// The lock cannot be read.
    pub fn wait_for_holder(
        &self,
        run_id: &str,
        on_wait: impl Fn(&str),
        is_stopped: impl Fn() -> bool,
    ) -> Result<bool> {
        let lock = WatchedFile { path: self.lock_of(run_id), is_stopped };
        let Some(first) = lock.sign()? else { return Ok(true) };
        if first.0.is_of_this_machine() {
            return Ok(false);
        }
        on_wait(&first.0.host);
        watch::is_given_up(&lock, &first)
    }

    fn lock_of(&self, run_id: &str) -> PathBuf {
        self.runs().join(format!(".{run_id}{LOCK}"))
    }

    /// The runs during which a process was killed. The files that it left are removed.
    ///
    /// # Errors
    /// The directory cannot be read or written.
    pub fn killed(&self) -> Result<Vec<String>> {
        let mut killed = Vec::new();
        let mut left = hidden(&self.runs(), LOCK)?;
        // A run that was made anew and could not be saved leaves its checkpoints, but no lock.
        left.extend(hidden(&self.root().join("checkpoints"), NEXT)?);
        for id in left {
            if self.lock(&id)?.is_some_and(|lock| lock.follows_killed) {
                killed.push(id);
            }
        }
        Ok(killed)
    }

    /// Saves one run: writes a temporary directory, which then takes the place of an older one, together with
    /// checkpoints in [`Store::next_checkpoints`].
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn save(&self, run: &RunRecord, rows: &Rows) -> Result<()> {
        let (runs, id) = (self.runs(), &run.row.run_id);
        let temporary = tempfile::Builder::new().prefix(&temp_prefix(id)).tempdir_in(&runs);
        let temporary = temporary.map_err(Error::io("write in", &runs))?;
        let dir = temporary.path();
        write_records(dir, std::slice::from_ref(run))?;
        rows.write(dir, id)?;
        manifest::write_of_all(dir)?;
        let exclusive = self.enter()?;
        // After this step the new run is the valid one: a killed process leaves the rest to the next.
        rename(dir, &self.next_run(id))?;
        let _ = temporary.keep();
        exclusive.publish(id)
    }

    /// The directory for the checkpoints of a run that is made anew. They take the place of the older ones
    /// when the run is saved.
    pub fn next_checkpoints(&self, run_id: &str) -> PathBuf {
        self.root().join("checkpoints").join(format!(".{run_id}{NEXT}"))
    }

    fn next_run(&self, run_id: &str) -> PathBuf {
        self.runs().join(format!(".{run_id}{NEXT}"))
    }
}

/// The lock file of a process on another machine.
struct WatchedFile<F> {
    path: PathBuf,
    is_stopped: F,
}

impl<F: Fn() -> bool> Watched for WatchedFile<F> {
    type Sign = (Lease, SystemTime);

    fn sign(&self) -> Result<Option<(Lease, SystemTime)>> {
        lease::sign_of_life(&self.path)
    }

    fn age(&self) -> Result<Duration> {
        Ok(lease::age(&self.path)?.unwrap_or(Duration::MAX))
    }

    fn pause(&self, duration: Duration) -> bool {
        let begin = Instant::now();
        while !(self.is_stopped)() {
            let left = duration.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::sleep(left.min(PAUSE));
        }
        true
    }
}

impl Exclusive<'_> {
    /// Lets the new directories of every run that was saved take their place.
    pub(super) fn publish_all(&self) -> Result<()> {
        hidden(&self.store.runs(), NEXT)?.iter().try_for_each(|id| self.publish(id))
    }

    /// Lets the new directories of a run take their place, if it was saved. A second call goes on where a
    /// killed process stopped.
    fn publish(&self, run_id: &str) -> Result<()> {
        if !is_there(&self.store.next_run(run_id))? {
            return Ok(());
        }
        let (next, checkpoints) = (self.store.next_checkpoints(run_id), self.store.checkpoints(run_id));
        if is_there(&next)? {
            remove_dir(&checkpoints)?;
            rename(&next, &checkpoints)?;
        }
        let place = self.store.run_dir(run_id);
        remove_dir(&place)?;
        rename(&self.store.next_run(run_id), &place)
    }
}

/// The ids of the runs that have a hidden file or directory with this ending in a directory.
fn hidden(dir: &Path, ending: &str) -> Result<Vec<String>> {
    if !is_there(dir)? {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(Error::io("read", dir))?;
    let id = |name: String| Some(name.strip_prefix('.')?.strip_suffix(ending)?.to_string());
    Ok(entries.iter().filter_map(|entry| id(entry.file_name().to_string_lossy().into_owned())).collect())
}

/// The prefix of the name of a run's directory while it is written.
fn temp_prefix(run_id: &str) -> String {
    format!(".{run_id}-")
}
