//! Runs a program of the user's: one that knows the package index, proxies and certificates of this machine.

use std::fs::File;
use std::io::ErrorKind;
use std::process::{Command, Output, Stdio};

/// Runs a program to its end, with nothing to read. That it failed is in its exit status.
///
/// # Errors
/// A sentence: what `purpose` (a verb and its object, "download x") needs the program for, and how to
/// `install` it, where there is no such program; what the system says where it cannot be run.
pub fn run(command: &mut Command, purpose: &str, install: &str) -> Result<Output, String> {
    start(command.stdout(Stdio::piped()), purpose, install)
}

/// [`run`] with all that the program writes to its standard output in a file.
///
/// # Errors
/// As [`run`].
pub fn run_into(command: &mut Command, to: File, purpose: &str, install: &str) -> Result<Output, String> {
    start(command.stdout(to), purpose, install)
}

fn start(command: &mut Command, purpose: &str, install: &str) -> Result<Output, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            format!("expected `{program}` on the PATH to {purpose} with, found none; {install}")
        }
        _ => format!("cannot run `{program}` to {purpose} with: {error}"),
    })
}

/// The lines that are not blank of what a program said on its standard error.
pub fn said(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect()
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use super::*;

    /// Whether a program is here. Where it is not, a line says that a test skips, past the test harness, which
    /// would keep it back.
    pub fn is_here(program: &str) -> bool {
        let run = Command::new(program).arg("--version").output();
        let here = run.is_ok_and(|output| output.status.success());
        if !here {
            let skipped = format!("skipped a test: no {program} on the PATH\n");
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        }
        here
    }

    #[test]
    fn a_missing_program_is_named_with_purpose_and_remedy() {
        let error = run(&mut Command::new("no-such-program"), "open x", "buy one").unwrap_err();
        assert_eq!(error, "expected `no-such-program` on the PATH to open x with, found none; buy one");
    }

    #[test]
    fn what_a_program_says_is_heard_by_lines() {
        let output =
            run(Command::new("sh").args(["-c", "echo; echo ' a b ' >&2; echo c >&2; exit 3"]), "", "")
                .unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(said(&output), ["a b", "c"]);
    }
}
