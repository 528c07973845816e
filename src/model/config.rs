//! The configuration of a model: everything but the values of its parameters. Checkpoints contain it.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::interventions::Interventions;
use super::weights::Weights;
use crate::cell::init::Init;
use crate::cell::{self, CarriedState, CellName, StateSize};
use crate::config::spec::TrainingSpec;
use crate::device;
use crate::device::Dtype;
use crate::engine::{EngineName, engines_of};
use crate::plan::run::Run;
use crate::plan::sizing::ModelShape;
use crate::random::{self, Purpose};
use crate::settings::names::{Encoding, ModelName};

/// The largest size in a configuration.
const MAX_SIZE: i64 = 1 << 40;

/// The input of a model at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSpec {
    /// This many numbers: a tensor `[T, B, I]`.
    Numbers(i64),
    /// One of this many symbols: a tensor `[T, B]` of 64-bit integers.
    Symbols(i64),
}

/// The configuration of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// The architecture.
    pub model: ModelName,
    /// The cell of recurrent layers; `None` for a model without recurrent layers.
    pub cell: Option<CellName>,
    /// The engine of recurrent layers.
    pub engine: Option<EngineName>,
    /// The init policy of recurrent layers, in the notation of configs.
    pub init: Option<String>,
    /// Units of each layer.
    pub layer_sizes: Vec<i64>,
    /// The size of h of a cell with a projection; 0 for other cells, as in older checkpoints.
    #[serde(default)]
    pub proj_size: i64,
    /// Heads of a Transformer's attention.
    pub heads: i64,
    /// The number of a Transformer's positions.
    pub positions: i64,
    /// The number of symbols; `None` for input that is numbers.
    pub symbols: Option<i64>,
    /// The encoding of symbols as vectors.
    pub encoding: Option<Encoding>,
    /// Components of an input vector.
    pub input_size: i64,
    /// Components of an output.
    pub outputs: i64,
    /// Share of the values between layers that dropout sets to 0.
    pub dropout: f64,
    /// The interventions on the steps of recurrent layers. Older checkpoints have none.
    #[serde(default)]
    pub interventions: Interventions,
    /// Type of the parameters.
    pub dtype: Dtype,
}

impl ModelConfig {
    /// The model of a run, for inputs and outputs of a task with sequences of at most `longest` steps.
    pub fn new(
        run: &Run,
        training: &TrainingSpec,
        input: InputSpec,
        outputs: i64,
        longest: usize,
    ) -> ModelConfig {
        let settings = &run.settings;
        let encoding = run.task.encoding();
        let even = || vec![settings.hidden_size; settings.layers];
        let layer_sizes = training.layer_sizes.clone().unwrap_or_else(even);
        let (symbols, input_size) = match (input, encoding) {
            (InputSpec::Symbols(count), Some(Encoding::Embedding)) => {
                (Some(count), settings.input_size as i64)
            }
            (InputSpec::Symbols(count), _) => (Some(count), count),
            (InputSpec::Numbers(count), _) => (None, count),
        };
        ModelConfig {
            model: settings.model(),
            cell: settings.cell,
            engine: settings.engine.first(),
            init: settings.init.as_ref().map(|init| init.to_string()),
            layer_sizes: layer_sizes.into_iter().map(|size| size as i64).collect(),
            proj_size: settings.proj_size.unwrap_or(0) as i64,
            heads: training.heads as i64,
            positions: longest as i64,
            symbols,
            encoding,
            input_size,
            outputs,
            dropout: settings.dropout.unwrap_or(0.0),
            interventions: Interventions::of(settings),
            dtype: settings.dtype,
        }
    }

