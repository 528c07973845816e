//! Frameworks timed together with the engines: the protocol, and every possible failure.
//!
//! `stand_in.py` replaces a framework. `scripts/test` tests the real frameworks if scripts/frameworks/run
//! has installed them.

use std::fs;
use std::path::{Path, PathBuf};

use lstm_lab::results::schema::{RunRow, SpeedRow};
use lstm_lab::results::table;
use lstm_lab::settings::Settings;
use lstm_lab::support::file::read;
use tempfile::TempDir;

use crate::support::cli::{command, finish};
use crate::support::with_config;

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

/// Returns a directory with a config `small.toml`.
fn small() -> TempDir {
    with_config("small.toml", SMALL)
}

/// Returns the exit code and standard error of a run of `small.toml`. `program` starts the frameworks.
fn run(dir: &Path, program: Option<&Path>, behaviour: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = command(dir);
    command.args(["run", "small.toml", "--threads", "1"]).args(arguments);
    command.env("LSTM_LAB", assert_cmd::cargo::cargo_bin("lstm-lab")).env("STAND_IN", behaviour);
    program.map(|program| command.env("LSTM_LAB_FRAMEWORKS", program));
    let finished = finish(command);
    (finished.code, finished.stderr)
}

fn stand_in() -> PathBuf {
    root().join("tests/it/stand_in.py")
}

/// Returns the number of samples of an engine and a pass in rounds, without the control.
fn count(dir: &Path, engine: &str, pass: &str) -> usize {
    let rows: Vec<SpeedRow> = read(&dir.join("results/small/speed.csv")).unwrap();
    let is_sample = |row: &&SpeedRow| row.round.is_some() && !row.control;
    rows.iter().filter(is_sample).filter(|row| row.engine == engine && row.pass == pass).count()
}

fn only_run(dir: &Path) -> (Settings, RunRow) {
    table::read(&dir.join("results/small/runs.csv")).unwrap().remove(0)
}

