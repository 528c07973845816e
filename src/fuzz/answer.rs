//! Answers of a process that runs a framework.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::Target;
use crate::run::process::Process;
use crate::support::error::Error;

/// The reader of answers. Its process prints the content of a file.
pub fn answer() -> Target {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let answers = ["{\"versions\": {\"jax\": \"0.10.2\"}}\n", "{\"error\": [1]}\n", "{\"seconds\": 1e-3}\n"];
    Target::new(answers.map(|answer| answer.as_bytes().to_vec()).into(), move |bytes| {
        let path = dir.path().join("answer");
        fs::write(&path, bytes).expect("a file for the answer");
        let mut command = Command::new("cat");
        command.arg(&path);
        let _ = Process::start(command, "", Error::Timing).and_then(|mut cat| cat.answer::<Value>("a value"));
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fuzz_answer_is_read_or_refused() {
        crate::fuzz::changes::fuzz("answer", super::answer());
    }
}
