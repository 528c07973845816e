//! `--set` is part of the result: another results directory, a note in the report, no verdicts.

use std::fs;
use std::path::Path;

use lstm_lab::results::manifest;
use tempfile::TempDir;

use crate::support::{lab, with_config};

const CONFIG: &str = r#"
kind = "gradients"
seeds = [1, 2, 3]

[[expect]]
name = "it vanishes"
metric = "slope"
where = { cell = "rnn" }
below = 0
because = "Bengio, Simard & Frasconi (1994)."

[claim]
statement = "It vanishes."

[[claim.test]]
name = "the slope is negative"
metric = "slope"
where = { cell = "rnn" }
below = 0

[grid]
cell = "rnn"
hidden_size = 4
input_size = 2
seq_len = 20
batch_size = 2
"#;

/// Returns a directory with the config `small.toml`.
fn small() -> TempDir {
    with_config("small.toml", CONFIG)
}

/// Runs `lstm-lab run` and returns what it says.
fn run(dir: &TempDir, arguments: &[&str]) -> String {
    let said = lab(dir.path(), &[&["run", "--device", "cpu"], arguments].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    said.stderr
}

fn report(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join("results").join(name).join("report.md")).unwrap()
}

fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn run_changed_settings_have_a_directory_and_no_verdicts() {
    let dir = small();
    run(&dir, &["small.toml"]);
    let before = report(&dir, "small");
    assert_parts(
        &before,
        &["1 of 1 expectation holds.", "**Undecided**: supported in 0 of 1 test; undecided: "],
    );
    let said = run(&dir, &["small.toml", "--set", "grid.seq_len=10", "--set", "grid.dtype=f64"]);
    assert_parts(&said, &["3 done", "Expectations are not judged: settings were changed"]);
    assert_eq!(report(&dir, "small"), before, "the results of the config itself stay");
    let changed = report(&dir, "small+dtype=f64+seq_len=10");
    let parts = [
        "**Changed settings.** With seq\\_len = 10 instead of 20; dtype = \"f64\" instead of the default.",
        "| not judged (settings were changed) |",
        "It vanishes. **Not judged**: settings were changed.",
    ];
    assert_parts(&changed, &parts);
    // The saved config gives the same directory with the same note.
    let again = run(&dir, &["results/small+dtype=f64+seq_len=10/config.toml"]);
    assert_parts(&again, &["0 done, 3 already complete"]);
    assert_parts(&report(&dir, "small+dtype=f64+seq_len=10"), &parts);
}

#[test]
fn run_added_runs_go_into_the_same_directory_and_are_judged() {
    let dir = small();
    run(&dir, &["small.toml"]);
    let said = run(&dir, &["small.toml", "--seeds", "6"]);
    assert_parts(&said, &["3 done, 3 already complete", "1 of 1 expectation holds"]);
    let parts = [
        "**Added runs.** With seeds = \\[1, 2, 3, 4, 5, 6\\] instead of \\[1, 2, 3\\].",
        "**Supported**: supported in 1 of 1 test: ",
    ];
    assert_parts(&report(&dir, "small"), &parts);
    // A test that no longer selects runs of one grid point decides nothing.
    run(&dir, &["small.toml", "--set", "grid.hidden_size=[4, 5]"]);
    assert_parts(&report(&dir, "small"), &["undecided (selects runs that differ in more than the seed)"]);
}

#[test]
fn run_override_of_the_name_names_the_directory() {
    let dir = small();
    run(&dir, &["small.toml", "--set", "name=mine", "--set", "grid.seq_len=10"]);
    assert_parts(
        &report(&dir, "mine"),
        &["# mine\n\n**Changed settings.** With seq\\_len = 10 instead of 20."],
    );
    run(&dir, &["small.toml", "--set", "grid.seq_len=20"]);
    assert!(!report(&dir, "small").contains("Changed settings"), "the value is that of the config");
}

#[test]
fn report_names_runs_of_the_plan_that_were_not_made() {
    let dir = small();
    run(&dir, &["small.toml", "--shard", "1/3"]);
    assert_parts(
        &report(&dir, "small"),
        &["1 run: 1 ok, 0 failed. 2 of 3 runs of the plan have not been made."],
    );
    run(&dir, &["small.toml"]);
    assert!(!report(&dir, "small").contains("have not been made"));
}

/// Changes the version in the `runs.csv` of one complete run.
fn age(results: &Path) {
    let run = fs::read_dir(results.join("runs")).unwrap().next().unwrap().unwrap().path();
    let table = run.join("runs.csv");
    let text = fs::read_to_string(&table).unwrap();
    let aged = text.replace(env!("CARGO_PKG_VERSION"), "9.9.9");
    assert_ne!(aged, text, "no version in {text}");
    fs::write(&table, aged).unwrap();
    fs::remove_file(run.join(manifest::TABLES)).unwrap();
    manifest::write_of_all(&run).unwrap();
}

#[test]
fn run_names_the_versions_that_made_earlier_runs() {
    let dir = small();
    assert!(!run(&dir, &["small.toml"]).contains("made by"));
    age(&dir.path().join("results/small"));
    let said = run(&dir, &["small.toml"]);
    assert_parts(&said, &["  1 already there, made by 9.9.9"]);
    assert_parts(&report(&dir, "small"), &["They were made by several versions of lstm-lab ("]);
}