#[test]
fn framework_correct_results_is_timed_and_named_with_its_versions() {
    let dir = small();
    let (code, said) = run(dir.path(), Some(&stand_in()), "right", &[]);
    assert_eq!(code, 0, "{said}");
    for engine in ["simd", "builtin", "jax"] {
        assert_eq!((count(dir.path(), engine, "forward"), count(dir.path(), engine, "train")), (5, 5));
    }
    assert_eq!(only_run(dir.path()).0.engine.to_string(), "simd builtin jax");
    let results = dir.path().join("results/small");
    let environment = fs::read_to_string(results.join("environment.json")).unwrap();
    assert!(environment.contains(r#""framework_jax": "stand_in 1.0, threads 1""#), "{environment}");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    assert!(report.contains("jax / builtin") && report.contains("stand\\_in 1.0"), "{report}");
}

#[test]
fn framework_of_cells_without_builtin_is_compared_with_fused() {
    let dir = small();
    let set = ["grid.cell=[\"lstm\", \"mgu\"]", "grid.engine=auto", "speed.frameworks=[]", "name=small"];
    let set: Vec<&str> = set.iter().flat_map(|change| ["--set", change]).collect();
    let (code, said) = run(dir.path(), None, "", &set);
    assert_eq!(code, 0, "{said}");
    let results = dir.path().join("results/small");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for words in [
        "Time of each engine over that of builtin in the same round",
        "Time of each engine over that of fused in the same round",
        "simd / builtin",
        "stepwise / fused",
    ] {
        assert!(report.contains(words), "expected `{words}` in: {report}");
    }
    let summary = fs::read_to_string(results.join("summary.csv")).unwrap();
    let of_mgu =
        |metric: &str| summary.lines().filter(|row| row.contains(",mgu,") && row.contains(metric)).count();
    assert_eq!((of_mgu("ratio_to_fused"), of_mgu("ratio_to_builtin")), (4, 0), "{summary}");
    assert!(results.join("plots/speed-fused.svg").exists());
}

#[test]
fn framework_without_training_is_timed_forward_only() {
    let dir = small();
    let (code, said) = run(dir.path(), Some(&stand_in()), "forward_only", &[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!((count(dir.path(), "jax", "forward"), count(dir.path(), "jax", "train")), (5, 0));
}

/// Each case has a behaviour, parts of the message, and the number of samples before the failure.
#[test]
fn framework_failure_is_named_and_the_engines_are_kept() {
    for (behaviour, needles, samples) in [
        ("wrong", &["engine `jax` disagrees with `builtin`: grad.bias_hh_l0 differs"][..], 0),
        ("incomplete", &["framework `jax`: expected `grad.input` among its results, found none"], 0),
        ("dies", &["framework `jax`: expected the seconds", "exit status: 3", "out of patience"], 1),
        (
            "nonsense",
            &["framework `jax`: expected the seconds of one pass as a line of JSON, found `soon`"],
            1,
        ),
        ("unable", &["framework `jax`", "found an error: MemoryError: too long"], 1),
    ] {
        let dir = small();
        let (code, said) = run(dir.path(), Some(&stand_in()), behaviour, &[]);
        assert_eq!(code, 1, "{behaviour}: {said}");
        let found = only_run(dir.path());
        assert_eq!(found.1.status, "failed", "{behaviour}");
        let error = found.1.error.unwrap();
        for needle in needles {
            assert!(error.contains(needle), "{behaviour}: expected `{needle}` in: {error}");
        }
        let of_framework = (count(dir.path(), "jax", "forward"), count(dir.path(), "jax", "train"));
        assert_eq!(of_framework, (samples, 0), "{behaviour}");
        assert_eq!((count(dir.path(), "simd", "train"), count(dir.path(), "builtin", "train")), (5, 5));
    }
}

#[test]
fn run_without_framework_program_executes_nothing_and_names_the_remedy() {
    let dir = small();
    let (code, said) = run(dir.path(), None, "", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("LSTM_LAB_FRAMEWORKS") && said.contains("scripts/frameworks/run"), "{said}");
    let (code, said) = run(dir.path(), Some(Path::new("/nowhere/start")), "", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("framework `jax`: cannot start /nowhere/start"), "{said}");
    assert!(!dir.path().join("results/small/runs.csv").exists());
    let (code, said) = run(dir.path(), None, "", &["--set", "speed.frameworks=[]"]);
    assert_eq!(code, 0, "{said}");
}

mod needs_frameworks {
    use super::*;

    /// The test compares the losses and gradient norms of five updates, for every cell and optimizer.
    #[test]
    #[ignore = "needs the frameworks; scripts/frameworks/run installs them"]
    fn installed_pytorch_trains_like_builtin() {
        let text = "a large cat sat on a small mat and that was that\n".repeat(100);
        let program = root().join("scripts/frameworks/start");
        for (task, optimizer) in [
            ("name = \"adding\"", "adam"),
            ("file = \"text.txt\"", "adamw"),
            ("file = \"text.txt\"\nencoding = \"embedding\"", "sgd"),
            ("name = \"copy_memory\"", "rmsprop"),
        ] {
            let training = format!(
                "\n[task]\n{task}\n\n[training]\noptimizer = \"{optimizer}\"\nclip_norm = 0.1\n\
                 dropout = 0.1\nweight_decay = 0.01\n"
            );
            let dir = with_config("small.toml", &(SMALL.to_string() + &training));
            fs::write(dir.path().join("text.txt"), &text).unwrap();
            let set = [
                "speed.pass=step",
                "speed.frameworks=[\"pytorch\", \"pytorch_compiled\"]",
                "grid.cell=[\"rnn\", \"lstm\", \"gru\"]",
                "grid.layers=2",
                "grid.hidden_size=8",
                "speed.samples=3",
                "speed.processes=1",
                "name=small",
            ];
            let set: Vec<&str> = set.iter().flat_map(|change| ["--set", change]).collect();
            let (code, said) = run(dir.path(), Some(&program), "", &set);
            assert_eq!(code, 0, "{task} {optimizer}: {said}");
            for framework in ["pytorch", "pytorch_compiled"] {
                assert_eq!(count(dir.path(), framework, "step"), 9, "{task} {optimizer}");
            }
        }
    }

    /// The test compares the output and all gradients of two layers with `fused`, and five updates.
    #[test]
    #[ignore = "needs the frameworks; scripts/frameworks/run installs them"]
    fn installed_torchrecurrent_agrees_with_fused() {
        let cells = "[\"lstm_peephole\", \"janet\", \"mgu\", \"indrnn\", \"antisymmetric_rnn\", \"cornn\"]";
        let training = "\n[task]\nname = \"adding\"\n\n[training]\nclip_norm = 0.1\n";
        for (text, more, passes) in [
            (SMALL.to_string(), &["grid.input_size=5"][..], &["forward", "train"][..]),
            (SMALL.to_string() + training, &["speed.pass=step", "grid.seq_len=12"], &["step"]),
        ] {
            let dir = with_config("small.toml", &text);
            let set = [
                format!("grid.cell={cells}"),
                "grid.engine=[\"stepwise\", \"fused\"]".to_string(),
                "speed.frameworks=[\"torchrecurrent\"]".to_string(),
                "grid.layers=2".to_string(),
                "name=small".to_string(),
            ];
            let set = set.iter().map(String::as_str).chain(more.iter().copied());
            let set: Vec<&str> = set.flat_map(|change| ["--set", change]).collect();
            let (code, said) = run(dir.path(), Some(&root().join("scripts/frameworks/start")), "", &set);
            assert_eq!(code, 0, "{said}");
            for pass in passes {
                assert_eq!(count(dir.path(), "torchrecurrent", pass), 6 * 5, "{pass}");
            }
            let report = fs::read_to_string(dir.path().join("results/small/report.md")).unwrap();
            assert!(report.contains("torchrecurrent / fused"), "{report}");
        }
    }

    /// The test compares the output and all gradients of a stack of two layers, for every framework and
    /// cell.
    #[test]
    #[ignore = "needs the frameworks; scripts/frameworks/run installs them"]
    fn installed_frameworks_agree_with_builtin() {
        let dir = small();
        let set = [
            ("name", "small"),
            ("speed.frameworks", "[\"pytorch\", \"jax\", \"keras\", \"onnxruntime\", \"openvino\"]"),
            ("grid.cell", "[\"rnn\", \"lstm\", \"gru\"]"),
            ("grid.layers", "2"),
            ("grid.seq_len", "30"),
            ("grid.input_size", "5"),
        ];
        let set: Vec<String> =
            set.iter().flat_map(|(key, value)| ["--set".into(), format!("{key}={value}")]).collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let (code, said) = run(dir.path(), Some(&root().join("scripts/frameworks/start")), "", &set);
        assert_eq!(code, 0, "{said}");
        for framework in ["pytorch", "jax", "keras", "onnxruntime", "openvino"] {
            let is_forward_only = ["onnxruntime", "openvino"].contains(&framework);
            let trains = if is_forward_only { 0 } else { 15 };
            assert_eq!(
                (count(dir.path(), framework, "forward"), count(dir.path(), framework, "train")),
                (15, trains)
            );
        }
    }
}
