//! Checkpoints: the state of a training run after a step, in one safetensors file with a JSON header and a
//! checksum in its metadata. Rows are in files beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::{Tensor, no_grad};

use super::optimizer::OptimizerState;
use super::progress::Progress;
use super::row_files::Marks;
use crate::cell::State;
use crate::model::{ModelConfig, Weights};
use crate::safetensors_io::{self, Metadata, Tensors};
use crate::settings::names::Tokenizer;
use crate::support::error::{Error, Result};

/// Key of the JSON header in the metadata.
const HEADER_KEY: &str = "lstm-lab";

/// The path of the checkpoint of a run's last step.
pub fn last(dir: &Path) -> PathBuf {
    dir.join("last.safetensors")
}

/// The path of the checkpoint of a run's best evaluation.
pub fn best(dir: &Path) -> PathBuf {
    dir.join("best.safetensors")
}

/// The part of a checkpoint that is not tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The run.
    pub run_id: String,
    /// The seed of the run. Seed and step determine every random number and the position in the data.
    pub seed: u64,
    /// The configuration of the model.
    pub model: ModelConfig,
    /// The text of each symbol, for a language model.
    pub symbols: Vec<String>,
    /// The form of a symbol, for a language model.
    pub tokenizer: Option<Tokenizer>,
    /// True if each training sequence is an excerpt that starts from a zero state.
    pub by_excerpts: bool,
    /// The CPU threads. Sums over other threads round differently.
    pub threads: usize,
    /// The progress of the run.
    pub progress: Progress,
    /// The rows of the run so far.
    pub rows: Marks,
}

/// The content of a checkpoint to write.
pub struct Snapshot<'a> {
    /// The header.
    pub header: &'a Header,
    /// The parameters.
    pub weights: &'a Weights,
    /// The optimizer's state.
    pub optimizer: &'a OptimizerState,
    /// The state that the next batch continues from.
    pub carry: Option<&'a [State]>,
}

impl Snapshot<'_> {
    /// Writes the file atomically.
    ///
    /// # Errors
    /// The file cannot be written.
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
            for (name, tensor) in state.named(self.header.model.carried()) {
                all.insert(format!("carry.{name}.{layer}"), tensor.shallow_clone());
            }
        }
        safetensors_io::write_sealed(path, &all, Metadata::from([(HEADER_KEY.to_string(), json)]))
    }
}

/// A checkpoint read from a file.
#[derive(Debug)]
pub struct Checkpoint {
    /// The header.
    pub header: Header,
    tensors: Tensors,
    path: PathBuf,
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Data`] for a file that is no checkpoint, or whose checksum is that of another content.
    pub fn read(path: &Path) -> Result<Checkpoint> {
        let (tensors, metadata) = safetensors_io::read_sealed(path)?;
        let json = metadata.get(HEADER_KEY).ok_or_else(|| {
            Error::data(
                path,
                "expected a checkpoint of lstm-lab, found a safetensors file without its header",
            )
        })?;
        let header = serde_json::from_str(json)
            .map_err(|e| Error::data(path, format!("expected a checkpoint's header, found: {e}")))?;
        Ok(Checkpoint { header, tensors, path: path.to_path_buf() })
    }

    /// Copies the parameters into a model of the same configuration.
    ///
    /// # Errors
    /// [`Error::Data`] for a parameter that is missing or of another shape.
    pub fn restore(&self, weights: &Weights) -> Result<()> {
        for (name, tensor) in weights.named() {
            let key = format!("parameter.{name}");
            let saved = self.tensor(&key, &tensor.size())?;
            no_grad(|| tensor.detach().copy_(saved));
        }
        Ok(())
    }

    /// Refuses a header that describes no model, or one with another number of parameters.
    ///
    /// # Errors
    /// [`Error::Data`] with the key of the header.
    pub fn expect_model(&self) -> Result<()> {
        let parameters = self.tensors.iter().filter(|(name, _)| name.starts_with("parameter."));
        let count = parameters.map(|(_, tensor)| tensor.numel()).sum();
        let wrong = |problem| Error::data(&self.path, format!("the checkpoint's header: {problem}"));
        self.header.model.check(count).map_err(wrong)
    }

    /// Refuses parameters that are not finite numbers.
    ///
    /// # Errors
    /// [`Error::Data`] with the first such parameter.
    pub fn expect_finite(&self) -> Result<()> {
        let is_finite = |tensor: &Tensor| bool::try_from(tensor.isfinite().all()).unwrap_or(false);
        let parameters = self.tensors.iter().filter(|(name, _)| name.starts_with("parameter."));
        match parameters.into_iter().find(|(_, tensor)| !is_finite(tensor)) {
            Some((name, _)) => {
                let problem = format!("expected finite numbers in `{name}`, found NaN or infinity");
                Err(Error::data(&self.path, problem))
            }
            None => Ok(()),
        }
    }

    /// The optimizer's state for these parameters.
    ///
    /// # Errors
    /// [`Error::Data`] for a state that is missing or of another size.
    pub fn optimizer(&self, parameters: &Tensor) -> Result<OptimizerState> {
        let moment = |key: &str| {
            let saved = self.tensor(key, &parameters.size())?;
            Ok::<_, Error>(saved.to_device(parameters.device()))
        };
        Ok(OptimizerState {
            steps: self.header.progress.step,
            first: moment("optimizer.first")?,
            second: moment("optimizer.second")?,
        })
    }

    /// The state that the next batch continues from, if any.
    pub fn carry(&self, like: &Tensor) -> Option<Vec<State>> {
        let carried = self.header.model.carried().iter().map(|name| name.as_str());
        let names: Vec<&str> = std::iter::once("h").chain(carried).collect();
        let get = |name: &str, layer: usize| {
            let saved = self.tensors.get(&format!("carry.{name}.{layer}"));
            saved.map(|tensor| tensor.to_device(like.device()))
        };
        let state = |layer| {
            let tensors = names.iter().map(|name| get(name, layer)).collect::<Option<Vec<_>>>()?;
            Some(State::from_tensors(tensors))
        };
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
