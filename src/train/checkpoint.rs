//! A run as it stands after some step, in one file: tensors, and the rest as JSON in the file's metadata.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::{Tensor, no_grad};

use super::{OptimizerState, Progress};
use crate::cell::State;
use crate::model::{Blueprint, Weights};
use crate::safetensors_io::{self, Metadata, Tensors};
use crate::support::error::{Error, Result};

/// Key of the JSON among the metadata.
const KEY: &str = "lstm-lab";

/// Where the checkpoint of a run's last step is.
pub fn last(dir: &Path) -> PathBuf {
    dir.join("last.safetensors")
}

/// Where the checkpoint of its best evaluation is.
pub fn best(dir: &Path) -> PathBuf {
    dir.join("best.safetensors")
}

/// What a checkpoint says beside its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The run.
    pub run_id: String,
    /// Its seed; with the step it gives the state of every random number generator and the place in the data.
    pub seed: u64,
    /// The model.
    pub blueprint: Blueprint,
    /// What each symbol stands for, for a text.
    pub symbols: Vec<String>,
    /// Whether a symbol is a word.
    pub by_words: bool,
    /// Whether it learned from excerpts, each read from an empty state, and not from a text that goes on.
    #[serde(default)]
    pub by_excerpts: bool,
    /// How far it has come.
    pub progress: Progress,
}

/// All that a run holds, to be saved.
pub struct Snapshot<'a> {
    /// Beside the tensors.
    pub header: &'a Header,
    /// Parameters.
    pub weights: &'a Weights,
    /// The optimizer's state.
    pub optimizer: &'a OptimizerState,
    /// The state that the next batch goes on from.
    pub carry: Option<&'a [State]>,
}

impl Snapshot<'_> {
    /// Writes it, complete or not at all.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_string(self.header)
            .map_err(|e| Error::data(path, format!("cannot be written as JSON: {e}")))?;
        let mut all = Tensors::new();
        for (name, tensor) in self.weights.named() {
            all.insert(format!("parameter.{name}"), tensor.detach());
        }
        all.insert("optimizer.first".into(), self.optimizer.first.shallow_clone());
        all.insert("optimizer.second".into(), self.optimizer.second.shallow_clone());
        for (layer, state) in self.carry.iter().flat_map(|states| states.iter().enumerate()) {
            all.insert(format!("carry.h.{layer}"), state.h.shallow_clone());
            if let Some(c) = &state.c {
                all.insert(format!("carry.c.{layer}"), c.shallow_clone());
            }
        }
        safetensors_io::write(path, &all, Some(Metadata::from([(KEY.to_string(), json)])))
    }
}

/// A checkpoint that was read.
#[derive(Debug)]
pub struct Checkpoint {
    /// Beside the tensors.
    pub header: Header,
    tensors: Tensors,
    path: PathBuf,
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Data`] where it is no checkpoint.
    pub fn read(path: &Path) -> Result<Checkpoint> {
        let (tensors, metadata) = safetensors_io::read_with_metadata(path)?;
        let json = metadata.get(KEY).ok_or_else(|| {
            Error::data(
                path,
                "expected a checkpoint of lstm-lab, found a safetensors file without its header",
            )
        })?;
        let header = serde_json::from_str(json)
            .map_err(|e| Error::data(path, format!("expected a checkpoint's header, found: {e}")))?;
        Ok(Checkpoint { header, tensors, path: path.to_path_buf() })
    }

    /// Puts the parameters into a model of the same blueprint.
    ///
    /// # Errors
    /// [`Error::Data`] where one is missing or of another shape.
    pub fn restore(&self, weights: &Weights) -> Result<()> {
        for (name, tensor) in weights.named() {
            let key = format!("parameter.{name}");
            let saved = self.tensor(&key, &tensor.size())?;
            no_grad(|| tensor.detach().copy_(saved));
        }
        Ok(())
    }

    /// The optimizer's state for these parameters.
    ///
    /// # Errors
    /// [`Error::Data`] where it is missing or of another size.
    pub fn optimizer(&self, parameters: &Tensor) -> Result<OptimizerState> {
        let on =
            |key: &str| Ok::<_, Error>(self.tensor(key, &parameters.size())?.to_device(parameters.device()));
        Ok(OptimizerState {
            steps: self.header.progress.step,
            first: on("optimizer.first")?,
            second: on("optimizer.second")?,
        })
    }

    /// The state that the next batch goes on from, if there was one.
    pub fn carry(&self, like: &Tensor) -> Option<Vec<State>> {
        let get = |key: String| self.tensors.get(&key).map(|tensor| tensor.to_device(like.device()));
        let state =
            |layer| Some(State { h: get(format!("carry.h.{layer}"))?, c: get(format!("carry.c.{layer}")) });
        let states: Vec<State> = (0..).map_while(state).collect();
        (!states.is_empty()).then_some(states)
    }

    fn tensor(&self, key: &str, shape: &[i64]) -> Result<&Tensor> {
        match self.tensors.get(key) {
            Some(tensor) if tensor.size() == shape => Ok(tensor),
            found => {
                let found = found.map_or("none".to_string(), |tensor| format!("{:?}", tensor.size()));
                Err(Error::data(&self.path, format!("expected `{key}` of shape {shape:?}, found {found}")))
            }
        }
    }
}
