//! The kind `speed`: its processes, rounds, control and first passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use lstm_lab::results::schema::SpeedRow;
use lstm_lab::results::table;
use lstm_lab::settings::Settings;
use lstm_lab::support::file::read;

use crate::support::{lab, with_config};

const SMALL: &str = r#"
kind = "speed"

[grid]
cell = "gru"
engine = ["simd", "fused", "builtin"]
hidden_size = 4
seq_len = 6
batch_size = 2

[speed]
pass = "train"
samples = 8
"#;

/// Runs `small.toml` with options, and returns the rows of `speed.csv`.
fn timed(dir: &Path, options: &[&str]) -> Vec<SpeedRow> {
    let arguments = [&["run", "small.toml", "-q", "--device", "cpu", "--threads", "1"], options].concat();
    let finished = lab(dir, &arguments);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    read(&dir.join("results/small/speed.csv")).unwrap()
}

/// Returns the engines in the order of their turns, by process and round. The control is in capitals.
fn turns(rows: &[SpeedRow]) -> BTreeMap<(usize, Option<usize>), Vec<String>> {
    let mut turns: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for row in rows {
        let name = if row.control { row.engine.to_uppercase() } else { row.engine.clone() };
        turns.entry((row.process, row.round)).or_default().push(name);
    }
    turns
}

#[test]
fn speed_processes_share_the_rounds_and_time_every_engine_and_the_control_once_a_round() {
    let dir = with_config("small.toml", SMALL);
    let rows = timed(dir.path(), &[]);
    let turns = turns(&rows);
    let rounds = |process| turns.keys().filter(|(of, round)| *of == process && round.is_some()).count();
    assert_eq!([0, 1, 2, 3].map(rounds), [3, 3, 2, 0]);
    for ((process, round), engines) in &turns {
        let mut sorted = engines.clone();
        sorted.sort();
        let expected = match round {
            Some(_) => &["BUILTIN", "builtin", "fused", "simd"][..],
            None => &["builtin", "fused", "simd"],
        };
        assert_eq!(sorted, expected, "process {process}, round {round:?}");
    }
    let orders: BTreeSet<&Vec<String>> = turns.values().collect();
    assert!(orders.len() > 4, "the order is random: {orders:?}");
    assert!(rows.iter().all(|row| row.round.is_some() || row.load_average.is_none()));
    if cfg!(target_os = "linux") {
        let in_rounds = || rows.iter().filter(|row| row.round.is_some());
        assert!(in_rounds().all(|row| row.load_average.is_some() && row.context_switches.is_some()));
    }
    let again = timed(dir.path(), &["--rerun"]);
    assert_eq!(self::turns(&again), turns, "the order is drawn from the seed");
}

#[test]
fn speed_report_has_control_and_first_passes_and_environment_has_the_allocator() {
    let dir = with_config("small.toml", SMALL);
    timed(dir.path(), &[]);
    let results = dir.path().join("results/small");
    let summary = fs::read_to_string(results.join("summary.csv")).unwrap();
    for metric in ["control_ratio", "smallest_difference", "first_pass_seconds", "rounds_left_out"] {
        assert!(summary.contains(&format!("speed,{metric},train,")), "{metric}: {summary}");
    }
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    assert!(report.contains("| control ") && report.contains("First pass of each engine"), "{report}");
    assert!(!report.contains("| within one process"), "{report}");
    let environment = fs::read_to_string(results.join("environment.json")).unwrap();
    assert!(environment.contains("\"speed_allocator\": \"MALLOC_MMAP_MAX_=0 "), "{environment}");
}

#[test]
fn speed_one_process_is_said_to_be_one() {
    let dir = with_config("small.toml", &format!("{SMALL}processes = 1\n"));
    let rows = timed(dir.path(), &[]);
    assert!(rows.iter().all(|row| row.process == 0));
    let report = fs::read_to_string(dir.path().join("results/small/report.md")).unwrap();
    assert!(report.contains("| within one process"), "{report}");
}

#[test]
fn time_engines_without_a_job_says_that_run_starts_it() {
    let dir = with_config("small.toml", SMALL);
    let finished = lab(dir.path(), &["time-engines"]);
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("`time-engines` is started by `run`: expected a job on stdin, found"));
}

const STEP: &str = r#"
kind = "speed"

[task]
name = "adding"

[grid]
cell = ["rnn", "gru", "lstm"]
engine = ["simd", "fused", "builtin"]
layers = 2
hidden_size = 4
seq_len = 6
batch_size = 3

[training]
clip_norm = 0.5
dropout = 0.25

[speed]
pass = "step"
samples = 4
processes = 2
"#;

#[test]
fn speed_step_times_updates_with_the_settings_of_training() {
    let dir = with_config("small.toml", STEP);
    let rows: Vec<(Settings, SpeedRow)> = {
        timed(dir.path(), &[]);
        table::read(&dir.path().join("results/small/speed.csv")).unwrap()
    };
    // Three cells with four samples of three engines and a control, and a first pass in two processes.
    assert_eq!(rows.len(), 3 * (4 * 4 + 2 * 3));
    for (settings, row) in rows {
        assert_eq!(row.pass, "step");
        assert_eq!((settings.clip_norm, settings.dropout), (Some(0.5), Some(0.25)));
        assert_eq!(settings.learning_rate, Some(0.001), "the default of training");
    }
    let resolved = dir.path().join("results/small/config.toml");
    let again =
        lab(dir.path(), &["run", resolved.to_str().unwrap(), "-q", "--device", "cpu", "--threads", "1"]);
    assert!(again.code == 0 && again.stderr.is_empty(), "{}", again.stderr);
}

#[test]
fn speed_step_of_a_text_reads_symbols_from_the_file_of_the_workload() {
    let text = "a large cat sat on a small mat and that was that\n".repeat(100);
    for encoding in ["one_hot", "embedding"] {
        let task = format!("name = \"text\"\nfile = \"text.txt\"\nencoding = \"{encoding}\"");
        let config = STEP.replace("name = \"adding\"", &task);
        let config = config.replace("[\"rnn\", \"gru\", \"lstm\"]", "\"gru\"");
        let dir = with_config("small.toml", &config);
        fs::write(dir.path().join("text.txt"), &text).unwrap();
        assert_eq!(timed(dir.path(), &[]).len(), 4 * 4 + 2 * 3, "{encoding}");
    }
}