    /// Checks that there is a model of this configuration with this number of parameters, before memory is
    /// taken for it. A file may say anything.
    ///
    /// # Errors
    /// The wrong key of the configuration, with the expected and the found value.
    pub fn check(&self, parameters: usize) -> Result<(), String> {
        let size = |key: &str, number: i64| {
            let is_size = (1..=MAX_SIZE).contains(&number);
            is_size.then_some(number as usize).ok_or(format!("`{key}`: expected a size, found {number}"))
        };
        let layers = self.layer_sizes.iter().map(|number| size("layer_sizes", *number));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let top = *layers.last().ok_or("`layer_sizes`: expected a layer, found none")?;
        let symbols = self.symbols.map(|number| size("symbols", number)).transpose()?;
        let shape = ModelShape {
            model: self.model,
            cell: self.cell.unwrap_or(CellName::Rnn),
            proj_size: self.proj_size,
            heads: size("heads", self.heads)?,
            input_size: size("input_size", self.input_size)?,
            outputs: size("outputs", self.outputs)?,
            embedded: symbols.filter(|_| self.encoding == Some(Encoding::Embedding)).unwrap_or(0),
            positions: size("positions", self.positions)?,
        };
        if self.model == ModelName::Transformer {
            if !top.is_multiple_of(shape.heads) || layers.iter().any(|layer| *layer != top) {
                return Err("`layer_sizes`: expected equal multiples of `heads`".to_string());
            }
        } else {
            self.check_recurrent()?;
        }
        let vector =
            symbols.filter(|_| self.encoding != Some(Encoding::Embedding)).unwrap_or(shape.input_size);
        if vector != shape.input_size {
            return Err(format!("`input_size`: expected the {vector} symbols, found {}", shape.input_size));
        }
        let expected = shape.parameters(&layers);
        if expected == parameters as u128 {
            return Ok(());
        }
        Err(format!("expected the {expected} parameters of its model, found {parameters}"))
    }

    /// The sizes of the outputs of all layers.
    pub fn output_sizes(&self) -> impl Iterator<Item = i64> {
        self.layer_sizes.iter().map(|units| StateSize::new(*units, self.proj_size).output)
    }

    /// The states that the cell of recurrent layers carries beside h.
    pub fn carried(&self) -> &'static [CarriedState] {
        self.cell.map_or(&[], |name| cell::cell(name).carried())
    }

    fn check_recurrent(&self) -> Result<(), String> {
        let cell = self.cell.ok_or("`cell`: expected that of recurrent layers, found none")?;
        let engine = self.engine.ok_or("`engine`: expected that of recurrent layers, found none")?;
        for units in &self.layer_sizes {
            let checked = cell::cell(cell).layout().check_projection(*units, self.proj_size);
            checked.map_err(|problem| format!("`proj_size`: the cell {cell} {problem}"))?;
        }
        if !engines_of(cell::cell(cell)).any(|other| other == engine) {
            return Err(format!("`engine`: expected one that runs the cell {cell}, found {engine}"));
        }
        if !self.interventions.are_probabilities() {
            return Err(format!("`interventions`: expected probabilities, found {:?}", self.interventions));
        }
        let init = self.init.as_deref().unwrap_or_default();
        init.parse::<Init>().map(drop).map_err(|error| format!("`init`: {error}"))
    }

    /// The tensor type of the parameters.
    pub fn kind(&self) -> Kind {
        device::kind(self.dtype)
    }

    /// Initial vectors of the embedding, `[V, I]`, from N(0, 1) as in PyTorch; `None` without embedding.
    pub fn draw_embedding(&self, seed: u64) -> Option<(String, Tensor)> {
        let symbols = self.symbols.filter(|_| self.encoding == Some(Encoding::Embedding))?;
        let mut rng = random::stream(seed, Purpose::Embedding);
        let drawn = random::normal(&mut rng, &[symbols, self.input_size], Kind::Double, device::cpu());
        Some(("embedding".to_string(), drawn))
    }

    /// The input of a task as vectors `[T, B, I]`: numbers unchanged, symbols one-hot or embedded.
    pub fn embed(&self, weights: &Weights, input: &Tensor) -> Tensor {
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
