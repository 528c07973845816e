//! One experiment's results directory: a run is complete or absent, and so is every file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::curve::GradientCurve;
use super::record::RunRecord;
use super::schema::{FitRow, GateRow, GradientRow, JacobianRow, PlanRow, Row, RunRow, SpeedRow, TrainingRow};
use super::table;
use crate::support::error::{Error, Result};
use crate::support::file::{read, remove_prefixed, rows, write_atomic, write_csv};

/// The rows of one run, by table. Most kinds fill one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// `gradients.csv` and `fits.csv`.
    pub gradients: Vec<GradientCurve>,
    /// `jacobian.csv`.
    pub jacobian: Vec<JacobianRow>,
    /// `gates.csv`.
    pub gates: Vec<GateRow>,
    /// `speed.csv`.
    pub speed: Vec<SpeedRow>,
    /// `training.csv`.
    pub training: Vec<TrainingRow>,
}

/// A row of a run's `tables.csv`: a file and its size, to detect missing or truncated files.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TableRow {
    file: String,
    bytes: u64,
}

/// An exclusive, non-blocking lock on one run. Another process that finds it held skips the run.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: fs::File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while locked. A process that has already opened the file finds the run complete.
        let _ = fs::remove_file(&self.path);
    }
}

/// The directory `DIR/<experiment name>/`.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens or creates the directory of an experiment, and checks that it can be written.
    ///
    /// # Errors
    /// [`Error::OutDir`] if it cannot be written.
    pub fn open(out: &Path, name: &str) -> Result<Store> {
        let root = out.join(name);
        let runs = root.join("runs");
        let probe = || {
            fs::create_dir_all(&runs)?;
            tempfile::Builder::new().prefix(".probe-").tempfile_in(&runs)?.write_all(b"x")
        };
        probe().map_err(|cause| Error::OutDir { path: root.clone(), cause })?;
        Ok(Store { root })
    }

    /// The directory of an experiment that exists. Nothing is created.
    pub fn at(dir: &Path) -> Store {
        Store { root: dir.to_path_buf() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A run that is complete and did not fail.
    pub fn completed(&self, run_id: &str) -> Option<RunRecord> {
        self.record(run_id).filter(|run| run.is_ok() && self.is_whole(run_id))
    }

    /// Returns true if every file that a run was saved with still has the size it was saved with.
    fn is_whole(&self, run_id: &str) -> bool {
        let dir = self.run_dir(run_id);
        let whole = |table: &TableRow| {
            fs::metadata(dir.join(&table.file)).is_ok_and(|file| file.len() == table.bytes)
        };
        read::<TableRow>(&dir.join(TABLES)).is_ok_and(|tables| tables.iter().all(whole))
    }

    /// Locks a run for execution; `None` if another process holds the lock.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn lock(&self, run_id: &str) -> Result<Option<Lock>> {
        let runs = self.root.join("runs");
        let path = runs.join(format!(".{run_id}.lock"));
        loop {
            let file = fs::File::create(&path).map_err(Error::io("write", &path))?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => {
                    remove_prefixed(&runs, &temp_prefix(run_id))?;
                    return Ok(Some(Lock { path, _file: file }));
                }
                // The previous holder has just removed the file that was opened here.
                Ok(()) => continue,
                Err(fs::TryLockError::WouldBlock) => return Ok(None),
                Err(fs::TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
    }

    /// Counts those of these runs that have results, failed ones included.
    pub fn count_complete(&self, run_ids: &[String]) -> usize {
        run_ids.iter().filter(|id| self.record(id).is_some()).count()
    }

    /// Counts the runs in the directory that are none of these: they belong to another config.
    pub fn count_unplanned(&self, run_ids: &[String]) -> usize {
        let entries = fs::read_dir(self.root.join("runs")).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with('.') && !run_ids.contains(name)).count()
    }

    /// The directories of a run's results and checkpoints, which may be absent.
    pub(super) fn dirs(&self, run_id: &str) -> [PathBuf; 2] {
        [self.run_dir(run_id), self.checkpoints(run_id)]
    }

    /// A run that was saved, also a failed one.
    pub(super) fn record(&self, run_id: &str) -> Option<RunRecord> {
        let path = self.run_dir(run_id).join(RunRow::FILE);
        let (settings, row) = table::read(&path).ok()?.into_iter().next()?;
        Some(RunRecord { settings, row })
    }

    fn run_dir(&self, run_id: &str) -> PathBuf {
        self.root.join("runs").join(run_id)
    }

    /// The directory of a run's checkpoints: the last one and the best one.
    pub fn checkpoints(&self, run_id: &str) -> PathBuf {
        self.root.join("checkpoints").join(run_id)
    }

    /// Saves one run: writes a temporary directory, then renames it.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn save(&self, run: &RunRecord, rows: &Rows) -> Result<()> {
        let (runs, id) = (self.root.join("runs"), &run.row.run_id);
        let temporary = tempfile::Builder::new().prefix(&temp_prefix(id)).tempdir_in(&runs);
        let temporary = temporary.map_err(Error::io("write in", &runs))?;
        let dir = temporary.path();
        write_records(dir, std::slice::from_ref(run))?;
        write_rows::<GradientRow>(dir, rows.gradients.iter().flat_map(|curve| curve.rows(id)))?;
        write_rows::<FitRow>(dir, rows.gradients.iter().map(|curve| curve.fit_row(id)))?;
        write_rows::<JacobianRow>(dir, &rows.jacobian)?;
        write_rows::<GateRow>(dir, &rows.gates)?;
        write_rows::<SpeedRow>(dir, &rows.speed)?;
        write_rows::<TrainingRow>(dir, &rows.training)?;
        write_csv(&dir.join(TABLES), tables(dir)?)?;
        let place = self.run_dir(id);
        if place.exists() {
            fs::remove_dir_all(&place).map_err(Error::io("replace", &place))?;
        }
        fs::rename(dir, &place).map_err(Error::io("move a run to", &place))
    }

    /// Writes the CSV files of the experiment from those of its runs, in the plan's order. Runs without
    /// results are left out. A table without rows gets no file.
    ///
    /// # Errors
    /// A run's file cannot be read, or the result cannot be written.
    pub fn assemble(&self, run_ids: &[String]) -> Result<()> {
        let runs: Vec<RunRecord> = run_ids.iter().filter_map(|id| self.record(id)).collect();
        write_records(&self.root, &runs)?;
        self.gather::<GradientRow>(&runs)?;
        self.gather::<FitRow>(&runs)?;
        self.gather::<JacobianRow>(&runs)?;
        self.gather::<GateRow>(&runs)?;
        self.gather::<SpeedRow>(&runs)?;
        self.gather::<TrainingRow>(&runs)
    }

    fn gather<R: Row + 'static>(&self, runs: &[RunRecord]) -> Result<()> {
        let file = |run: &RunRecord| self.run_dir(&run.row.run_id).join(R::FILE);
        let of_runs = runs.iter().map(|run| (run, file(run))).filter(|(_, path)| path.exists());
        let tables: Vec<_> =
            of_runs.map(|(run, path)| Ok((&run.settings, rows::<R>(&path)?))).collect::<Result<_>>()?;
        if tables.is_empty() { self.remove(R::FILE) } else { table::write(&self.root.join(R::FILE), tables) }
    }

    /// Writes the plan, from id and description of each run.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_plan<'a>(&self, runs: impl Iterator<Item = (&'a str, String)>) -> Result<()> {
        let row = |(id, run): (&str, String)| PlanRow { run_id: id.to_string(), run };
        write_csv(&self.root.join(PlanRow::FILE), runs.map(row))
    }

    /// Removes a file of the experiment that an earlier config may have left.
    ///
    /// # Errors
    /// The file exists and cannot be removed.
    pub fn remove(&self, file: &str) -> Result<()> {
        let path = self.root.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a text file of the experiment, unless it exists.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_text_if_absent(&self, file: &str, text: &str) -> Result<()> {
        if self.root.join(file).exists() { Ok(()) } else { self.write_text(file, text) }
    }

    /// Writes a text file of the experiment, such as `config.toml`.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_text(&self, file: &str, text: &str) -> Result<()> {
        write_atomic(&self.root.join(file), text.as_bytes())
    }
}

