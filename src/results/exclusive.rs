//! The files of a whole experiment, which one process at a time may write.

use std::path::Path;

use super::lock::Lock;
use super::manifest;
use super::record::RunRecord;
use super::schema::{
    FitRow, GateRow, GradientRow, JacobianRow, PlanRow, RUN_TABLES, Row, RunRow, SampleRow, SpeedRow,
    TrainingRow, WeightRow,
};
use super::store::Store;
use super::table;
use crate::support::error::Result;
use crate::support::file::{is_there, remove_file, remove_stale_temp_files, rows, write_atomic, write_csv};

/// The right to write the files of a whole experiment. Other processes wait for it.
#[derive(Debug)]
pub struct Exclusive<'a> {
    pub(super) store: &'a Store,
    _lock: Lock,
}

impl Store {
    /// Waits until no other process writes the files of the experiment, and completes what a killed process
    /// left. A process that holds this right must not ask for it again.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn exclusive(&self) -> Result<Exclusive<'_>> {
        let exclusive = self.enter()?;
        remove_stale_temp_files(self.root())?;
        exclusive.publish_all()?;
        Ok(exclusive)
    }

    /// Waits like [`Store::exclusive`], and completes nothing. A directory of many runs is not read.
    pub(super) fn enter(&self) -> Result<Exclusive<'_>> {
        let lock = Lock::wait_for(&self.root().join(".lock"))?;
        Ok(Exclusive { store: self, _lock: lock })
    }
}

impl Exclusive<'_> {
    /// Writes the CSV files of the experiment from those of its runs, in the order of `plan.csv`. Runs
    /// without results are left out. A table without rows gets no file. Returns the problem of each run that
    /// is left out because a file of it is not as it was saved.
    ///
    /// # Errors
    /// A run's file cannot be read, or the result cannot be written.
    pub fn assemble(&self) -> Result<Vec<String>> {
        let (mut runs, mut damaged) = (Vec::new(), Vec::new());
        for id in self.store.planned()? {
            match self.store.damage(&id)? {
                Some(problem) => damaged.push(problem),
                None => runs.extend(self.store.record(&id)?),
            }
        }
        write_records(self.store.root(), &runs)?;
        self.gather::<GradientRow>(&runs)?;
        self.gather::<FitRow>(&runs)?;
        self.gather::<JacobianRow>(&runs)?;
        self.gather::<GateRow>(&runs)?;
        self.gather::<WeightRow>(&runs)?;
        self.gather::<SpeedRow>(&runs)?;
        self.gather::<TrainingRow>(&runs)?;
        self.gather::<SampleRow>(&runs)?;
        manifest::write(self.store.root(), &[&[RunRow::FILE], RUN_TABLES.as_slice()].concat())?;
        Ok(damaged)
    }

    fn gather<R: Row + 'static>(&self, runs: &[RunRecord]) -> Result<()> {
        let mut tables = Vec::new();
        for run in runs {
            let path = self.store.run_dir(&run.row.run_id).join(R::FILE);
            if is_there(&path)? {
                tables.push((&run.settings, rows::<R>(&path)?));
            }
        }
        let root = self.store.root();
        if tables.is_empty() { self.remove(R::FILE) } else { table::write(&root.join(R::FILE), tables) }
    }

    /// Writes the plan, from id and description of each run.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_plan<'a>(&self, runs: impl Iterator<Item = (&'a str, String)>) -> Result<()> {
        let row = |(id, run): (&str, String)| PlanRow { run_id: id.to_string(), run };
        write_csv(&self.store.root().join(PlanRow::FILE), runs.map(row))
    }

    /// Removes a file of the experiment that an earlier config may have left.
    ///
    /// # Errors
    /// The file exists and cannot be removed.
    pub fn remove(&self, file: &str) -> Result<()> {
        remove_file(&self.store.root().join(file))
    }

    /// Writes a text file of the experiment, unless it exists.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_text_if_absent(&self, file: &str, text: &str) -> Result<()> {
        if is_there(&self.store.root().join(file))? { Ok(()) } else { self.write_text(file, text) }
    }

    /// Writes a text file of the experiment, such as `config.toml`.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_text(&self, file: &str, text: &str) -> Result<()> {
        write_atomic(&self.store.root().join(file), text.as_bytes())
    }
}

/// Writes `runs.csv` of a run or of the experiment.
pub(super) fn write_records(dir: &Path, runs: &[RunRecord]) -> Result<()> {
    let lines = runs.iter().map(|run| (&run.settings, [Ok(run.row.clone())]));
    table::write(&dir.join(RunRow::FILE), lines)
}
