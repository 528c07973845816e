//! All that says what a model is, apart from its parameters' values. A checkpoint holds it.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::Weights;
use crate::cell::CellName;
use crate::config::spec::TrainingSpec;
use crate::device;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::settings::names::Encoding;
use crate::settings::names::ModelName;
use crate::task::learning::{Read, Task};

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blueprint {
    /// Which model.
    pub model: ModelName,
    /// The cell of recurrent layers; cell, engine and init are none for a model without.
    pub cell: Option<CellName>,
    /// Their engine.
    pub engine: Option<EngineName>,
    /// Their init policy, as a config writes it.
    pub init: Option<String>,
    /// Units of each layer.
    pub layer_sizes: Vec<i64>,
    /// Heads of a Transformer's attention.
    pub heads: i64,
    /// Steps that a Transformer has positions for.
    pub positions: i64,
    /// How many symbols there are, for input that is symbols.
    pub symbols: Option<i64>,
    /// How a symbol becomes a vector.
    pub encoding: Option<Encoding>,
    /// Components of an input vector.
    pub input_size: i64,
    /// Numbers in an answer.
    pub outputs: i64,
    /// Share of the values between layers that is set to 0 in training.
    pub dropout: f64,
    /// Type of the parameters.
    pub dtype: Dtype,
}

impl Blueprint {
    /// Of a run's model for its task.
    pub fn new(run: &Run, training: &TrainingSpec, task: &dyn Task, longest: i64) -> Blueprint {
        let settings = &run.settings;
        let encoding = run.task.encoding();
        let even = || vec![settings.hidden_size; settings.layers];
        let layer_sizes = training.layer_sizes.clone().unwrap_or_else(even);
        let (symbols, input_size) = match (task.read(), encoding) {
            (Read::Symbols(count), Some(Encoding::Embedding)) => (Some(count), settings.input_size as i64),
            (Read::Symbols(count), _) => (Some(count), count),
            (Read::Numbers(count), _) => (None, count),
        };
        Blueprint {
            model: settings.model(),
            cell: settings.cell,
            engine: settings.engine.first(),
            init: settings.init.map(|init| init.to_string()),
            layer_sizes: layer_sizes.into_iter().map(|size| size as i64).collect(),
            heads: training.heads as i64,
            positions: longest,
            symbols,
            encoding,
            input_size,
            outputs: task.outputs(),
            dropout: settings.dropout.unwrap_or(0.0),
            dtype: settings.dtype,
        }
    }

    /// The tensor type of the parameters.
    pub fn kind(&self) -> Kind {
        device::kind(self.dtype)
    }

    /// The vectors of an embedding, N(0, 1) as PyTorch's, if the model has one: `[V, I]`.
    pub fn draw_embedding(&self, seed: u64) -> Option<Tensor> {
        let symbols = self.symbols.filter(|_| self.encoding == Some(Encoding::Embedding))?;
        let mut rng = random::stream(seed, Purpose::Embedding);
        Some(random::normal(&mut rng, &[symbols, self.input_size], Kind::Double, device::cpu()))
    }

    /// What a task gives as vectors `[T, B, I]`: numbers as they are, symbols one-hot or by the embedding.
    pub fn vectors(&self, weights: &Weights, input: &Tensor) -> Tensor {
        let Some(symbols) = self.symbols else { return input.to_kind(self.kind()) };
        match self.encoding {
            Some(Encoding::Embedding) => {
                let size = input.size();
                let rows = weights.get("embedding").index_select(0, &input.reshape([-1]));
                rows.reshape([size[0], size[1], self.input_size])
            }
            _ => input.one_hot(symbols).to_kind(self.kind()),
        }
    }
}
