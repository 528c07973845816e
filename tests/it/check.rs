//! `lstm-lab check` and `--only`: the plan before it is executed, and the choice of a part of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cli::ONE_RUN;
use crate::support::{lab, with_config};

const SMALL: &str = r#"
kind = ["gradients", "speed"]
seeds = [1, 2, 3, 5]
exclude = [{ cell = "gru", hidden_size = 8 }]

[grid]
cell = ["rnn", "lstm", "gru"]
input_size = 2
hidden_size = [4, 8]
seq_len = 6
batch_size = 2

[speed]
samples = 2
budget_seconds = 7
[speed.grid]
cell = "lstm"
hidden_size = 4
"#;

/// Returns a directory with the config `small.toml`.
fn small() -> TempDir {
    with_config("small.toml", SMALL)
}

/// Returns the standard output of a command that succeeds.
fn stdout(dir: &TempDir, arguments: &[&str]) -> String {
    let said = lab(dir.path(), &[arguments, &["--device", "cpu", "--threads", "1"]].concat());
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
    said.stdout
}

/// Returns the message of a command that is refused.
fn refused(dir: &TempDir, arguments: &[&str]) -> String {
    let said = lab(dir.path(), arguments);
    assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{arguments:?}: {}", said.stderr);
    said.stderr
}

fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn check_groups_runs_by_their_settings_and_writes_nothing() {
    let dir = small();
    let said = stdout(&dir, &["check", "small.toml"]);
    let table = "
    cell  hidden_size  seeds
    rnn   4            1-3 5
    lstm  4            1-3 5
    gru   4            1-3 5
    rnn   8            1-3 5
    lstm  8            1-3 5
";
    let parts = [
        "small: 21 runs\n  gradients: 20 runs of 5 settings\n    all: task noise, engine analytic, init ",
        table,
        "  speed: 1 run of 1 setting\n    all: task noise, cell lstm, ",
        "engine stepwise fused analytic simd builtin",
        "    seeds\n    1\n",
        "  memory: about ",
    ];
    assert_parts(&said, &parts);
    assert!(!said.contains("time:"), "nothing is measured without --time: {said}");
    assert!(!dir.path().join("results").exists());
    let all = stdout(&dir, &["check", "small.toml", "--all"]);
    assert_eq!(all.lines().filter(|line| line.contains("  gradients ")).count(), 20, "{all}");
}

#[test]
fn check_large_grid_is_counted_and_its_first_settings_are_shown() {
    let dir = small();
    let lengths: Vec<usize> = (1..=60).collect();
    let set = format!("gradients.grid.seq_len={lengths:?}");
    let said = stdout(&dir, &["check", "small.toml", "--set", &set]);
    assert_parts(
        &said,
        &["  gradients: 1200 runs of 300 settings\n", "    … and 280 more; --all prints each run\n"],
    );
    assert!(said.lines().count() < 40, "{said}");
}

#[test]
fn check_json_has_an_object_for_each_experiment() {
    let dir = small();
    fs::write(dir.path().join("other.toml"), "kind = \"jacobian\"\n[grid]\ncell = \"rnn\"\n").unwrap();
    let said = stdout(&dir, &["check", "small.toml", "other.toml", "--json"]);
    let plans: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = plans.iter().map(|plan| (&plan["name"], &plan["runs"])).collect();
    assert_eq!(names, [(&json!("small"), &json!(21)), (&json!("other"), &json!(1))]);
    let settings = plans[0]["settings"].as_array().unwrap();
    assert_eq!(settings.len(), 6);
    let first = &settings[0];
    let found = ["kind", "cell", "hidden_size", "seeds"].map(|key| &first[key]);
    assert_eq!(found, [&json!("gradients"), &json!("rnn"), &json!(4), &json!([1, 2, 3, 5])]);
    assert_eq!(first["run_ids"].as_array().unwrap().len(), 4);
    assert!(plans[0]["memory_bytes"].as_f64().unwrap() > 0.0 && plans[0]["seconds"].is_null());
    let part =
        stdout(&dir, &["check", "small.toml", "--json", "--only", "kind=gradients", "--only", "cell=rnn"]);
    let part: Value = serde_json::from_str(&part).unwrap();
    let memory = |plan: &Value| plan["memory_bytes"].as_f64().unwrap();
    assert!(memory(&part) < memory(&plans[0]), "the memory is that of the selected runs");
    let timed: Value =
        serde_json::from_str(&stdout(&dir, &["check", "small.toml", "--json", "--time"])).unwrap();
    assert_eq!(timed["seconds"]["speed"], json!(7.0));
    assert!(timed["seconds"]["gradients"].as_f64().unwrap() > 0.0, "{timed}");
}

