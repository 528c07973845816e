//! Faults at the uses of files by a command: the next command finds nothing lost and nothing half.
//!
//! By default a few calls are tried, or as many as `LSTM_LAB_TORTURE` says. `scripts/torture` tries all.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use crate::support::faults::{Ended, Fault, Server, with_fault};
use crate::support::{lab, with_config};

/// The number of calls of each command and fault that are tried by default.
const FEW: usize = 2;

/// The figures are small, because most of the time is that of drawing them.
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
[plot]
width = 2
title = false
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

/// The calls to try: all, or a few that differ from one kind of fault to the next.
fn tried(count: usize, shift: usize) -> Vec<usize> {
    let asked = std::env::var("LSTM_LAB_TORTURE").unwrap_or_default();
    let number = if asked == "all" { count } else { asked.parse().unwrap_or(FEW).min(count) };
    (0..number).map(|n| (n * count + shift * count / Fault::ALL.len()) / number).collect()
}

/// A command that is executed with faults, each time on a copy of the same directory.
struct Torture<'a> {
    start: &'a Path,
    command: &'a [&'a str],
    expected: (BTreeMap<&'static str, String>, Vec<PathBuf>),
    /// Judges the directory right after the fault.
    is_kept: &'a dyn Fn(&Path) -> bool,
    program: Server,
    next: Server,
}

impl Torture<'_> {
    fn begin(&self) -> tempfile::TempDir {
        let dir = with_config("x.toml", CONFIG);
        copy(self.start, dir.path());
        dir
    }

    /// Executes the command with a fault, and then `run` without one. Returns true if the command ended well,
    /// or the problem.
    fn try_one(&mut self, fault: Fault, at: usize) -> Result<bool, String> {
        let dir = self.begin();
        let ended = self.program.with_fault(dir.path(), fault, at);
        let is_well =
            self.judge(dir.path(), fault, &ended).map_err(|problem| format!("{problem}: {}", ended.said))?;
        let again = self.next.execute(dir.path());
        if !again.status.success() {
            return Err(format!("the next `run` fails: {}; before it: {}", again.said, ended.said));
        }
        match outcome(dir.path()) == self.expected {
            true => Ok(is_well),
            false => Err(format!("other results or files after the next `run`: {}", ended.said)),
        }
    }

    /// Judges the end of the command with a fault, and the directory that it leaves.
    fn judge(&self, dir: &Path, fault: Fault, ended: &Ended) -> Result<bool, String> {
        let is_well = ended.status.success();
        if ended.status.signal().is_some() != (fault == Fault::Kill) {
            return Err(format!("{}", ended.status));
        }
        if ended.said.contains("panicked") {
            return Err("a panic".into());
        }
        if is_well && outcome(dir).0 != self.expected.0 {
            return Err("exit code 0 with other results".into());
        }
        if !is_well && fault != Fault::Kill && !ended.said.contains(fault.message()) {
            return Err("an error without the reason".into());
        }
        if (self.is_kept)(dir) { Ok(is_well) } else { Err("lost".into()) }
    }
}

/// Executes `command` with faults on copies of `start`. Afterwards, `run` gives the results of `whole` each
/// time.
#[allow(clippy::print_stdout)] // The figures of a long test are for its reader.
fn torture(start: &Path, whole: &Path, command: &[&str], is_kept: impl Fn(&Path) -> bool) {
    let (program, next) = (Server::start(command), Server::start(&RUN));
    let expected = outcome(whole);
    let mut torture = Torture { start, command, expected, is_kept: &is_kept, program, next };
    let mut problems = Vec::new();
    for (shift, fault) in Fault::ALL.into_iter().enumerate() {
        let calls = torture.program.calls(torture.begin().path(), fault);
        let command = torture.command.join(" ");
        assert!(calls.len() > 20, "{command}: {} calls", calls.len());
        let tried = tried(calls.len(), shift);
        let (mut well, before) = (0, problems.len());
        for &at in &tried {
            match torture.try_one(fault, at) {
                Ok(is_well) => well += usize::from(is_well),
                Err(problem) => {
                    problems.push(format!("{command}, {fault:?} at {at} ({}): {problem}", calls[at]))
                }
            }
        }
        let (number, lost) = (tried.len(), problems.len() - before);
        println!(
            "{command}, {fault:?}: {number} of {} calls, {well} ended well, {lost} problems",
            calls.len()
        );
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
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

#[test]
fn fault_during_resume_loses_nothing() {
    let (killed, whole) = (with_config("x.toml", CONFIG), whole());
    let is_checkpoint = |path: &PathBuf| path.ends_with("last.safetensors");
    let has_checkpoint = |work: &Path| below(&work.join("results/x")).iter().any(is_checkpoint);
    let changes = Server::start(&RUN).calls(with_config("x.toml", CONFIG).path(), Fault::Kill);
    let last = changes.iter().rposition(|change| change.contains("/checkpoints/")).unwrap();
    with_fault(killed.path(), &RUN, Fault::Kill, last);
    assert!(has_checkpoint(killed.path()));
    torture(killed.path(), whole.path(), &RUN, has_checkpoint);
}
