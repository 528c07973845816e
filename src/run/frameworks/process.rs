//! The process of a peer: one line of JSON to its standard input, one back. What else it says is kept, and told where
//! something goes wrong.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::error::{Error, Result};

/// So much of what a peer said is told with an error.
const LINES: usize = 3;

/// A running peer; it ends when this is dropped.
pub struct Process {
    peer: String,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    errors: File,
}

impl Process {
    /// Starts `program peer threads`.
    ///
    /// # Errors
    /// [`Error::Peer`] where it cannot be started.
    pub fn start(program: &Path, peer: &str, threads: usize) -> Result<Process> {
        let wrong = |error: std::io::Error| Error::Peer {
            peer: peer.to_string(),
            problem: format!(
                "cannot start {}: {error}; scripts/peers/run sets up the one that belongs there",
                program.display()
            ),
        };
        // A file, since a pipe that nobody reads would stop a peer that says much.
        let errors = tempfile::tempfile().map_err(wrong)?;
        let mut child = Command::new(program)
            .args([peer, &threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().map_err(wrong)?)
            .spawn()
            .map_err(wrong)?;
        let (requests, answers) = (child.stdin.take(), child.stdout.take());
        let (requests, answers) = (requests.expect("piped"), BufReader::new(answers.expect("piped")));
        Ok(Process { peer: peer.to_string(), child, requests, answers, errors })
    }

    /// Says a line and reads the answer, which should be `expected`.
    ///
    /// # Errors
    /// [`Error::Peer`]: it has ended, answers something else or says why it cannot.
    pub fn ask<A: DeserializeOwned>(&mut self, request: &Value, expected: &str) -> Result<A> {
        // One that has ended is found out about when it does not answer.
        let _ = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        self.answer(expected)
    }

    /// Reads one answer, which should be `expected`.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub fn answer<A: DeserializeOwned>(&mut self, expected: &str) -> Result<A> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => return Err(self.ended(expected)),
            Ok(_) => {}
            Err(error) => return Err(self.wrong(format!("expected {expected}, found {error}"))),
        }
        let line = line.trim();
        let value: Option<Value> = serde_json::from_str(line).ok();
        if let Some(reason) = value.as_ref().and_then(|value| value.get("error")) {
            let reason = reason.as_str().map_or_else(|| reason.to_string(), str::to_string);
            return Err(self.wrong(format!("expected {expected}, and it says: {reason}")));
        }
        value.and_then(|value| serde_json::from_value(value).ok()).ok_or_else(|| {
            let start: String = line.chars().take(200).collect();
            self.wrong(format!("expected {expected} as a line of JSON, found `{start}`"))
        })
    }

    /// An error of this peer.
    pub fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::Peer { peer: self.peer.clone(), problem: problem.into() }
    }

    fn ended(&mut self, expected: &str) -> Error {
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let mut text = Vec::new();
        // What it said helps, and is not needed.
        let _ = self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let said: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = said[said.len().saturating_sub(LINES)..].join("; ");
        let last = if last.is_empty() { "nothing".to_string() } else { last };
        self.wrong(format!("expected {expected}, but it has ended ({status}); it last said: {last}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to save, and may be deep in a library.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