#[test]
fn check_time_is_an_estimate_of_each_kind() {
    let dir = small();
    let said = stdout(&dir, &["check", "small.toml", "--time"]);
    assert_parts(&said, &["  time: about ", " for gradients, about 7.00 s for speed\n"]);
    fs::write(dir.path().join("one.toml"), ONE_RUN).unwrap();
    let said = stdout(&dir, &["check", "one.toml", "--time", "--set", "training.learning_rate=0.01"]);
    assert_parts(&said, &["  time: at most ", " for training\n"]);
}

#[test]
fn check_error_of_one_config_hides_no_other_plan() {
    let dir = small();
    for (name, text) in [("bad.toml", "kind = \"gradient\"\n"), ("worse.toml", "kind =\n")] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let said = lab(dir.path(), &["check", "bad.toml", "small.toml", "worse.toml"]);
    assert_eq!(said.code, 2);
    assert_parts(&said.stdout, &["small: 21 runs\n"]);
    assert_parts(&said.stderr, &["bad.toml:1: `kind`: ", "worse.toml:1"]);
    // A dataset that is not on disk hides nothing, not even its own plan.
    let text = "kind = \"gradients\"\n[task]\ndataset = \"shakespeare\"\n";
    fs::write(dir.path().join("data.toml"), text).unwrap();
    let said = stdout(&dir, &["check", "data.toml", "small.toml"]);
    assert_eq!(said.matches("  disk: about ").count(), 1, "only that of the second is known: {said}");
    let plan: Value = serde_json::from_str(&stdout(&dir, &["check", "data.toml", "--json"])).unwrap();
    assert!(plan["disk_bytes"].is_null() && plan["settings"][0]["run_ids"].is_null(), "{plan}");
    assert_parts(&said, &["`run` fetches the dataset `shakespeare`", ", input_size ?, ", "small: 21 runs\n"]);
}

/// The size of all files in a directory and the folders in it.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let of_entry = |entry: fs::DirEntry| match entry.path().is_dir() {
        true => size(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(of_entry).sum()
}

#[test]
fn check_disk_is_about_that_of_the_results() {
    for (kind, settings) in [
        ("gradients", "[grid]\nseq_len = 200\n[gradients]\npath_split = true\n"),
        ("jacobian", "[grid]\nhidden_size = 4\nseq_len = 200\n"),
        (
            "training",
            "[task]\nname = \"adding\"\n[grid]\nseq_len = 10\n[training]\nsteps = 100\neval_sequences = 2\n",
        ),
        (
            "training",
            "[task]\nname = \"adding\"\n[grid]\nseq_len = 10\nhidden_size = 300\n[training]\nsteps = 2\n\
             eval_sequences = 2\n",
        ),
        ("speed", "[grid]\nhidden_size = 4\nseq_len = 5\n"),
    ] {
        let dir = with_config("x.toml", &format!("kind = \"{kind}\"\n{settings}"));
        let plan: Value = serde_json::from_str(&stdout(&dir, &["check", "x.toml", "--json"])).unwrap();
        stdout(&dir, &["run", "x.toml", "-q"]);
        let results = dir.path().join("results/x");
        let folders = ["runs", "checkpoints"].map(|name| results.join(name));
        let folders: u64 = folders.iter().filter(|folder| folder.exists()).map(|folder| size(folder)).sum();
        let file = format!("{kind}.csv");
        let found = (folders + fs::metadata(results.join(file)).unwrap().len()) as f64;
        let expected = plan["disk_bytes"].as_f64().unwrap();
        assert!((0.5..2.0).contains(&(found / expected)), "{kind}: expected {expected}, found {found}");
    }
}

