//! One experiment's results directory: a run is complete or absent, and so is every file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::manifest;
use super::record::RunRecord;
use super::schema::{Row, RunRow};
use super::table;
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, make_dir};

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
        let store = Store { root: out.join(name) };
        let refused = |error| match error {
            Error::Io { cause, .. } => Error::OutDir { path: store.root.clone(), cause },
            other => other,
        };
        make_dir(&store.runs()).map_err(refused)?;
        drop(store.exclusive().map_err(refused)?);
        Ok(store)
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
    ///
    /// # Errors
    /// A file of the run cannot be read.
    pub fn completed(&self, run_id: &str) -> Result<Option<RunRecord>> {
        let run = self.record(run_id)?.filter(RunRecord::is_ok);
        Ok(if self.damage(run_id)?.is_none() { run } else { None })
    }

    /// The file of a saved run that is not as it was saved, with the difference.
    ///
    /// # Errors
    /// A file of the run cannot be read.
    pub fn damage(&self, run_id: &str) -> Result<Option<String>> {
        let dir = self.run_dir(run_id);
        let difference = if is_there(&dir)? { manifest::difference(&dir)? } else { None };
        Ok(difference.map(|(file, problem)| format!("{}: {problem}", dir.join(file).display())))
    }

    /// Counts those of these runs that have results, failed ones included.
    ///
    /// # Errors
    /// A file of a run cannot be read.
    pub fn count_complete(&self, run_ids: &[String]) -> Result<usize> {
        run_ids.iter().try_fold(0, |count, id| Ok(count + usize::from(self.record(id)?.is_some())))
    }

    /// Counts the runs in the directory that are none of these: they belong to another config.
    pub fn count_unplanned(&self, run_ids: &[String]) -> usize {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with('.') && !run_ids.contains(name)).count()
    }

    /// The directories of a run's results and checkpoints, which may be absent.
    pub(super) fn dirs(&self, run_id: &str) -> [PathBuf; 2] {
        [self.run_dir(run_id), self.checkpoints(run_id)]
    }

    /// A run that was saved, also a failed one; `None` if it is absent or damaged.
    ///
    /// # Errors
    /// The system cannot read the file of the run.
    pub fn record(&self, run_id: &str) -> Result<Option<RunRecord>> {
        match table::read(&self.run_dir(run_id).join(RunRow::FILE)) {
            Ok(rows) => Ok(rows.into_iter().next().map(|(settings, row)| RunRecord { settings, row })),
            Err(error) if error.is_of_system() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The time at which a run was saved.
    pub fn saved_at(&self, run_id: &str) -> Option<SystemTime> {
        fs::metadata(self.run_dir(run_id)).and_then(|dir| dir.modified()).ok()
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    pub(super) fn run_dir(&self, run_id: &str) -> PathBuf {
        self.runs().join(run_id)
    }

    /// The directory of a run's checkpoints: the last one and the best one.
    pub fn checkpoints(&self, run_id: &str) -> PathBuf {
        self.root.join("checkpoints").join(run_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Rows;
    use crate::results::fixtures::{sample, settings};
    use crate::results::manifest::TABLES;
    use crate::results::schema::SpeedRow;
    use crate::support::file::read;

    fn run(id: &str, status: &str) -> RunRecord {
        let error = (status == "failed").then(|| "a, \"quoted\" reason".into());
        let row = RunRow { run_id: id.into(), status: status.into(), error, ..RunRow::default() };
        RunRecord { settings: settings(4), row: RunRow { seconds: Some(0.5), ..row } }
    }

    /// An empty store whose plan has these runs.
    fn planned(dir: &tempfile::TempDir, ids: &[&str]) -> Store {
        let store = Store::open(dir.path(), "x").unwrap();
        let plan = ids.iter().map(|id| (*id, String::new()));
        store.exclusive().unwrap().write_plan(plan).unwrap();
        store
    }

    fn save(store: &Store, id: &str, seconds: f64) {
        let rows = Rows { speed: vec![sample(id, seconds)], ..Rows::default() };
        store.save(&run(id, "ok"), &rows).unwrap();
    }

    fn assemble(store: &Store) -> Vec<String> {
        store.exclusive().unwrap().assemble().unwrap()
    }

    /// The names of the files and directories of a directory that are hidden.
    fn hidden(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with('.')).collect()
    }

    #[test]
    fn save_rows_read_back_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["a"]);
        let rows = vec![sample("a", 0.1 + 0.2), sample("a", 1e-9)];
        store.save(&run("a", "ok"), &Rows { speed: rows.clone(), ..Rows::default() }).unwrap();
        assert_eq!(store.completed("a").unwrap(), Some(run("a", "ok")));
        assert_eq!(assemble(&store), [""; 0]);
        assert_eq!(read::<SpeedRow>(&store.root().join("speed.csv")).unwrap(), rows);
        assert!(!store.root().join("gradients.csv").exists());
        assert_eq!(manifest::difference(store.root()).unwrap(), None);
    }

    #[test]
    fn save_failed_run_is_listed_not_completed_and_replaced_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["a", "absent"]);
        store.save(&run("a", "failed"), &Rows::default()).unwrap();
        assert_eq!(store.completed("a").unwrap(), None);
        assemble(&store);
        let rows = table::read::<RunRow>(&store.root().join("runs.csv")).unwrap();
        let RunRecord { settings, row } = run("a", "failed");
        assert_eq!(rows, [(settings, row)]);
        save(&store, "a", 1.0);
        assert!(store.completed("a").unwrap().is_some());
    }

    #[test]
    fn completed_table_missing_truncated_or_edited_is_none_and_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["a"]);
        let table = store.root().join("runs/a/speed.csv");
        for content in ["", "edited"] {
            save(&store, "a", 1.0);
            assert!(store.completed("a").unwrap().is_some());
            fs::write(&table, content).unwrap();
            assert_eq!(store.completed("a").unwrap(), None, "{content:?}");
            let left_out = assemble(&store);
            assert!(
                left_out.len() == 1 && left_out[0].contains("runs/a/speed.csv: expected"),
                "{left_out:?}"
            );
            assert!(!store.root().join("speed.csv").exists());
        }
        save(&store, "a", 1.0);
        fs::remove_file(&table).unwrap();
        assert_eq!(store.completed("a").unwrap(), None, "missing");
        fs::remove_file(store.root().join("runs/a").join(TABLES)).unwrap();
        assert_eq!(store.completed("a").unwrap(), None, "no list of tables");
    }

    /// A run that cannot be read must not be made again: its results would be replaced.
    #[test]
    fn completed_run_that_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["a"]);
        save(&store, "a", 1.0);
        // The system refuses to read a directory as a file.
        let table = store.root().join("runs/a/runs.csv");
        fs::remove_file(&table).unwrap();
        fs::create_dir(&table).unwrap();
        assert!(store.completed("a").unwrap_err().is_of_system());
        assert!(store.exclusive().unwrap().assemble().unwrap_err().is_of_system());
    }

    #[test]
    fn lock_held_run_is_refused_until_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        let mine = store.lock("a").unwrap();
        assert!(mine.is_some() && store.lock("a").unwrap().is_none() && store.lock("b").unwrap().is_some());
        assert_eq!(store.count_unplanned(&[]), 0, "a lock is not a run");
        drop(mine);
        assert!(store.lock("a").unwrap().is_some());
        assert_eq!(hidden(&store.runs()), [""; 0]);
    }

    #[test]
    fn killed_names_the_runs_whose_locks_are_left_and_removes_them() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "x").unwrap();
        let held = store.lock("held").unwrap();
        // The file that a killed process leaves has the form of that of a live one.
        fs::copy(store.runs().join(".held.lock"), store.runs().join(".left.lock")).unwrap();
        fs::create_dir(store.runs().join(".left-half")).unwrap();
        assert_eq!(store.killed().unwrap(), ["left"]);
        drop(held);
        assert_eq!(hidden(&store.runs()), [""; 0]);
    }

    #[test]
    fn exclusive_completes_a_run_that_was_saved_when_its_process_was_killed() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["a"]);
        save(&store, "a", 1.0);
        let [old, new] = [store.checkpoints("a"), store.next_checkpoints("a")];
        for (place, content) in [(&old, "old"), (&new, "new")] {
            fs::create_dir_all(place).unwrap();
            fs::write(place.join("best"), content).unwrap();
        }
        // The state right after the step that makes a new run valid.
        fs::rename(store.run_dir("a"), store.runs().join(".a.next")).unwrap();
        assert_eq!(store.completed("a").unwrap(), None);
        drop(store.exclusive().unwrap());
        assert!(store.completed("a").unwrap().is_some());
        assert_eq!(fs::read_to_string(old.join("best")).unwrap(), "new");
        assert_eq!([hidden(&store.runs()), hidden(&store.root().join("checkpoints"))], [[""; 0]; 2]);
    }

    #[test]
    fn assemble_unplanned_run_stays_out_of_the_tables() {
        let dir = tempfile::tempdir().unwrap();
        let store = planned(&dir, &["b"]);
        ["a", "b"].into_iter().for_each(|id| save(&store, id, 1.0));
        assemble(&store);
        let rows: Vec<SpeedRow> = read(&store.root().join("speed.csv")).unwrap();
        assert_eq!(rows, [sample("b", 1.0)]);
        assert!(store.completed("a").unwrap().is_some());
        assert_eq!(store.count_unplanned(&["b".into()]), 1);
    }

    /// Two processes that share a directory: the tables of the slower one have the runs of both.
    #[test]
    fn assemble_at_once_never_loses_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let ids: Vec<String> = (0..12).map(|n| format!("run{n}")).collect();
        let store = planned(&dir, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        std::thread::scope(|scope| {
            for part in ids.chunks(3) {
                let store = &store;
                scope.spawn(move || {
                    for id in part {
                        save(store, id, 1.0);
                        assemble(store);
                    }
                });
            }
        });
        let rows: Vec<SpeedRow> = read(&store.root().join("speed.csv")).unwrap();
        assert_eq!(rows.len(), ids.len());
        assert_eq!(manifest::difference(store.root()).unwrap(), None);
        assert_eq!([hidden(store.root()), hidden(&store.runs())], [[""; 0]; 2], "no file stays");
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
