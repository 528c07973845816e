//! Recurrent networks of other frameworks, timed in turn with the engines.
//!
//! Each framework is a process that answers lines of JSON. `scripts/frameworks/serve.py` documents the
//! protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cell::CellName;
use crate::run::process::Process;
use crate::safetensors_io::{self, Tensors};
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::{Error, Result};

/// The environment variable that names the program to start a framework: `PROGRAM NAME THREADS`.
pub const PROGRAM: &str = "LSTM_LAB_FRAMEWORKS";

/// The remedy for a program that cannot be started.
const HINT: &str = "; scripts/frameworks/run installs the frameworks and names their program";

/// The program that starts frameworks on this machine.
///
/// # Errors
/// [`Error::Usage`] if the environment variable is not set.
pub fn program() -> Result<PathBuf> {
    match std::env::var_os(PROGRAM) {
        Some(program) if !program.is_empty() => Ok(PathBuf::from(program)),
        _ => Err(Error::Usage(format!(
            "speed.frameworks: expected {PROGRAM} to name the program that starts frameworks, found none; \
             `scripts/frameworks/run CONFIG` installs the frameworks and sets it, and \
             `--set speed.frameworks=[]` leaves them out"
        ))),
    }
}

/// A running process of a framework.
pub struct Framework {
    name: FrameworkName,
    process: Process,
    versions: BTreeMap<String, String>,
    passes: Vec<PassName>,
    /// Files with tensors, in both directions.
    scratch: TempDir,
}

#[derive(Deserialize)]
struct Started {
    versions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Loaded {
    passes: Vec<PassName>,
}

#[derive(Deserialize)]
struct Timed {
    seconds: f64,
}

/// An answer without content.
#[derive(Deserialize)]
struct Done {}

impl Framework {
    /// Starts a framework with this number of CPU threads, and waits until its library is loaded.
    ///
    /// # Errors
    /// [`Error::Framework`]: the program is missing, exits, or answers something else.
    pub fn start(program: &Path, name: FrameworkName, threads: usize) -> Result<Framework> {
        let mut command = Command::new(program);
        command.args([name.as_str(), &threads.to_string()]);
        let to_error = move |problem| Error::Framework { framework: name.to_string(), problem };
        let mut process = Process::start(command, HINT, to_error)?;
        let Started { versions } = process.answer("its versions")?;
        let scratch = tempfile::tempdir().map_err(Error::io("make a directory in", &std::env::temp_dir()))?;
        Ok(Framework { name, process, versions, passes: Vec::new(), scratch })
    }

    /// The name.
    pub fn name(&self) -> FrameworkName {
        self.name
    }

    /// Libraries and their versions in one line: `jax 0.10.2, jaxlib 0.10.2`.
    pub fn versions(&self) -> String {
        let each = self.versions.iter().map(|(library, version)| format!("{library} {version}"));
        each.collect::<Vec<_>>().join(", ")
    }

    /// Returns true if the framework implements the pass for the loaded network.
    pub fn has(&self, pass: PassName) -> bool {
        self.passes.contains(&pass)
    }

    /// Loads PyTorch's parameters and `input` `[T, B, I]`, with `grad_output` `[T, B, H]` for the passes of
    /// layers, or with `target` for a training step. `step` is the description of that step, or null.
    ///
    /// # Errors
    /// [`Error::Framework`] if the framework rejects them; the disk is full.
    pub fn load(&mut self, cell: CellName, step: &Value, tensors: &Tensors) -> Result<()> {
        let file = self.scratch.path().join("given.safetensors");
        safetensors_io::write(&file, tensors)?;
        let request = json!({ "do": "load", "cell": cell, "step": step, "file": file });
        let Loaded { passes } = self.process.ask(&request, "the passes that it has")?;
        if passes.is_empty() {
            return Err(self.process.error("expected at least one pass that it has, found none"));
        }
        self.passes = passes;
        Ok(())
    }

    /// The results for the loaded network: `output`, and if it trains `grad.input` and `grad.<parameter>`.
    ///
    /// # Errors
    /// [`Error::Framework`] if the framework fails or its file cannot be read.
    pub fn results(&mut self) -> Result<Tensors> {
        let file = self.scratch.path().join("results.safetensors");
        let Done {} = self.process.ask(&json!({ "do": "results", "file": file }), "an empty object")?;
        safetensors_io::read(&file).map_err(|error| self.process.error(format!("its results: {error}")))
    }

    /// The wall-clock time of one pass, measured by the framework's process.
    ///
    /// # Errors
    /// [`Error::Framework`] if the process has exited or answers without a time.
    pub fn seconds(&mut self, pass: PassName) -> Result<f64> {
        let Timed { seconds } =
            self.process.ask(&json!({ "do": "time", "pass": pass }), "the seconds of one pass")?;
        if seconds.is_finite() && seconds > 0.0 {
            return Ok(seconds);
        }
        Err(self.process.error(format!("expected seconds above 0, found {seconds}")))
    }
}
