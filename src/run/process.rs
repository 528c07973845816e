//! A process that is asked in lines of JSON: one line to its stdin, one line back from its stdout.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::error::{Error, Result};

/// Lines of standard error that are quoted if the process exits.
const QUOTED_LINES: usize = 3;

/// The bytes of an answer, at most.
const MAX_ANSWER: u64 = 1 << 20;

/// The bytes at the end of standard error that are read.
const MAX_STDERR: u64 = 1 << 16;

/// A running process, killed when this value is dropped.
pub struct Process {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    stderr: File,
    /// Turns a problem into an error that names the process.
    to_error: Box<dyn Fn(String) -> Error>,
}

impl Process {
    /// Starts a process. `hint` follows the error of a program that cannot be started.
    ///
    /// # Errors
    /// The program cannot be started; `to_error` makes the error.
    pub fn start(
        mut command: Command,
        hint: &str,
        to_error: impl Fn(String) -> Error + 'static,
    ) -> Result<Process> {
        let program = command.get_program().to_string_lossy().into_owned();
        let error = |cause: std::io::Error| to_error(format!("cannot start {program}: {cause}{hint}"));
        // A file, since a full pipe that is not read would block the process.
        let stderr = tempfile::tempfile().map_err(error)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr.try_clone().map_err(error)?)
            // Ctrl-C on a terminal is for this program, which lets the process finish its work.
            .process_group(0)
            .spawn()
            .map_err(error)?;
        let (requests, answers) = (child.stdin.take(), child.stdout.take());
        let (requests, answers) = (requests.expect("piped"), BufReader::new(answers.expect("piped")));
        Ok(Process { child, requests, answers, stderr, to_error: Box::new(to_error) })
    }

    /// Sends a request and reads its answer. `expected` describes the answer in an error.
    ///
    /// # Errors
    /// The process has exited, answers something else or reports an error.
    pub fn ask<A: DeserializeOwned>(&mut self, request: &Value, expected: &str) -> Result<A> {
        // If the process has exited, reading its answer says so.
        let _ = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        self.answer(expected)
    }

    /// Reads one answer. `expected` describes it in an error.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub fn answer<A: DeserializeOwned>(&mut self, expected: &str) -> Result<A> {
        let mut line = String::new();
        match (&mut self.answers).take(MAX_ANSWER).read_line(&mut line) {
            Ok(0) => return Err(self.exit_error(expected)),
            Ok(length) if length as u64 == MAX_ANSWER => {
                let problem = format!("expected {expected} in less than {MAX_ANSWER} bytes, found more");
                return Err(self.error(problem));
            }
            Ok(_) => {}
            Err(error) => return Err(self.error(format!("expected {expected}, found {error}"))),
        }
        let line = line.trim();
        let value: Option<Value> = serde_json::from_str(line).ok();
        if let Some(reason) = value.as_ref().and_then(|value| value.get("error")) {
            let reason = reason.as_str().map_or_else(|| reason.to_string(), str::to_string);
            return Err(self.error(format!("expected {expected}, found an error: {reason}")));
        }
        value.and_then(|value| serde_json::from_value(value).ok()).ok_or_else(|| {
            let start: String = line.chars().take(200).collect();
            self.error(format!("expected {expected} as a line of JSON, found `{start}`"))
        })
    }

    /// An error that names this process.
    pub fn error(&self, problem: impl Into<String>) -> Error {
        (self.to_error)(problem.into())
    }

    fn exit_error(&mut self, expected: &str) -> Error {
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let mut text = Vec::new();
        // The error is useful without standard error too.
        let start = self.stderr.metadata().map_or(0, |found| found.len().saturating_sub(MAX_STDERR));
        let _ = self.stderr.seek(SeekFrom::Start(start)).and_then(|_| self.stderr.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(QUOTED_LINES)..].join("; ");
        let last = if last.is_empty() { "empty".to_string() } else { last };
        self.error(format!("expected {expected}, found that it exited ({status}); end of its stderr: {last}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process has no state to save, and may be inside a long computation.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_without_an_end_is_refused() {
        let mut command = Command::new("cat");
        command.arg("/dev/zero");
        let answer = Process::start(command, "", Error::Timing).unwrap().answer::<Value>("a value");
        let error = answer.unwrap_err().to_string();
        assert_eq!(error, "expected a value in less than 1048576 bytes, found more");
    }
}
