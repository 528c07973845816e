//! Other libraries beside the engines: what is asked of them, and what happens where one fails. A stand-in answers for
//! them (`stand_in.py`); the real ones are asked where scripts/peers/run has made their environment.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use lstm_lab::results::schema::{RunRow, SpeedRow};
use lstm_lab::support::file::read;
use tempfile::TempDir;

use crate::support::cli::{command, finish};

const SMALL: &str = r#"
kind = "speed"

[grid]
cell = "lstm"
engine = ["simd", "builtin"]
hidden_size = 4
seq_len = 6
batch_size = 2

[speed]
samples = 5
warmup = 2
frameworks = ["jax"]
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A directory with a config `small.toml`.
fn place() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), SMALL).unwrap();
    dir
}

/// Exit code and standard error of a run of `small.toml`; `peers` is the program that starts them.
fn run(dir: &Path, peers: Option<&Path>, behaviour: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = command(dir);
    command.args(["run", "small.toml", "--threads", "1"]).args(arguments);
    command.env("LSTM_LAB", assert_cmd::cargo::cargo_bin("lstm-lab")).env("STAND_IN", behaviour);
    peers.map(|program| command.env("LSTM_LAB_PEERS", program));
    let finished = finish(command);
    (finished.code, finished.stderr)
}

/// The stand-in, where there is a Python to run it.
fn stand_in() -> Option<PathBuf> {
    let python = std::process::Command::new("python3").arg("--version").output();
    if python.is_ok_and(|output| output.status.success()) {
        return Some(root().join("tests/it/stand_in.py"));
    }
    skipped("no python3 on the PATH");
    None
}

/// Past the test harness, which would keep it back.
fn skipped(why: &str) {
    std::io::stderr().write_all(format!("skipped a test: {why}\n").as_bytes()).unwrap();
}

/// Samples by engine and pass.
fn count(dir: &Path, engine: &str, pass: &str) -> usize {
    let rows: Vec<SpeedRow> = read(&dir.join("results/small/speed.csv")).unwrap();
    rows.iter().filter(|row| row.engine == engine && row.pass == pass).count()
}

fn the_run(dir: &Path) -> RunRow {
    read(&dir.join("results/small/runs.csv")).unwrap().remove(0)
}

#[test]
fn a_peer_that_agrees_is_timed_and_named_with_its_versions() {
    let Some(stand_in) = stand_in() else { return };
    let dir = place();
    let (code, said) = run(dir.path(), Some(&stand_in), "right", &[]);
    assert_eq!(code, 0, "{said}");
    for engine in ["simd", "builtin", "jax"] {
        assert_eq!((count(dir.path(), engine, "forward"), count(dir.path(), engine, "train")), (5, 5));
    }
    assert_eq!(the_run(dir.path()).engine, "simd builtin jax");
    let results = dir.path().join("results/small");
    let environment = fs::read_to_string(results.join("environment.json")).unwrap();
    assert!(environment.contains(r#""peer_jax": "stand_in 1.0, threads 1""#), "{environment}");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    assert!(report.contains("jax / builtin") && report.contains("stand\\_in 1.0"), "{report}");
}

#[test]
fn a_peer_that_does_not_train_is_timed_forward_alone() {
    let Some(stand_in) = stand_in() else { return };
    let dir = place();
    let (code, said) = run(dir.path(), Some(&stand_in), "forward_only", &[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!((count(dir.path(), "jax", "forward"), count(dir.path(), "jax", "train")), (5, 0));
}

/// Each way to fail, a part of the message, and how many samples were taken of the peer until then.
#[test]
fn a_peer_that_fails_is_named_with_the_reason_and_the_others_are_kept() {
    let Some(stand_in) = stand_in() else { return };
    for (behaviour, needles, samples) in [
        ("wrong", &["engine `jax` disagrees with `builtin`: grad.bias_hh_l0 differs"][..], 0),
        ("incomplete", &["peer `jax`: expected `grad.input` among its results, found none"], 0),
        ("dies", &["peer `jax`: expected the seconds", "exit status: 3", "out of patience"], 1),
        ("nonsense", &["peer `jax`: expected the seconds of one pass as a line of JSON, found `soon`"], 1),
        ("unable", &["peer `jax`", "it says: MemoryError: too long"], 1),
    ] {
        let dir = place();
        let (code, said) = run(dir.path(), Some(&stand_in), behaviour, &[]);
        assert_eq!(code, 1, "{behaviour}: {said}");
        let found = the_run(dir.path());
        assert_eq!(found.status, "failed", "{behaviour}");
        let error = found.error.unwrap();
        for needle in needles {
            assert!(error.contains(needle), "{behaviour}: expected `{needle}` in: {error}");
        }
        let of_peer = (count(dir.path(), "jax", "forward"), count(dir.path(), "jax", "train"));
        assert_eq!(of_peer, (samples, 0), "{behaviour}");
        assert_eq!((count(dir.path(), "simd", "train"), count(dir.path(), "builtin", "train")), (5, 5));
    }
}

#[test]
fn without_a_program_for_peers_nothing_runs_and_the_remedy_is_named() {
    let dir = place();
    let (code, said) = run(dir.path(), None, "", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("LSTM_LAB_PEERS") && said.contains("scripts/peers/run"), "{said}");
    let (code, said) = run(dir.path(), Some(Path::new("/nowhere/peer")), "", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("peer `jax`: cannot start /nowhere/peer"), "{said}");
    assert!(!dir.path().join("results/small/runs.csv").exists());
    let (code, said) = run(dir.path(), None, "", &["--set", "speed.frameworks=[]"]);
    assert_eq!(code, 0, "{said}");
}

/// Every peer and cell against ours: output, and every gradient of a stack of two layers.
#[test]
fn the_real_peers_compute_what_the_engines_do() {
    if !root().join(".peers/stamp.json").exists() {
        return skipped("no environment of the peers; scripts/peers/run makes it");
    }
    let dir = place();
    let set = [
        ("speed.peers", "[\"pytorch\", \"jax\", \"keras\", \"onnxruntime\"]"),
        ("grid.cell", "[\"rnn\", \"lstm\", \"gru\"]"),
        ("grid.layers", "2"),
        ("grid.seq_len", "30"),
        ("grid.input_size", "5"),
    ];
    let set: Vec<String> =
        set.iter().flat_map(|(key, value)| ["--set".into(), format!("{key}={value}")]).collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let (code, said) = run(dir.path(), Some(&root().join("scripts/peers/peer")), "", &set);
    assert_eq!(code, 0, "{said}");
    for peer in ["pytorch", "jax", "keras", "onnxruntime"] {
        let trains = if peer == "onnxruntime" { 0 } else { 15 };
        assert_eq!((count(dir.path(), peer, "forward"), count(dir.path(), peer, "train")), (15, trains));
    }
}
