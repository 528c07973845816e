//! Runs in a results directory that its plan does not ask for: those of an earlier config.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::schema::{PlanRow, Row};
use super::store::Store;
use crate::settings::Settings;
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, read, remove_dir};

/// A run that the plan does not ask for, or the checkpoints of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Unplanned {
    /// The run.
    pub run_id: String,
    /// Its settings; `None` if there are only checkpoints.
    pub settings: Option<Settings>,
    /// The size of its files.
    pub bytes: u64,
}

impl Store {
    /// The ids of the plan with which the last `run` wrote this directory.
    ///
    /// # Errors
    /// The directory has no plan: `lstm-lab run` has not written it.
    pub fn planned(&self) -> Result<Vec<String>> {
        let path = self.root().join(PlanRow::FILE);
        if !is_there(&path)? {
            let problem = format!("expected a results directory, found none with {}", PlanRow::FILE);
            return Err(Error::data(self.root(), problem));
        }
        Ok(read::<PlanRow>(&path)?.into_iter().map(|row| row.run_id).collect())
    }

    /// The runs, also unfinished ones with checkpoints, that are none of these, sorted by id.
    pub fn unplanned(&self, run_ids: &[String]) -> Vec<Unplanned> {
        let planned: BTreeSet<&str> = run_ids.iter().map(String::as_str).collect();
        let mut found = BTreeSet::new();
        for folder in ["runs", "checkpoints"] {
            let entries = fs::read_dir(self.root().join(folder)).into_iter().flatten().flatten();
            let dirs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            found.extend(dirs.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        }
        let is_other = |id: &String| is_run_id(id) && !planned.contains(id.as_str());
        let unplanned = |run_id: String| Unplanned {
            settings: self.record(&run_id).ok().flatten().map(|run| run.settings),
            bytes: self.dirs(&run_id).iter().map(|dir| size(dir)).sum(),
            run_id,
        };
        found.into_iter().filter(is_other).map(unplanned).collect()
    }

    /// Removes a run and its checkpoints. Returns false if another process is executing it.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove_run(&self, run_id: &str) -> Result<bool> {
        let Some(_lock) = self.lock(run_id)? else { return Ok(false) };
        self.dirs(run_id).iter().try_for_each(|dir| remove_dir(dir))?;
        Ok(true)
    }
}

/// Returns true for the name of a run's directory. Every other file in the results directory is a user's.
fn is_run_id(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The size of the files in a directory; 0 if there is none.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}
