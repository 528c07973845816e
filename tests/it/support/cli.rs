//! The program `lstm-lab` from the user's view.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// The result of a finished command.
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Variables of the tester's own environment that would change results.
const OWN: [&str; 9] = [
    "LSTM_LAB_DATA",
    "LSTM_LAB_FRAMEWORKS",
    "LSTM_LAB_ISA",
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "XLA_FLAGS",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
];

/// A config with one run, which is training, and a claim.
pub const ONE_RUN: &str = r#"
kind = "training"

[task]
name = "adding"

[grid]
cell = "rnn"
hidden_size = 2
seq_len = 10

[training]
learning_rate = 1e30
clip_norm = 1e-9
steps = 3
eval_sequences = 2

[claim]
statement = "It learns."

[[claim.test]]
name = "loss"
metric = "loss"
below = 1
where = { cell = "rnn" }
"#;

/// Returns a new directory with one config.
pub fn with_config(name: &str, text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(name), text).unwrap();
    dir
}

/// Returns the program in a directory, with no datasets, no frameworks and no instruction set configured.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::cargo_bin("lstm-lab").unwrap();
    command.current_dir(dir);
    OWN.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Finished {
    let output = command.output().unwrap();
    Finished {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program in a directory.
pub fn lab(dir: &Path, arguments: &[&str]) -> Finished {
    let mut command = command(dir);
    command.args(arguments);
    finish(command)
}