/// Prefix of the name of a run's directory while it is written.
fn temp_prefix(run_id: &str) -> String {
    format!(".{run_id}-")
}

/// Returns true if an open file is still the one at this path.
fn is_at(file: &fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |found: std::io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    place(file.metadata()) == place(fs::metadata(path))
}

/// The file that lists a run's files.
const TABLES: &str = "tables.csv";

/// The files of a directory with their sizes.
fn tables(dir: &Path) -> Result<Vec<TableRow>> {
    let entries = fs::read_dir(dir)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(Error::io("read", dir))?;
    let mut tables = Vec::new();
    for entry in entries {
        let bytes = entry.metadata().map_err(Error::io("read", dir))?.len();
        tables.push(TableRow { file: entry.file_name().to_string_lossy().into_owned(), bytes });
    }
    tables.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(tables)
}

fn write_records(dir: &Path, runs: &[RunRecord]) -> Result<()> {
    let lines = runs.iter().map(|run| (&run.settings, [Ok(run.row.clone())]));
    table::write(&dir.join(RunRow::FILE), lines)
}

/// Writes the rows of one run, if there are any.
fn write_rows<R: Row>(dir: &Path, rows: impl IntoIterator<Item = impl Serialize>) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() { Ok(()) } else { write_csv(&dir.join(R::FILE), rows) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures::{sample, settings};

    fn run(id: &str, status: &str) -> RunRecord {
        let error = (status == "failed").then(|| "a, \"quoted\" reason".into());
        let row = RunRow { run_id: id.into(), status: status.into(), error, ..RunRow::default() };
        RunRecord { settings: settings(4), row: RunRow { seconds: Some(0.5), ..row } }
    }

    #[test]
    fn save_rows_read_back_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        let rows = vec![sample("a", 0.1 + 0.2), sample("a", 1e-9)];
        store.save(&run("a", "ok"), &Rows { speed: rows.clone(), ..Rows::default() }).unwrap();
        assert_eq!(store.completed("a"), Some(run("a", "ok")));
        store.assemble(&["a".into()]).unwrap();
        assert_eq!(read::<SpeedRow>(&store.root().join("speed.csv")).unwrap(), rows);
        assert!(!store.root().join("gradients.csv").exists());
    }

    #[test]
    fn save_failed_run_is_listed_not_completed_and_replaced_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        store.save(&run("a", "failed"), &Rows::default()).unwrap();
        assert_eq!(store.completed("a"), None);
        store.assemble(&["a".into(), "absent".into()]).unwrap();
        let rows = table::read::<RunRow>(&store.root().join("runs.csv")).unwrap();
        let RunRecord { settings, row } = run("a", "failed");
        assert_eq!(rows, [(settings, row)]);
        store.save(&run("a", "ok"), &Rows { speed: vec![sample("a", 1.0)], ..Rows::default() }).unwrap();
        assert!(store.completed("a").is_some());
    }

    #[test]
    fn completed_table_missing_or_truncated_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        let save = || {
            store.save(&run("a", "ok"), &Rows { speed: vec![sample("a", 1.0)], ..Rows::default() }).unwrap()
        };
        save();
        let table = store.root().join("runs/a/speed.csv");
        fs::write(&table, "").unwrap();
        assert_eq!(store.completed("a"), None, "truncated");
        save();
        assert!(store.completed("a").is_some());
        fs::remove_file(&table).unwrap();
        assert_eq!(store.completed("a"), None, "missing");
        fs::remove_file(store.root().join("runs/a").join(TABLES)).unwrap();
        assert_eq!(store.completed("a"), None, "no list of tables");
    }

    #[test]
    fn lock_held_run_is_refused_until_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        let mine = store.lock("a").unwrap();
        assert!(mine.is_some() && store.lock("a").unwrap().is_none() && store.lock("b").unwrap().is_some());
        drop(mine);
        assert!(store.lock("a").unwrap().is_some());
        assert_eq!(store.count_unplanned(&[]), 0, "a lock is not a run");
    }

    #[test]
    fn assemble_unplanned_run_stays_out_of_the_tables() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        for id in ["a", "b"] {
            store.save(&run(id, "ok"), &Rows { speed: vec![sample(id, 1.0)], ..Rows::default() }).unwrap();
        }
        store.assemble(&["b".into()]).unwrap();
        let rows: Vec<SpeedRow> = read(&store.root().join("speed.csv")).unwrap();
        assert_eq!(rows, [sample("b", 1.0)]);
        assert!(store.completed("a").is_some());
        assert_eq!(store.count_unplanned(&["b".into()]), 1);
    }

    #[test]
    fn open_unwritable_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let error = Store::open(&file, "x").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("cannot write results to"), "{error}");
    }
}
