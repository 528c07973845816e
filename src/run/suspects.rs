//! Runs during which a process was killed, perhaps because memory ran out. They come last, so that they keep
//! no other run from being made.

use std::collections::BTreeSet;

use crate::plan::run::Run;
use crate::results::schema::RunRow;
use crate::results::{KILLED, Rows, RunRecord, Store};
use crate::support::error::Result;

/// The error of such a run.
const ERROR: &str = "the process was killed during this run, perhaps because memory ran out";

/// The ids of the runs of a plan during which a process was killed.
pub struct Suspects(BTreeSet<String>);

impl Suspects {
    /// Finds the runs, and saves those without results as killed.
    ///
    /// # Errors
    /// The results directory cannot be written.
    pub fn find(plan: &[Run], store: &Store) -> Result<Suspects> {
        let killed = store.killed()?;
        for run in plan.iter().filter(|run| killed.contains(&run.id)) {
            let Some(_lock) = store.lock(&run.id)? else { continue };
            if store.completed(&run.id)?.is_none() {
                let (run_id, status, error) = (run.id.clone(), KILLED.to_string(), Some(ERROR.to_string()));
                let row = RunRow { run_id, status, error, rows: Some(0), ..RunRow::default() };
                store.save(&RunRecord { settings: run.settings.clone(), row }, &Rows::default())?;
            }
        }
        let mut suspects = BTreeSet::new();
        for run in plan {
            let is_killed = |record: RunRecord| record.row.status == KILLED;
            if killed.contains(&run.id) || store.record(&run.id)?.is_some_and(is_killed) {
                suspects.insert(run.id.clone());
            }
        }
        Ok(Suspects(suspects))
    }

    /// Returns true if a process was killed during the run.
    pub fn contains(&self, run: &Run) -> bool {
        self.0.contains(&run.id)
    }

    /// Puts the runs behind all others, and among them that one last during which a process was killed last.
    pub fn put_last(&self, runs: &mut [&Run], store: &Store) {
        runs.sort_by_key(|run| self.contains(run).then(|| store.saved_at(&run.id)));
    }
}
