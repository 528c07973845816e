//! Networks of other libraries, to be timed beside ours: each is a process, asked through lines of JSON. What is asked
//! and answered is described in `scripts/peers/peer.py`.

mod process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use crate::cell::CellName;
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::{Error, Result};
use crate::support::safetensors_io::{self, Tensors};
use process::Process;

/// The environment variable that names the program which starts a peer, as `PROGRAM NAME THREADS`.
pub const PROGRAM: &str = "LSTM_LAB_PEERS";

/// The program that starts peers here.
///
/// # Errors
/// [`Error::Usage`] where none is named.
pub fn program() -> Result<PathBuf> {
    match std::env::var_os(PROGRAM) {
        Some(program) if !program.is_empty() => Ok(PathBuf::from(program)),
        _ => Err(Error::Usage(format!(
            "speed.peers: expected {PROGRAM} to name the program that starts peers, found none; run the config with \
             `scripts/peers/run CONFIG`, which makes their Python environment and sets it, or leave the peers out \
             (--set speed.peers=[])"
        ))),
    }
}

/// A peer that runs.
pub struct Peer {
    name: FrameworkName,
    process: Process,
    versions: BTreeMap<String, String>,
    passes: Vec<PassName>,
    /// Where tensors are handed over.
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

/// An answer that says no more than that it was done.
#[derive(Deserialize)]
struct Done {}

impl Peer {
    /// Starts a peer that may use so many CPU threads, and waits until it has loaded its library.
    ///
    /// # Errors
    /// [`Error::Peer`]: there is no such program, or it ends or says something else.
    pub fn start(program: &Path, name: FrameworkName, threads: usize) -> Result<Peer> {
        let mut process = Process::start(program, name.as_str(), threads)?;
        let Started { versions } = process.answer("its versions")?;
        let scratch = tempfile::tempdir().map_err(Error::io("make a directory in", &std::env::temp_dir()))?;
        Ok(Peer { name, process, versions, passes: Vec::new(), scratch })
    }

    /// Its name.
    pub fn name(&self) -> FrameworkName {
        self.name
    }

    /// Libraries and their versions in one line: `jax 0.10.2, jaxlib 0.10.2`.
    pub fn versions(&self) -> String {
        let each = self.versions.iter().map(|(library, version)| format!("{library} {version}"));
        each.collect::<Vec<_>>().join(", ")
    }

    /// The passes that it makes, once something is loaded.
    pub fn has(&self, pass: PassName) -> bool {
        self.passes.contains(&pass)
    }

    /// Gives it a network and a sequence: the tensors of `lstm-lab trace`, which are PyTorch's parameters, `input`
    /// `[T, B, I]` and `grad_output` `[T, B, H]`.
    ///
    /// # Errors
    /// [`Error::Peer`] where it cannot take them; the disk is full.
    pub fn load(&mut self, cell: CellName, given: &Tensors) -> Result<()> {
        let file = self.scratch.path().join("given.safetensors");
        safetensors_io::write(&file, given, None)?;
        let request = json!({ "do": "load", "cell": cell, "file": file });
        let Loaded { passes } = self.process.ask(&request, "the passes that it has")?;
        if passes.is_empty() {
            return Err(self.process.wrong("expected at least one pass that it has, found none"));
        }
        self.passes = passes;
        Ok(())
    }

    /// What it makes of what was loaded: `output`, and where it trains `grad.input` and `grad.<parameter>`.
    ///
    /// # Errors
    /// [`Error::Peer`] where it cannot, or where its file is not what it should be.
    pub fn results(&mut self) -> Result<Tensors> {
        let file = self.scratch.path().join("results.safetensors");
        let Done {} = self.process.ask(&json!({ "do": "results", "file": file }), "an empty object")?;
        safetensors_io::read(&file).map_err(|error| self.process.wrong(format!("its results: {error}")))
    }

    /// The wall-clock time of one pass, as it measured it.
    ///
    /// # Errors
    /// [`Error::Peer`] where it has ended or gives no time.
    pub fn seconds(&mut self, pass: PassName) -> Result<f64> {
        let Timed { seconds } =
            self.process.ask(&json!({ "do": "time", "pass": pass }), "the seconds of one pass")?;
        if seconds.is_finite() && seconds > 0.0 {
            return Ok(seconds);
        }
        Err(self.process.wrong(format!("expected seconds above 0, found {seconds}")))
    }
}
