//! The program `lstm-lab` from the user's view.

use std::path::Path;

use assert_cmd::Command;

/// The result of a finished command.
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Returns the program in a directory, with no datasets and no frameworks configured.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::cargo_bin("lstm-lab").unwrap();
    command.current_dir(dir).env_remove("LSTM_LAB_DATA").env_remove("LSTM_LAB_FRAMEWORKS");
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
