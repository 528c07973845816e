//! The program as a person runs it: what it prints, what it leaves behind, and its exit code.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

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
fn place() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), SMALL).unwrap();
    fs::write(dir.path().join("corpus.txt"), "To be, or not to be, that is the question:\n").unwrap();
    dir
}

pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the program in a directory.
pub fn lab(dir: &Path, arguments: &[&str]) -> Said {
    let output = Command::cargo_bin("lstm-lab")
        .unwrap()
        .current_dir(dir)
        .env_remove("LSTM_LAB_DATA")
        .args(arguments)
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn a_run_leaves_csv_plots_and_report_and_a_second_run_has_nothing_to_do() {
    let dir = place();
    let first = lab(dir.path(), &["run", "small.toml"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let results = dir.path().join("results/small");
    // Header, and (rnn: 3 quantities, lstm: 4) × 6 steps × 2 seeds.
    assert_eq!(lines(&results.join("gradients.csv")), 1 + (3 + 4) * 6 * 2);
    // Header, and 5 engines × 2 passes × 5 samples.
    assert_eq!(lines(&results.join("speed.csv")), 1 + 5 * 2 * 5);
    assert_eq!(lines(&results.join("runs.csv")), 1 + 4 + 1);
    for file in ["config.toml", "environment.json", "summary.csv", "report.md"] {
        assert!(results.join(file).is_file(), "{file}");
    }
    let plots = fs::read_dir(results.join("plots")).unwrap().count();
    assert!(plots >= 4 && plots.is_multiple_of(2), "an SVG and a PNG each, found {plots}");
    assert!(fs::read_to_string(results.join("report.md")).unwrap().contains("Does it run?"));

    let gradients = fs::read(results.join("gradients.csv")).unwrap();
    fs::write(results.join("environment.json"), "{\"cpu\": \"of then\"}").unwrap();
    let second = lab(dir.path(), &["run", "small.toml"]);
    assert!(second.err.contains("0 done, 5 already there, 0 failed"), "{}", second.err);
    let environment = fs::read_to_string(results.join("environment.json")).unwrap();
    assert!(environment.contains("of then"), "where nothing was run, nothing was run on this machine");
    let third = lab(dir.path(), &["run", "small.toml", "--rerun"]);
    assert!(third.err.contains("5 done, 0 already there"), "{}", third.err);
    assert_eq!(fs::read(results.join("gradients.csv")).unwrap(), gradients, "same seed, same values");
}

#[test]
fn the_resolved_config_gives_the_same_runs() {
    let dir = place();
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q", "--set", "seeds=[3]"]).code, 0);
    let plan = |config: &str, sets: &[&str]| {
        let mut arguments = vec!["check", config];
        arguments.extend(sets);
        let said = lab(dir.path(), &arguments);
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.lines().filter(|line| line.contains("T=6")).map(str::to_string).collect::<Vec<_>>()
    };
    let original = plan("small.toml", &["--set", "seeds=[3]"]);
    assert_eq!(original.len(), 3);
    assert_eq!(plan("results/small/config.toml", &[]), original);
}

#[test]
fn shards_together_do_every_run_once() {
    let dir = place();
    let shard = |part: &str| lab(dir.path(), &["run", "small.toml", "--shard", part]);
    let first = shard("1/2").err;
    assert!(first.contains("3 done, 0 already there, 0 failed, 2 not there yet;"), "{first}");
    let second = shard("2/2").err;
    assert!(second.contains("2 done, 0 already there, 0 failed;"), "{second}");
    assert_eq!(lines(&dir.path().join("results/small/runs.csv")), 1 + 5);
    let other = lab(dir.path(), &["run", "small.toml", "--set", "seeds=[9]"]).err;
    assert!(other.contains("left out, since of another config: "), "{other}");
}

#[test]
fn report_is_made_from_the_csv_alone() {
    let dir = place();
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
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("report.md"));
    for (file, made) in files.iter().zip(made) {
        assert_eq!(fs::read(results.join(file)).unwrap(), made, "{file}");
    }
    let nothing = lab(dir.path(), &["report", "nowhere"]);
    assert_eq!(nothing.code, 2, "{}", nothing.err);
}

#[test]
fn check_shows_the_plan_and_makes_nothing() {
    let dir = place();
    let said = lab(dir.path(), &["check", "small.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("small: 5 runs"), "{}", said.out);
    assert!(said.out.contains("speed lstm [stepwise fused analytic simd builtin]"), "{}", said.out);
    assert!(!dir.path().join("results").exists());
}

#[test]
fn one_run_is_no_runs_and_a_number_has_no_rows_of_zeros() {
    let dir = place();
    let text = "kind = \"training\"\n[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\nhidden_size = 2\n\
                seq_len = 10\n[training]\nlearning_rate = 1e30\nclip_norm = 1e-9\nsteps = 3\nheld_out_sequences = 2\n\
                [claim]\nsays = \"It learns.\"\n[[claim.test]]\nwhat = \"loss\"\nmetric = \"loss\"\nbelow = 1\n\
                of = { cell = \"rnn\" }\n";
    fs::write(dir.path().join("one.toml"), text).unwrap();
    let said = lab(dir.path(), &["check", "one.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for part in ["one: 1 run\n", "It learns. (1 test)\n", " lr=1e30 clip=1e-9 "] {
        assert!(said.out.contains(part), "no `{part}` in {}", said.out);
    }
    // The name of a run is what it was when all digits were shown.
    assert!(said.out.contains("e67ae0f38223"), "{}", said.out);
    let said = lab(dir.path(), &["run", "one.toml", "--set", "training.learning_rate=0.01"]);
    for part in ["one: 1 run\n", "  1 run takes at most about "] {
        assert!(said.err.contains(part), "no `{part}` in {}", said.err);
    }
}

#[test]
fn list_data_and_doctor_answer() {
    let dir = place();
    let list = lab(dir.path(), &["list"]);
    for word in ["stepwise", "builtin", "orthogonal", "gru", "one_hot"] {
        assert!(list.out.contains(word), "{word}");
    }
    assert!(lab(dir.path(), &["data", "list"]).out.contains("shakespeare"));
    let verify = lab(dir.path(), &["data", "verify", "shakespeare"]);
    assert_eq!((verify.code, verify.out.trim()), (1, "shakespeare: not here"));
    let doctor = lab(dir.path(), &["doctor", "--threads", "1"]);
    for word in ["libtorch       2.13.0", "threads        1", "GFLOP/s"] {
        assert!(doctor.out.contains(word), "{word} in {}", doctor.out);
    }
}

/// Each bad input with a word or two that its message must have.
#[test]
fn bad_input_is_refused_with_a_reason_and_exit_code_2() {
    let dir = place();
    let set = |key: &'static str, needles: &'static [&'static str]| (key, needles);
    for (change, needles) in [
        set("grid.cell=ltsm", &["--set grid.cell=ltsm", "did you mean `lstm`?"]),
        set("grid.engine=fusd", &["`fused`"]),
        set("grid.init=orthogonl", &["did you mean `orthogonal`?"]),
        set("grid.hidden_size=0", &["at least 1", "found 0"]),
        set("grid.seq_len=-5", &["at least 1", "found -5"]),
        set("grid.batch_size=\"big\"", &["expected a whole number, found the string \"big\""]),
        set("grid.layers=1000000000000", &["`grid.layers`", "at most 1000, found 1000000000000"]),
        set("grid.seq_len=2000000000000", &["`grid.seq_len`", "at most 1099511627776"]),
        set("grid.cell=[]", &["empty list"]),
        set("seeds=[]", &["empty list"]),
        set("seeds=[1,1]", &["found 1 again"]),
        set(
            "gradients.grid.shapes=[{seq_len=5},{seq_len=6},{seq_len=5}]",
            &["`gradients.grid.shapes[2]`", "each shape once", "{ seq_len = 5 } again"],
        ),
        set("hidden_size=3", &["unknown key `hidden_size`", "grid.hidden_size"]),
        set("grid.hiden_size=3", &["unknown key `hiden_size`", "did you mean `hidden_size`?"]),
        set("kind=gradient", &["did you mean `gradients`?"]),
        set("task.file=nowhere.txt", &["nowhere.txt", "expected a text"]),
        set("task.dataset=shakespeare", &["expected `dataset` or `file`, found both"]),
        set("grid.seq_len=1000", &["expected at least 1001 characters", "found 43"]),
        set("grid.input_size=3", &["one-hot", "vocabulary"]),
        set("speed.grid.engine=[\"fused\"]", &["expected `builtin`"]),
        set("grid.init=pytorch+forget_bias", &["cell `rnn` has no gates", "exclude"]),
        set("grid.hidden_size=99999999999999999999", &["a whole number", "which is too large"]),
        set("grid.lr=0.1", &["unknown key `lr`", "known keys here"]),
        set("exclude=[{cell=\"gru\"}]", &["`exclude[0]`", "fits no grid point"]),
        set("exclude=[{cell=\"ltsm\"}]", &["`exclude[0].cell`", "expected a cell (", "did you mean `lstm`?"]),
        set("exclude=[{seq_len=\"six\"}]", &["expected a number, found \"six\""]),
        set("exclude=[{engine=\"analytic fusd\"}]", &["expected an engine (", "did you mean `fused`?"]),
        set("name=../elsewhere", &["directory name"]),
        set("grid", &["KEY=VALUE"]),
    ] {
        let said = lab(dir.path(), &["check", "small.toml", "--set", change]);
        assert_eq!(said.code, 2, "{change}: {}", said.err);
        for needle in needles {
            assert!(said.err.contains(needle), "{change}: expected `{needle}` in: {}", said.err);
        }
        assert_eq!(said.err.lines().count(), 1, "one line says it: {}", said.err);
    }
}

#[test]
fn bad_files_are_refused_with_file_and_line() {
    let dir = place();
    for (text, needles) in [
        ("kind = \"gradients\"\n[grid]\nhiden_size = 3\n", &["bad.toml:3", "hiden_size", "hidden_size"][..]),
        ("kind = \"gradients\"\n[grid]\ncell = \"lsmt\"\n", &["bad.toml:3: `grid.cell`", "`lstm`"]),
        ("kind = \"gradients\"\n\n[grid]\n\nseq_len = [10, 0]\n", &["bad.toml:5: `grid.seq_len`", "found 0"]),
        (
            "kind = \"gradients\"\n[grid]\nseq_len = \"long\"\n",
            &["bad.toml:3: `seq_len`", "a whole number, found the string \"long\""],
        ),
        (
            "kind = \"gradients\"\n[grid]\nshapes = [\n  { seq_len = 2 },\n  { seq_len = 2 },\n]\n",
            &["bad.toml:5: `grid.shapes[1]`", "expected each shape once, found { seq_len = 2 } again"],
        ),
        ("kind = \"gradients\"\n[grid\n", &["bad.toml:2"]),
        (
            "kind = \"gradients\"\n[task]\ndataset = \"shakespear\"\n",
            &["bad.toml:3: `task.dataset`", "expected a dataset of text (", "did you mean `shakespeare`?"],
        ),
        (
            "kind = \"gradients\"\nexclude = [\n  { cell = \"rnn\" },\n  { cell = \"rnn\", seq_len = 7 },\n]\n",
            &["bad.toml:4: `exclude[1]`", "fits no grid point"],
        ),
        (
            "kind = \"gradients\"\nexclude = [\n  { cell = \"rnn\" },\n  { cell = \"lsmt\" },\n]\n",
            &["bad.toml:4: `exclude[1].cell`", "did you mean `lstm`?"],
        ),
        (
            "kind = \"gradients\"\n[grid]\n\ninit = \"pytorch+forget_bias(1)\"\n",
            &["bad.toml:4: `grid.init`", "cell `rnn` has no gates", "exclude"],
        ),
        ("seeds = 1\n", &["missing key `kind`"]),
        ("kind = \"speed\"\n[gradients]\nloss = \"last\"\n", &["bad.toml:2: `gradients`", "kind"]),
        ("kind = \"gradients\"\n[gradients]\nloss = \"task\"\n", &["bad.toml:3: `gradients.loss`", "noise"]),
    ] {
        fs::write(dir.path().join("bad.toml"), text).unwrap();
        let said = lab(dir.path(), &["check", "bad.toml"]);
        assert_eq!(said.code, 2, "{text}: {}", said.err);
        for needle in needles {
            assert!(said.err.contains(needle), "{text}: expected `{needle}` in: {}", said.err);
        }
    }
    fs::write(dir.path().join("bad.toml"), b"kind = \"\xff\"").unwrap();
    assert!(lab(dir.path(), &["check", "bad.toml"]).err.contains("expected UTF-8"));
    let none = lab(dir.path(), &["run", "none.toml"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("none.toml: expected a config file to read"), "{}", none.err);
}

#[test]
fn bad_texts_are_refused() {
    let dir = place();
    for (bytes, needle) in
        [(&b""[..], "at least 2 characters of text, found 0"), (b"ab\xffcd", "byte 0xff at offset 2")]
    {
        fs::write(dir.path().join("corpus.txt"), bytes).unwrap();
        let said = lab(dir.path(), &["run", "small.toml"]);
        assert_eq!(said.code, 2);
        assert!(said.err.contains(needle), "{}", said.err);
    }
}

#[test]
fn bad_places_are_refused_before_the_first_run() {
    let dir = place();
    fs::write(dir.path().join("taken"), "a file, no directory").unwrap();
    let said = lab(dir.path(), &["run", "small.toml", "--out", "taken"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot write results to taken/small"), "{}", said.err);
    assert_eq!(said.err.matches("os error").count(), 1, "the cause is said once: {}", said.err);
    assert!(!said.err.contains("done"), "nothing ran: {}", said.err);

    let said = lab(dir.path(), &["run", "small.toml", "--device", "cuda:77"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--device cuda:77: expected a CUDA device of that number"), "{}", said.err);
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
fn a_run_that_fails_is_kept_beside_the_others() {
    let dir = place();
    // A matrix of 72 TB: that run fails, and the other goes on.
    fs::write(
        dir.path().join("huge.toml"),
        "kind = \"gradients\"\n[grid]\ncell = \"rnn\"\nseq_len = 3\ninput_size = 1\nhidden_size = [3000000, 4]\n",
    )
    .unwrap();
    let said = lab(dir.path(), &["run", "huge.toml"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("FAILED"), "{}", said.err);
    assert!(said.err.contains("1 done, 0 already there, 1 failed"), "{}", said.err);
    let runs = fs::read_to_string(dir.path().join("results/huge/runs.csv")).unwrap();
    assert!(runs.contains(",failed,") && runs.contains(",ok,"), "{runs}");
}

#[test]
fn a_result_that_cannot_be_written_is_an_error_but_not_to_a_reader_who_has_left() {
    let dir = place();
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
fn json_lines_are_json() {
    let dir = place();
    let said = lab(dir.path(), &["run", "small.toml", "--log-format", "json"]);
    assert_eq!(said.code, 0);
    for line in said.err.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }
    let last: serde_json::Value = serde_json::from_str(said.err.lines().last().unwrap()).unwrap();
    let finished = serde_json::json!({
        "event": "finished", "experiment": "small", "done": 5, "already": 0, "absent": 0, "of_other_configs": 0, "failed": 0,
        "report": "results/small/report.md",
    });
    assert_eq!(last, finished);
    let bad = ["run", "small.toml", "--log-format", "json", "--set", "grid.cell=ltsm"];
    for (arguments, fields) in [
        (&["run", "nope.toml", "--log-format", "json"][..], [("place", "nope.toml"), ("event", "error")]),
        (&bad, [("place", "--set grid.cell=ltsm"), ("key", "grid.cell")]),
        (&["run", "small.toml", "--log-format", "json", "--device", "cuda:77"], [("event", "error"); 2]),
    ] {
        let said = lab(dir.path(), arguments);
        assert_eq!((said.code, said.err.lines().count()), (2, 1), "{}", said.err);
        let event: serde_json::Value = serde_json::from_str(&said.err).unwrap();
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
fn jacobians_and_gates_are_written_and_reported_beside_what_predicts_them() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("j.toml"), JACOBIAN).unwrap();
    let said = lab(dir.path(), &["run", "j.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let results = dir.path().join("results/j");
    // Header, and for 2 seeds: gates × statistics; an RNN has 1 gate with 5, an LSTM 3 with 6 and 1 with 5.
    assert_eq!(lines(&results.join("gates.csv")), 1 + 2 * (5 + 3 * 6 + 5));
    let rows = fs::read_to_string(results.join("jacobian.csv")).unwrap();
    let count = |quantity: &str| rows.lines().filter(|row| row.contains(quantity)).count();
    // Norms at all 20 lags; spectra at lags 0 to 10, 12, 15, 19 (and those where a tenth of a decade begins).
    assert_eq!(count(",frobenius,"), 2 * 2 * 20);
    let spectra = count(",condition_number,") / 4;
    assert!((12..20).contains(&spectra), "{spectra}");
    assert_eq!(count(",singular_value,"), 2 * spectra * (3 + 6));
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for part in ["## Jacobians", "log10 ρ(W\\_hh)", "mean log10 f (z)", "plots/lyapunov.svg"] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
}

#[test]
fn a_jacobian_that_cannot_be_is_refused_with_the_key() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("j.toml"), JACOBIAN).unwrap();
    for (set, parts) in [
        ("grid.engine=\"fused\"", ["grid.engine", "expected `analytic`", "found `fused`"]),
        ("grid.batch_size=4", ["grid.batch_size", "expected 1", "found 4"]),
        ("grid.dtype=\"f32\"", ["grid.dtype", "expected `f64`", "found `f32`"]),
        ("jacobian.burn_in=19", ["jacobian.burn_in", "expected fewer steps", "found 19"]),
        ("grid.seq_len=1", ["grid.seq_len", "expected at least 2", "found 1"]),
        ("grid.shapes=[{seq_len=1}]", ["grid.seq_len", "`shapes`", "in one of them"]),
        ("jacobian.qr_every=0", ["jacobian.qr_every", "at least 1", "found 0"]),
        ("jacobian.lags=\"some\"", ["jacobian.lags", "`all`, `log`", "found `some`"]),
    ] {
        let said = lab(dir.path(), &["run", "j.toml", "--set", set]);
        assert_eq!(said.code, 2, "{set}: {}", said.err);
        for part in parts {
            assert!(said.err.contains(part), "{set}: no `{part}` in {}", said.err);
        }
    }
}
