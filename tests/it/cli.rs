//! The program as a user runs it: its output, its files and its exit code.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::ONE_RUN;
use crate::support::{lab, with_config};

const SMALL: &str = r#"
kind = ["gradients", "speed"]
question = "Does it run?"
seeds = [1, 2]

[task]
name = "text"
file = "corpus.txt"

[grid]
cell = ["rnn", "lstm"]
hidden_size = 4
seq_len = 6
batch_size = 2

[speed]
samples = 5
[speed.grid]
cell = "lstm"
"#;

/// A directory with a config `small.toml` and a text `corpus.txt`.
fn small() -> TempDir {
    let dir = with_config("small.toml", SMALL);
    fs::write(dir.path().join("corpus.txt"), "To be, or not to be, that is the question:\n").unwrap();
    dir
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn run_writes_all_files_and_a_second_run_executes_nothing() {
    let dir = small();
    let first = lab(dir.path(), &["run", "small.toml"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let results = dir.path().join("results/small");
    // There is a header, and (rnn: 3 quantities, lstm: 4) × 6 steps × 2 seeds.
    assert_eq!(lines(&results.join("gradients.csv")), 1 + (3 + 4) * 6 * 2);
    // There is a header, 5 first passes × 2 passes × 3 processes, and (5 engines + control) × 2 × 5 samples.
    assert_eq!(lines(&results.join("speed.csv")), 1 + 5 * 2 * 3 + 6 * 2 * 5);
    assert_eq!(lines(&results.join("runs.csv")), 1 + 4 + 1);
    for file in ["config.toml", "environment.json", "summary.csv", "report.md"] {
        assert!(results.join(file).is_file(), "{file}");
    }
    let plots = fs::read_dir(results.join("plots")).unwrap().count();
    assert!(plots >= 8 && plots.is_multiple_of(4), "four files for each figure, found {plots}");
    assert!(fs::read_to_string(results.join("report.md")).unwrap().contains("Does it run?"));

    let gradients = fs::read(results.join("gradients.csv")).unwrap();
    fs::write(results.join("environment.json"), "{\"cpu\": \"another\"}").unwrap();
    let second = lab(dir.path(), &["run", "small.toml"]);
    assert!(second.stderr.contains("0 done, 5 already complete, 0 failed"), "{}", second.stderr);
    let environment = fs::read_to_string(results.join("environment.json")).unwrap();
    assert!(environment.contains("another"), "results of another machine keep its environment");
    let third = lab(dir.path(), &["run", "small.toml", "--rerun"]);
    assert!(third.stderr.contains("5 done, 0 already complete"), "{}", third.stderr);
    assert_eq!(fs::read(results.join("gradients.csv")).unwrap(), gradients, "same seed, same values");
}

#[test]
fn resolved_config_gives_the_same_runs() {
    let dir = small();
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q", "--set", "seeds=[3]"]).code, 0);
    let plan = |config: &str, sets: &[&str]| {
        let mut arguments = vec!["check", "--all", config];
        arguments.extend(sets);
        let said = lab(dir.path(), &arguments);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout
            .lines()
            .filter(|line| line.contains(" T=6 ") && !line.contains("memory"))
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let original = plan("small.toml", &["--set", "seeds=[3]"]);
    assert_eq!(original.len(), 3);
    assert_eq!(plan("results/small+seeds=3/config.toml", &[]), original);
}

#[test]
fn shards_together_execute_every_run_once() {
    let dir = small();
    let shard = |part: &str| lab(dir.path(), &["run", "small.toml", "--shard", part]);
    // The parts have about equal cost: the run of kind speed costs more than the others together.
    let first = shard("1/2").stderr;
    assert!(first.contains("1 done, 0 already complete, 0 failed, 4 still missing;"), "{first}");
    let second = shard("2/2").stderr;
    assert!(second.contains("4 done, 0 already complete, 0 failed;"), "{second}");
    assert_eq!(lines(&dir.path().join("results/small/runs.csv")), 1 + 5);
    fs::write(dir.path().join("small.toml"), SMALL.replace("seeds = [1, 2]", "seeds = [9]")).unwrap();
    let other = lab(dir.path(), &["run", "small.toml"]).stderr;
    assert!(other.contains(" runs of other configs left out"), "{other}");
}

#[test]
fn report_from_csv_only_equals_that_of_the_run() {
    let dir = small();
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q"]).code, 0);
    let results = dir.path().join("results/small");
    let files = ["summary.csv", "report.md"];
    let made: Vec<_> = files.iter().map(|file| fs::read(results.join(file)).unwrap()).collect();
    for file in files {
        fs::remove_file(results.join(file)).unwrap();
    }
    fs::remove_dir_all(results.join("plots")).unwrap();
    fs::remove_dir_all(results.join("runs")).unwrap();
    let said = lab(dir.path(), &["report", "results/small"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("report.md"));
    for (file, made) in files.iter().zip(made) {
        assert_eq!(fs::read(results.join(file)).unwrap(), made, "{file}");
    }
    let nothing = lab(dir.path(), &["report", "nowhere"]);
    assert_eq!(nothing.code, 2, "{}", nothing.stderr);
    for (near, offer) in [
        ("results", "results directories near it: results/small\n"),
        (".", "results directories near it: ./results/small\n"),
        ("results/small/report.md", "results directories near it: results/small\n"),
        ("small.toml", "as `lstm-lab run` writes to DIR/<experiment name>/\n"),
    ] {
        let said = lab(dir.path(), &["report", near]);
        assert!(said.code == 2 && said.stderr.ends_with(offer), "{near}: {}", said.stderr);
    }
}

#[test]
fn list_data_and_doctor_print_their_tables() {
    let dir = small();
    let list = lab(dir.path(), &["list"]);
    // Outside the checkout, the experiments are those of the source that the program was built from.
    for word in ["stepwise", "builtin", "orthogonal", "gru", "one_hot", "experiments/adding.toml"] {
        assert!(list.stdout.contains(word), "{word}");
    }
    assert!(lab(dir.path(), &["data", "list"]).stdout.contains("shakespeare"));
    let verify = lab(dir.path(), &["data", "verify", "shakespeare"]);
    assert_eq!((verify.code, verify.stdout.trim()), (1, "shakespeare: absent"));
    let doctor = lab(dir.path(), &["doctor", "--threads", "1"]);
    let value = |name: &str| {
        let line = doctor.stdout.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no `{name}` in {}", doctor.stdout)).trim().to_string()
    };
    assert!(value("libtorch ").split('.').all(|part| part.parse::<u32>().is_ok()), "{}", doctor.stdout);
    assert_eq!(value("threads "), "1");
    let gflops = value("matmul f32 ");
    assert!(gflops.split(' ').next().unwrap().parse::<f64>().unwrap() > 0.0, "{gflops}");
}

#[test]
fn config_unreadable_is_refused() {
    let dir = small();
    fs::write(dir.path().join("bad.toml"), b"kind = \"\xff\"").unwrap();
    let bytes = lab(dir.path(), &["check", "bad.toml"]);
    assert_eq!(bytes.code, 2);
    assert!(bytes.stderr.contains("bad.toml: expected UTF-8"), "{}", bytes.stderr);
    let missing = lab(dir.path(), &["run", "none.toml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("none.toml: expected a config file to read"), "{}", missing.stderr);
}

#[test]
fn config_with_the_name_of_the_list_is_refused() {
    let dir = with_config("published.toml", SMALL);
    let said = lab(dir.path(), &["check", "published.toml"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("published.toml: expected another name for a config"), "{}", said.stderr);
}

#[test]
fn text_unreadable_is_refused() {
    let dir = small();
    for (bytes, needle) in
        [(&b""[..], "at least 2 characters of text, found 0"), (b"ab\xffcd", "byte 0xff at offset 2")]
    {
        fs::write(dir.path().join("corpus.txt"), bytes).unwrap();
        let said = lab(dir.path(), &["run", "small.toml"]);
        assert_eq!(said.code, 2);
        assert!(said.stderr.contains(needle), "{}", said.stderr);
        let place = format!("small.toml:8: `task.file`: {}/corpus.txt: ", dir.path().display());
        assert!(said.stderr.contains(&place), "{}", said.stderr);
    }
}

#[test]
fn text_is_found_from_the_directory_of_the_config() {
    let dir = small();
    let inner = dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    for file in ["small.toml", "corpus.txt"] {
        fs::rename(dir.path().join(file), inner.join(file)).unwrap();
    }
    let ok = |arguments: &[&str]| {
        let said = lab(dir.path(), arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
        said.stderr
    };
    ok(&["run", "inner/small.toml", "-q"]);
    ok(&["report", "results/small"]);
    // The saved config has the absolute path, so it runs from its own directory.
    let again = ok(&["run", "results/small/config.toml"]);
    assert!(again.contains("0 done, 5 already complete"), "{again}");
    fs::rename(inner.join("corpus.txt"), inner.join("other.txt")).unwrap();
    ok(&["check", "inner/small.toml", "--set", "task.file=other.txt"]);
    let lost = lab(dir.path(), &["check", "inner/small.toml"]);
    let end = "expected a text file, found nothing of that name (a path is relative to the directory of the \
               config)\n";
    assert!(lost.stderr.contains("inner/small.toml:8: `task.file`: "), "{}", lost.stderr);
    assert!(lost.code == 2 && lost.stderr.ends_with(end), "{}", lost.stderr);
    let empty = lab(dir.path(), &["check", "inner/small.toml", "--set", "task.file="]);
    assert!(empty.stderr.ends_with("found an empty string\n"), "{}", empty.stderr);
}

#[test]
fn output_and_device_unusable_are_refused_before_the_first_run() {
    let dir = small();
    fs::write(dir.path().join("taken"), "a file, no directory").unwrap();
    let said = lab(dir.path(), &["run", "small.toml", "--out", "taken"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("cannot write results to taken/small"), "{}", said.stderr);
    assert_eq!(said.stderr.matches("os error").count(), 1, "one cause: {}", said.stderr);
    assert!(!said.stderr.contains("done"), "nothing ran: {}", said.stderr);

    let said = lab(dir.path(), &["run", "small.toml", "--device", "cuda:77"]);
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("--device cuda:77: expected a CUDA device of that number"),
        "{}",
        said.stderr
    );
    for arguments in [
        &["run", "small.toml", "--device", "gpu"][..],
        &["run", "small.toml", "--threads", "0"],
        &["run", "small.toml", "--shard", "3/2"],
        &["run"],
        &["fly"],
    ] {
        assert_eq!(lab(dir.path(), arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn run_failed_run_is_recorded_and_the_others_go_on() {
    let dir = small();
    // One of two learning rates is so large that training diverges.
    let config = ONE_RUN.replace("1e30\nclip_norm = 1e-9", "[1e30, 0.01]");
    fs::write(dir.path().join("two.toml"), config.split("[claim]").next().unwrap()).unwrap();
    let said = lab(dir.path(), &["run", "two.toml"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("FAILED"), "{}", said.stderr);
    assert!(said.stderr.contains("1 done, 0 already complete, 1 failed"), "{}", said.stderr);
    let runs = fs::read_to_string(dir.path().join("results/two/runs.csv")).unwrap();
    assert!(runs.contains(",failed,") && runs.contains(",ok,"), "{runs}");
}

#[test]
fn stdout_full_is_an_error_and_closed_is_not() {
    let dir = small();
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q"]).code, 0);
    let program = |arguments: &[&str]| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("lstm-lab"));
        command.current_dir(dir.path()).env_remove("LSTM_LAB_DATA").args(arguments);
        command
    };
    for arguments in
        [&["list"][..], &["check", "small.toml"], &["data", "list"], &["report", "results/small"]]
    {
        if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
            let output = program(arguments).stdout(full).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(said.contains("cannot write to standard output"), "{said}");
        }
        let mut child = program(arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn log_format_json_prints_one_object_per_line() {
    let dir = small();
    let said = lab(dir.path(), &["run", "small.toml", "--log-format", "json"]);
    assert_eq!(said.code, 0);
    for line in said.stderr.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }
    let mut last: serde_json::Value = serde_json::from_str(said.stderr.lines().last().unwrap()).unwrap();
    let answer = last.as_object_mut().unwrap().remove("answer").unwrap();
    let start = "Of the norm of ∂L/∂h at the last step, this is left 2 of 6 steps back: ";
    assert!(answer[0].as_str().unwrap().starts_with(start), "{answer}");
    let finished = serde_json::json!({
        "event": "finished", "experiment": "small", "done": 5, "already_complete": 0, "missing": 0,
        "unplanned": 0, "failed": 0, "report": "results/small/report.md",
    });
    assert_eq!(last, finished);
    let bad = ["run", "small.toml", "--log-format", "json", "--set", "grid.cell=ltsm"];
    for (arguments, fields) in [
        (&["run", "nope.toml", "--log-format", "json"][..], [("place", "nope.toml"), ("event", "error")]),
        (&bad, [("place", "--set grid.cell=ltsm"), ("key", "grid.cell")]),
        (&["run", "small.toml", "--log-format", "json", "--device", "cuda:77"], [("event", "error"); 2]),
    ] {
        let said = lab(dir.path(), arguments);
        assert_eq!((said.code, said.stderr.lines().count()), (2, 1), "{}", said.stderr);
        let event: serde_json::Value = serde_json::from_str(&said.stderr).unwrap();
        assert_eq!(event["exit_code"], 2);
        assert!(event["error"].as_str().is_some_and(|error| !error.is_empty()), "{event}");
        for (field, value) in fields {
            assert_eq!(event[field], value, "{event}");
        }
    }
}

const JACOBIAN: &str = r#"
kind = "jacobian"
seeds = [1, 2]

[grid]
cell = ["rnn", "lstm"]
input_size = 2
hidden_size = 3
seq_len = 20
"#;

#[test]
fn run_jacobian_writes_spectra_and_gates_and_reports_them() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("j.toml"), JACOBIAN).unwrap();
    let said = lab(dir.path(), &["run", "j.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = dir.path().join("results/j");
    // There is a header, and for 2 seeds: gates × statistics. An RNN has 1 gate with 5 statistics. An LSTM
    // has 3 gates with 6 and 1 with 5.
    assert_eq!(lines(&results.join("gates.csv")), 1 + 2 * (5 + 3 * 6 + 5));
    let rows = fs::read_to_string(results.join("jacobian.csv")).unwrap();
    let count = |quantity: &str| rows.lines().filter(|row| row.contains(quantity)).count();
    // There are norms at all 20 lags. There are spectra at lags 0 to 10, 12, 15 and 19, and at the first
    // lag of each tenth of a decade.
    assert_eq!(count(",frobenius,"), 2 * 2 * 20);
    let spectra = count(",condition_number,") / 4;
    assert!((12..20).contains(&spectra), "{spectra}");
    assert_eq!(count(",singular_value,"), 2 * spectra * (3 + 6));
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for part in ["## Jacobians", "log10 ρ(W\\_hh)", "mean log10 f (z)", "plots/lyapunov.svg"] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
}
