//! Promises of docs/reliability.md from the user's view: damage is said, and nothing blocks or hangs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use lstm_lab::results::schema::RunRow;
use lstm_lab::results::table;
use lstm_lab::safetensors_io::{read_sealed, write_sealed};
use tch::Tensor;

use crate::support::cli::Finished;
use crate::support::{lab, with_config};

/// A training that writes a checkpoint after each step.
const TRAINING: &str = r#"
kind = "training"
[task]
name = "adding"
[grid]
cell = "rnn"
hidden_size = 4
seq_len = 10
batch_size = 4
[training]
steps = 20
log_every = 5
eval_sequences = 4
probe_every = 1
checkpoint_seconds = 0
"#;

fn run(dir: &Path, more: &[&str]) -> Finished {
    lab(dir, &[&["run", "x.toml", "--device", "cpu", "--threads", "1"], more].concat())
}

/// The only run of an experiment with one run: a directory of the results directory.
fn only_run(dir: &Path, folder: &str) -> PathBuf {
    let mut runs = fs::read_dir(dir.join("results/x").join(folder)).unwrap();
    runs.next().unwrap().unwrap().path()
}

fn read(dir: &Path, file: &str) -> String {
    fs::read_to_string(dir.join("results/x").join(file)).unwrap()
}

#[test]
fn damaged_tables_and_checkpoints_are_said_and_healed() {
    let dir = with_config("x.toml", TRAINING);
    assert_eq!(run(dir.path(), &["-q"]).code, 0);
    let whole = read(dir.path(), "training.csv");
    let (place, checkpoints) = (only_run(dir.path(), "runs"), only_run(dir.path(), "checkpoints"));

    // The tables of the experiment.
    fs::write(dir.path().join("results/x/training.csv"), whole.replacen("0.", "1.", 1)).unwrap();
    let said = lab(dir.path(), &["report", "results/x"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("results/x/training.csv: expected SHA-256 "), "{}", said.stderr);
    assert!(said.stderr.ends_with("`lstm-lab run` with the same config writes the tables anew from runs/\n"));
    assert_eq!(run(dir.path(), &["-q"]).code, 0);
    assert_eq!(read(dir.path(), "training.csv"), whole);

    // A table of the run.
    let table = place.join("training.csv");
    fs::write(&table, fs::read_to_string(&table).unwrap().replacen("0.", "1.", 1)).unwrap();
    let said = run(dir.path(), &[]);
    assert!(said.code == 0 && said.stderr.contains("  made again: "), "{}", said.stderr);
    assert_eq!(read(dir.path(), "training.csv"), whole);

    // A checkpoint, and the rows beside it.
    for (name, problem) in [
        ("last.safetensors", "the file was changed or damaged); --rerun begins anew"),
        ("training.csv", "expected the rows of the last checkpoint, "),
    ] {
        fs::remove_dir_all(&place).unwrap();
        let path = checkpoints.join(name);
        let intact = fs::read(&path).unwrap();
        let mut damaged = intact.clone();
        // Far from the header of a checkpoint, and in a number of a table.
        let at = if name == "training.csv" { damaged.len() / 2 } else { damaged.len() - 3 };
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        let said = run(dir.path(), &["-q"]);
        assert!(said.code == 1 && said.stderr.contains(problem), "{}", said.stderr);
        fs::write(&path, intact).unwrap();
        assert_eq!(run(dir.path(), &["-q"]).code, 0);
        assert_eq!(read(dir.path(), "training.csv"), whole);
    }
    // Sums over other threads round differently.
    fs::remove_dir_all(&place).unwrap();
    let said = lab(dir.path(), &["run", "x.toml", "-q", "--device", "cpu", "--threads", "2"]);
    assert!(said.code == 1 && said.stderr.contains("`--threads 1` goes on"), "{}", said.stderr);
}

/// A profile at each step has more numbers than the state of a small network.
#[test]
fn checkpoint_holds_state_alone() {
    let size = |text: &str| {
        let dir = with_config("x.toml", text);
        assert_eq!(run(dir.path(), &["-q"]).code, 0);
        let checkpoints = only_run(dir.path(), "checkpoints");
        fs::metadata(checkpoints.join("last.safetensors")).unwrap().len()
    };
    let (with, without) = (size(TRAINING), size(&TRAINING.replace("probe_every = 1", "")));
    assert!(with < without + 300, "{with} bytes with profiles, {without} without");
}

#[test]
fn shards_that_assemble_at_once_have_the_runs_of_both_in_the_tables() {
    let dir = with_config("x.toml", &format!("seeds = [1, 2, 3, 4]\n{TRAINING}"));
    let start = |shard: &str| {
        let mut command = Command::new(cargo_bin("lstm-lab"));
        command.current_dir(dir.path()).args(["run", "x.toml", "-q", "--threads", "1", "--shard", shard]);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    for child in ["1/2", "2/2"].map(start) {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let runs = table::read::<RunRow>(&dir.path().join("results/x/runs.csv")).unwrap();
    assert_eq!(runs.len(), 4);
    let training = read(dir.path(), "training.csv");
    for (_, run) in &runs {
        assert!(training.contains(&format!("\n{},", run.run_id)) && run.rows > Some(20), "{run:?}");
    }
    assert!(read(dir.path(), "report.md").contains("4 runs"));
}

#[cfg(target_os = "linux")]
#[test]
fn run_that_kills_the_process_is_marked_and_tried_last() {
    use crate::support::faults::{Fault, changes, with_fault};

    let text = format!("seeds = [1, 2]\n{TRAINING}");
    let command = ["run", "x.toml", "--device", "cpu", "--threads", "1"];
    let whole = with_config("x.toml", &text);
    let changes = changes(whole.path(), &command);
    let runs = table::read::<RunRow>(&whole.path().join("results/x/runs.csv")).unwrap();
    let [first, second] = [0, 1].map(|n| runs[n].1.run_id.clone());

    let dir = with_config("x.toml", &text);
    let in_training =
        |id: &str| changes.iter().position(|change| change.contains(&format!("checkpoints/{id}/"))).unwrap();
    let killed = with_fault(dir.path(), &command, Fault::Kill, in_training(&first) + 20);
    assert_eq!(killed.status.code(), None);

    // The second process makes the other run. The one that killed the first is marked meanwhile.
    let said = run(dir.path(), &["--only", "seed=2"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let status = |n: usize| {
        let runs = table::read::<RunRow>(&dir.path().join("results/x/runs.csv")).unwrap();
        (runs[n].1.run_id.clone(), runs[n].1.status.clone())
    };
    assert_eq!([status(0), status(1)], [(first.clone(), "killed".into()), (second.clone(), "ok".into())]);
    assert!(
        read(dir.path(), "report.md").contains("the process was killed during this run, perhaps because")
    );

    let said = run(dir.path(), &["--rerun", "--only", "seed=1,2"]);
    assert!(said.code == 0 && said.stderr.contains(&format!("killed during it: {first}")), "{}", said.stderr);
    let place =
        |id: &str| said.stderr.find(&format!("\n  {id} ")).unwrap_or_else(|| panic!("{}", said.stderr));
    assert!(place(&second) < place(&first), "{}", said.stderr);
    for file in ["training.csv", "gradients.csv"] {
        assert_eq!(read(dir.path(), file), read(whole.path(), file));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn failed_rerun_keeps_the_results_of_before() {
    use crate::support::faults::{Fault, changes, with_fault};

    let dir = with_config("x.toml", TRAINING);
    assert_eq!(run(dir.path(), &["-q"]).code, 0);
    let whole = read(dir.path(), "training.csv");
    let command = ["run", "x.toml", "-q", "--device", "cpu", "--threads", "1", "--rerun"];
    let changes = changes(dir.path(), &command);
    let is_new_row = |change: &String| change.starts_with("write ") && change.ends_with(".next/training.csv");
    let failed = with_fault(dir.path(), &command, Fault::Full, changes.iter().rposition(is_new_row).unwrap());
    let said = failed.said;
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left") && said.contains("; the results of before are kept\n"), "{said}");
    let said = run(dir.path(), &[]);
    assert!(said.stderr.contains("1 already complete") && read(dir.path(), "training.csv") == whole);
}

#[test]
fn sample_weights_that_are_no_numbers_are_refused() {
    let text = "kind = \"training\"\n[task]\nname = \"text\"\nfile = \"t.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
                [grid]\ncell = \"rnn\"\nhidden_size = 2\nseq_len = 4\nbatch_size = 2\n\
                [training]\nsteps = 1\n";
    let dir = with_config("x.toml", text);
    fs::write(dir.path().join("t.txt"), "abcab bca cab ".repeat(20)).unwrap();
    assert_eq!(run(dir.path(), &["-q"]).code, 0);
    let path = only_run(dir.path(), "checkpoints").join("best.safetensors");
    let (mut tensors, mut metadata) = read_sealed(&path).unwrap();
    let (name, weight) = tensors.iter().find(|(name, _)| name.starts_with("parameter.")).unwrap();
    let (name, broken): (String, Tensor) = (name.clone(), weight * f64::NAN);
    tensors.insert(name, broken);
    metadata.remove("lstm-lab.sha256");
    write_sealed(&path, &tensors, metadata).unwrap();
    let said = lab(dir.path(), &["sample", path.to_str().unwrap(), "--prime", "a"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains(": expected finite numbers in `parameter."), "{}", said.stderr);
}

#[test]
fn plans_and_keys_beyond_all_measure_are_refused_at_once() {
    let many = (1..=1000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let grid = format!(
        "kind = \"gradients\"\n[grid]\ncell = \"rnn\"\nhidden_size = [{many}]\n\
                        seq_len = [{many}]\nbatch_size = [{many}]\n"
    );
    let dir = with_config("x.toml", &grid);
    let said = lab(dir.path(), &["check", "x.toml"]);
    assert_eq!(said.code, 2);
    let problem =
        "x.toml:2: `grid`: expected at most 100000 runs, counted before `exclude`, found 1000000000";
    assert!(said.stderr.contains(problem), "{}", said.stderr);
    let key = vec!["a"; 20_000].join(".");
    let said = lab(dir.path(), &["check", "x.toml", "--set", &format!("{key}=1")]);
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("…: expected a key of at most 8 parts, found one of 20000"),
        "{}",
        said.stderr
    );
    let said = lab(dir.path(), &["check", "\u{1b}[31mred\u{7}.toml"]);
    assert!(said.code == 2 && said.stderr.contains("\\u{1b}[31mred\\u{7}.toml"), "{}", said.stderr);
}

/// A loss near the square root of the largest number of f64, and then near that number.
#[test]
fn report_of_huge_losses_and_jacobians_is_written() {
    let text = "kind = \"training\"\nseeds = [1, 2]\n[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\n\
                dtype = \"f64\"\nhidden_size = 4\nseq_len = 5\nbatch_size = 2\n[training]\nsteps = 2\n\
                learning_rate = 1e75\noptimizer = \"sgd\"\nlog_every = 1\nevaluate_every = 1\n\
                eval_sequences = 2\n";
    let dir = with_config("x.toml", text);
    let said = run(dir.path(), &["-q"]);
    assert!([0, 1].contains(&said.code) && !said.stderr.contains("panicked"), "{}", said.stderr);
    assert!(read(dir.path(), "report.md").contains("2 runs"));
    let path = dir.path().join("results/x/plots");
    let plots = fs::read_dir(path).unwrap().count();
    assert!(plots > 0);
}