#[test]
fn check_one_run_is_singular_and_small_numbers_are_scientific() {
    let dir = with_config("one.toml", ONE_RUN);
    let said = stdout(&dir, &["check", "one.toml"]);
    assert_parts(
        &said,
        &[
            "one: 1 run\n",
            "It learns. (1 test)\n",
            " learning_rate 1e30, clip_norm 1e-9, ",
            "1 run of 1 setting\n",
        ],
    );
    let all = stdout(&dir, &["check", "one.toml", "--all"]);
    assert_parts(&all, &[" lr=1e30 clip=1e-9 "]);
    // The id does not depend on the notation of numbers.
    let same = stdout(&dir, &["check", "one.toml", "--all", "--set", "training.clip_norm=0.000000001"]);
    assert_eq!(same, all);
    let said = lab(dir.path(), &["run", "one.toml", "--set", "training.learning_rate=0.01"]);
    assert_parts(&said.stderr, &["one+learning_rate=0.01: 1 run\n", "  estimated time for 1 run: at most "]);
}

#[test]
fn check_dropout_is_said_to_act_on_the_last_layer() {
    let dir = with_config("one.toml", ONE_RUN);
    let note = "  dropout: also on the output of the last layer, unlike that of PyTorch's nn.LSTM\n";
    for (dropout, is_said) in [("0", false), ("0.5", true)] {
        let said = stdout(&dir, &["check", "one.toml", "--set", &format!("training.dropout={dropout}")]);
        assert_eq!(said.contains(note), is_said, "{said}");
    }
}

#[test]
fn only_executes_the_runs_that_have_the_values() {
    let dir = small();
    let said = stdout(&dir, &["check", "small.toml", "--only", "cell=rnn,lstm", "--only", "hidden_size=8"]);
    assert_parts(&said, &["small: 8 of 21 runs\n", "  gradients: 8 runs of 2 settings\n"]);
    let run = |arguments: &[&str]| {
        let said = lab(
            dir.path(),
            &[&["run", "small.toml", "--device", "cpu", "--threads", "1"], arguments].concat(),
        );
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stderr
    };
    let said = run(&["--only", "kind=gradients", "--only", "cell=lstm", "--only", "seed=1"]);
    assert_parts(&said, &["small: 2 runs\n", "2 done, 0 already complete, 0 failed, 19 still missing; "]);
    let report = fs::read_to_string(dir.path().join("results/small/report.md")).unwrap();
    assert_parts(&report, &["19 of 21 runs of the plan have not been made"]);
    // Arguments with the same key add up, and so does what was executed before.
    let said =
        run(&["--only", "cell=lstm", "--only", "cell=rnn", "--only", "seed=1", "--only", "kind=gradients"]);
    assert_parts(&said, &["2 done, 2 already complete, 0 failed, 17 still missing; "]);
}

#[test]
fn only_wrong_key_or_value_is_refused_with_those_that_there_are() {
    let dir = small();
    for (only, expected) in [
        (&["cell"][..], "--only cell: expected KEY=VALUE, such as cell=lstm\n"),
        (&["cell="], "--only cell=: expected KEY=VALUE, such as cell=lstm\n"),
        (&["cel=rnn"], "found `cel`; did you mean `cell`?\n"),
        (&["cell=lsmt"], "found `lsmt`; did you mean `lstm`?\n"),
        (&["hidden_size=16"], "--only: small: no run has hidden_size=16; `hidden_size` is here: 4, 8\n"),
        (&["kind=training"], "no run has kind=training; `kind` is here: gradients, speed\n"),
        (&["cell=gru", "hidden_size=8"], "--only: small: no run has cell=gru and hidden_size=8 at once\n"),
    ] {
        let arguments: Vec<&str> = only.iter().flat_map(|only| ["--only", only]).collect();
        for command in ["check", "run"] {
            let said = refused(&dir, &[&[command, "small.toml"], arguments.as_slice()].concat());
            assert!(said.ends_with(expected), "{only:?}: {said}");
        }
    }
    assert!(!dir.path().join("results").exists(), "nothing is written before the check");
    let hint = refused(&dir, &["run", "small.toml", "--set", "kind=gradients"]);
    assert_parts(&hint, &["`kind` does not name `speed`; `--only kind=KIND` executes the runs of one kind"]);
}
