//! The choice of an instruction set by `LSTM_LAB_ISA`, from the program's start to its results.

use std::fs;
use std::path::Path;

use lstm_lab::engine::Isa;
use lstm_lab::results::schema::{RunRow, SpeedRow};
use lstm_lab::results::table;
use lstm_lab::settings::Settings;
use lstm_lab::support::file::read;

use crate::support::cli::{Finished, command, finish};
use crate::support::with_config;

const SPEED: &str = r#"
kind = "speed"

[grid]
cell = "gru"
engine = ["simd", "builtin"]
hidden_size = 4
seq_len = 6
batch_size = 2

[speed]
samples = 5
"#;

const TRAINING: &str = r#"
kind = "training"

[task]
name = "adding"

[grid]
cell = "lstm"
hidden_size = 2
seq_len = 10

[training]
steps = 2
eval_sequences = 2
"#;

/// Runs the program with environment variables.
fn lab(dir: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut command = command(dir);
    command.args(arguments).envs(variables.iter().copied());
    finish(command)
}

/// Runs `speed.toml`, and returns the isa of each engine's rows with the run's id.
fn timed(dir: &Path, variables: &[(&str, &str)]) -> (Vec<(String, Option<String>)>, RunRow) {
    let finished = lab(dir, variables, &["run", "speed.toml", "-q", "--device", "cpu", "--threads", "1"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let results = dir.join("results/speed");
    let rows: Vec<SpeedRow> = read(&results.join("speed.csv")).unwrap();
    let mut found: Vec<_> = rows.into_iter().map(|row| (row.engine, row.isa)).collect();
    found.sort();
    found.dedup();
    let mut runs: Vec<(Settings, RunRow)> = table::read(&results.join("runs.csv")).unwrap();
    (found, runs.remove(0).1)
}

/// Returns the value of a line of `doctor`.
fn doctor(variables: &[(&str, &str)], name: &str) -> String {
    let finished = lab(&std::env::temp_dir(), variables, &["doctor", "--threads", "1"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let line = finished.stdout.lines().find_map(|line| line.strip_prefix(&format!("{name}  ")));
    line.unwrap_or_else(|| panic!("no `{name}` in {}", finished.stdout)).trim().to_string()
}

fn available() -> Vec<&'static str> {
    Isa::available().iter().map(|isa| isa.id()).collect()
}

#[test]
fn isa_that_the_processor_lacks_is_refused_by_every_command() {
    let dir = with_config("speed.toml", SPEED);
    let lacking = ["amx", "avx512", "avx2"].into_iter().filter(|name| !available().contains(name));
    for name in lacking.chain(["sse9"]) {
        for arguments in [
            &["run", "speed.toml"][..],
            &["check", "speed.toml"],
            &["trace", "no.safetensors", "--cell", "gru"],
            &["doctor"],
        ] {
            let finished = lab(dir.path(), &[("LSTM_LAB_ISA", name)], arguments);
            let known = available().join("`, `");
            let expected = format!(
                "lstm-lab: LSTM_LAB_ISA: expected an instruction set of this processor (`{known}`), \
                 found `{name}`\n"
            );
            assert_eq!((finished.code, finished.stderr), (2, expected), "{arguments:?}");
        }
    }
    assert!(!dir.path().join("results").exists());
    let json = ["run", "speed.toml", "--log-format", "json"];
    let finished = lab(dir.path(), &[("LSTM_LAB_ISA", "sse9")], &json);
    let event: serde_json::Value = serde_json::from_str(&finished.stderr).unwrap();
    assert_eq!(event["exit_code"], 2);
}

#[test]
fn isa_stands_in_speed_csv_environment_and_run_id() {
    let dir = with_config("speed.toml", SPEED);
    let best = available()[0];
    let isa = |name: &str| Some(name.to_string());
    let (found, own) = timed(dir.path(), &[("LSTM_LAB_ISA", "")]);
    assert_eq!(found, [("builtin".to_string(), None), ("simd".to_string(), isa(best))]);
    let (found, forced) = timed(dir.path(), &[("LSTM_LAB_ISA", "portable")]);
    let expected = [("builtin".to_string(), isa("portable")), ("simd".to_string(), isa("portable"))];
    assert_eq!(found, expected);
    assert_ne!(own.run_id, forced.run_id, "other timings are another run");
    assert!(forced.fma_peak_gflops.is_some_and(|peak| peak > 0.0), "{forced:?}");
    let text = fs::read_to_string(dir.path().join("results/speed/environment.json")).unwrap();
    let environment: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(environment["isa"], "portable");
    assert_eq!(environment["isa_available"], available().join(" "));
    // A variable of the user stays, so builtin is not held to the instruction set.
    let variables = [("LSTM_LAB_ISA", "portable"), ("ONEDNN_MAX_CPU_ISA", "ALL")];
    let dir = with_config("speed.toml", SPEED);
    let (found, _) = timed(dir.path(), &variables);
    assert_eq!(found, [("builtin".to_string(), None), ("simd".to_string(), isa("portable"))]);
}

#[test]
fn isa_forced_holds_libtorch_unless_the_user_sets_its_variable() {
    let forced = ("LSTM_LAB_ISA", "portable");
    assert!(doctor(&[forced], "isa").starts_with("portable (plain Rust), forced by LSTM_LAB_ISA"));
    assert_eq!(doctor(&[forced], "libtorch isa"), "DEFAULT");
    let own = doctor(&[], "libtorch isa");
    assert!(doctor(&[], "isa").starts_with(available()[0]));
    if available().contains(&"avx2") {
        assert_ne!(own, "DEFAULT");
        assert_eq!(doctor(&[("LSTM_LAB_ISA", "avx2")], "libtorch isa"), "AVX2");
        assert_eq!(doctor(&[forced, ("ATEN_CPU_CAPABILITY", "avx2")], "libtorch isa"), "AVX2");
    }
}

#[test]
fn isa_decides_the_engine_of_auto_and_the_row_names_it() {
    let engine = |isa: &str| {
        let dir = with_config("training.toml", TRAINING);
        let arguments = ["run", "training.toml", "-q", "--device", "cpu"];
        let finished = lab(dir.path(), &[("LSTM_LAB_ISA", isa)], &arguments);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let runs: Vec<(Settings, RunRow)> =
            table::read(&dir.path().join("results/training/runs.csv")).unwrap();
        runs[0].0.engine.to_string()
    };
    assert_eq!(engine("portable"), "builtin");
    for isa in available().into_iter().filter(|isa| *isa != "portable") {
        assert_eq!(engine(isa), "simd", "{isa}");
    }
}
