//! Faults at the changes of files that a command makes: the next command finds nothing lost and nothing half.
//!
//! By default a few changes are tried, or as many as `LSTM_LAB_TORTURE` says. `scripts/torture` tries all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::faults::{Fault, changes, with_fault};
use crate::support::{lab, with_config};

/// The number of changes of each command that are tried by default.
const FEW: usize = 2;

const CONFIG: &str = r#"
kind = "training"
[task]
name = "adding"
[grid]
cell = "rnn"
hidden_size = 2
seq_len = 4
batch_size = 2
[training]
steps = 2
log_every = 1
evaluate_every = 1
probe_every = 2
eval_sequences = 2
checkpoint_seconds = 0
"#;

const RUN: [&str; 6] = ["run", "x.toml", "-q", "--threads", "1", "--device=cpu"];

/// Every file and directory below a directory.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for path in below(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        let folder = if path.is_dir() { &target } else { target.parent().unwrap() };
        fs::create_dir_all(folder).unwrap();
        if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The tables that are the same in each execution, and the names of all files.
fn outcome(dir: &Path) -> (BTreeMap<&'static str, String>, Vec<PathBuf>) {
    let results = dir.join("results/x");
    let tables = ["training.csv", "gradients.csv", "fits.csv", "plan.csv"];
    let read = |name: &'static str| (name, fs::read_to_string(results.join(name)).unwrap_or_default());
    let mut names: Vec<PathBuf> =
        below(&results).iter().map(|path| path.strip_prefix(&results).unwrap().to_path_buf()).collect();
    names.sort();
    (tables.map(read).into_iter().collect(), names)
}

/// The changes to try: all, or a few that differ from one kind of fault to the next.
fn tried(count: usize, shift: usize) -> Vec<usize> {
    let asked = std::env::var("LSTM_LAB_TORTURE").unwrap_or_default();
    let number = if asked == "all" { count } else { asked.parse().unwrap_or(FEW).min(count) };
    (0..number).map(|n| (n * count + shift * count / 3) / number).collect()
}

/// Executes `command` with a fault at some of its changes, on a copy of `start`, and then `run` without one.
/// The results are those of `whole` each time. `is_kept` judges the directory right after the fault.
fn torture(start: &Path, whole: &Path, command: &[&str], is_kept: impl Fn(&Path) -> bool) {
    let expected = outcome(whole);
    let begin = || {
        let dir = with_config("x.toml", CONFIG);
        copy(start, dir.path());
        dir
    };
    let count = changes(begin().path(), command).len();
    assert!(count > 20, "{command:?}: {count} changes");
    for (shift, fault) in [Fault::Kill, Fault::Full, Fault::Broken].into_iter().enumerate() {
        for at in tried(count, shift) {
            let dir = begin();
            let work = dir.path();
            let output = with_fault(work, command, fault, at);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let context = format!("{command:?}, {fault:?} at change {at} of {count}: {said}");
            assert_eq!(output.status.code().is_none(), fault == Fault::Kill, "{context}");
            assert!(!said.contains("panicked"), "{context}");
            assert!(is_kept(work), "lost: {context}");
            let again = lab(work, &RUN);
            assert_eq!(again.code, 0, "{context}; then {}", again.stderr);
            let found = outcome(work);
            assert_eq!(found.0, expected.0, "{context}");
            assert_eq!(found.1, expected.1, "{context}");
        }
    }
}

/// The complete results.
fn whole() -> tempfile::TempDir {
    let dir = with_config("x.toml", CONFIG);
    let said = lab(dir.path(), &RUN);
    assert_eq!(said.code, 0, "{}", said.stderr);
    dir
}

/// Returns true if the run of the complete results is there: it stays until a new one is whole.
fn has_run(work: &Path) -> bool {
    let mut runs = fs::read_dir(work.join("results/x/runs")).unwrap();
    runs.any(|run| run.unwrap().path().join("tables.csv").exists())
}

#[test]
fn fault_during_run_loses_nothing() {
    let (empty, whole) = (with_config("x.toml", CONFIG), whole());
    torture(empty.path(), whole.path(), &RUN, |_| true);
}

#[test]
fn fault_during_rerun_loses_nothing() {
    let whole = whole();
    torture(whole.path(), whole.path(), &[&RUN[..], &["--rerun"]].concat(), has_run);
}

#[test]
fn fault_during_report_loses_nothing() {
    let whole = whole();
    torture(whole.path(), whole.path(), &["report", "results/x"], has_run);
}
