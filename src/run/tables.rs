//! The experiment's CSV files while runs are executed.

use std::time::{Duration, Instant};

use crate::results::Store;
use crate::support::error::Result;

/// The least time between two updates.
const MIN_PAUSE: Duration = Duration::from_secs(5);

/// A pause lasts at least this many times as long as the update before it.
const PAUSE_FACTOR: u32 = 20;

/// The experiment's CSV files. Updates are rare enough to cost little and frequent enough that a killed
/// process loses little.
pub struct Tables<'a> {
    store: &'a Store,
    updated: Instant,
    pause: Duration,
}

impl<'a> Tables<'a> {
    /// Tables of the runs of the plan. The first update follows the first run: results are visible early.
    pub fn new(store: &'a Store) -> Tables<'a> {
        Tables { store, updated: Instant::now(), pause: Duration::ZERO }
    }

    /// Updates the files if the pause is over.
    pub fn refresh(&mut self) -> Result<()> {
        if self.updated.elapsed() > self.pause { self.assemble().map(drop) } else { Ok(()) }
    }

    /// Updates the files. Returns the problem of each run that is left out.
    pub fn assemble(&mut self) -> Result<Vec<String>> {
        let start = Instant::now();
        let left_out = self.store.exclusive()?.assemble()?;
        self.pause = MIN_PAUSE.max(PAUSE_FACTOR * start.elapsed());
        self.updated = Instant::now();
        Ok(left_out)
    }
}
