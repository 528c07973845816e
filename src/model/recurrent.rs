//! Recurrent layers of any cell and engine, dropout between them, optional attention, a dense readout.

use std::iter;

use tch::{Device, Kind, Tensor};

use super::config::ModelConfig;
use super::dropout::dropout;
use super::forward::{ForwardArgs, Model, ModelOutput};
use super::interventions::{Interventions, Streams};
use super::weights::Weights;
use super::{attention, dense};
use crate::cell::init::{Init, StackSize};
use crate::cell::{Cell, Parameters, State, cell};
use crate::device::cpu;
use crate::engine::{EngineName, engine};
use crate::error::Result;
use crate::settings::names::ModelName;

/// The models `recurrent` and `attention`.
pub struct Recurrent {
    weights: Weights,
    layers: Parameters,
    /// The cell of training. That of `layers` has the expected values of zoneout.
    cell: &'static dyn Cell,
    engine: EngineName,
    dropout: f64,
    interventions: Interventions,
    attention: bool,
}

impl Recurrent {
    pub fn new(config: &ModelConfig, seed: u64, device: Device) -> Recurrent {
        let attention = config.model == ModelName::Attention;
        let top = config.output_sizes().last().expect("a model has a layer");
        let mut initial: Vec<(String, Tensor)> = config.draw_embedding(seed).into_iter().collect();
        initial.extend(draw_layers(config, seed));
        if attention {
            initial.extend(attention::draw(top, seed));
        }
        let features = if attention { 2 * top } else { top };
        initial.extend(dense::named("readout", dense::draw_readout(features, config.outputs, seed)));
        let weights = Weights::new(initial, config.kind(), device);
        let cell = cell(config.cell.expect("recurrent layers have a cell"));
        let expected = config.interventions.expected_cell(cell);
        let layers = Parameters::from_named(expected, |name| weights.find(name));
        let engine = config.engine.expect("recurrent layers have an engine");
        let &ModelConfig { dropout, interventions, .. } = config;
        Recurrent { weights, layers, cell, engine, dropout, interventions, attention }
    }

    /// The top layer's output `[T, B, H]` and the last state of every layer.
    fn run_layers(&self, vectors: &Tensor, args: &mut ForwardArgs) -> Result<(Tensor, Vec<State>)> {
        let engine = engine(self.engine);
        engine.accepts(vectors)?;
        let cell = self.layers.cell;
        let mut states = vectors.shallow_clone();
        let mut last = Vec::with_capacity(self.layers.layers.len());
        let mut streams = args.dropout.as_ref().filter(|_| self.interventions.any()).map(Streams::beside);
        for (k, layer) in self.layers.layers.iter().enumerate() {
            if k > 0 {
                states = dropout(states, self.dropout, &mut args.dropout);
            }
            let initial = match args.initial {
                Some(initial) => initial[k].shallow_clone(),
                None => cell.zero_state(layer, vectors.size()[1]),
            };
            let (next, state) = match &mut streams {
                Some(streams) => self.interventions.layer(self.cell, layer, &states, &initial, streams),
                None => engine.layer(cell, layer, &states, &initial),
            };
            states = next;
            last.push(state);
        }
        Ok((states, last))
    }
}

/// Initial parameters of the layers, by name.
fn draw_layers(config: &ModelConfig, seed: u64) -> Vec<(String, Tensor)> {
    let name = config.cell.expect("recurrent layers have a cell");
    let init = config.init.as_deref().and_then(|init| init.parse::<Init>().ok());
    let init = init.expect("recurrent layers have an init policy");
    let input_sizes = iter::once(config.input_size).chain(config.output_sizes());
    let layer = |(k, (input_size, hidden_size)): (usize, (i64, &i64))| {
        // Each layer has its own seed. Otherwise layers of one size would be equal.
        let seed = seed.wrapping_add((k as u64) << 32);
        let proj_size = config.proj_size;
        let size = StackSize { input_size, hidden_size: *hidden_size, layers: 1, proj_size };
        Parameters::new(name, init, size, seed, Kind::Double, cpu()).layers
    };
    let layers = input_sizes.zip(&config.layer_sizes).enumerate().flat_map(layer).collect();
    let drawn = Parameters { cell: cell(name), layers };
    drawn.named().into_iter().map(|(name, tensor)| (name, tensor.shallow_clone())).collect()
}

impl Model for Recurrent {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn run(&self, vectors: &Tensor, mut args: ForwardArgs) -> Result<ModelOutput> {
        let (states, last) = self.run_layers(vectors, &mut args)?;
        let mut features = match (args.output_steps, last.last()) {
            // The gradient of the last state alone: the other steps need no zeros as theirs.
            (1, Some(state)) if !self.attention => state.h.unsqueeze(0),
            _ => states.narrow(0, states.size()[0] - args.output_steps, args.output_steps),
        };
        if self.attention {
            let context = attention::context(&self.weights, &states, &features);
            features = Tensor::cat(&[features, context], 2);
        }
        let features = dropout(features, self.dropout, &mut args.dropout);
        Ok(ModelOutput { outputs: dense::read_out(&self.weights, &features), state: last })
    }

    fn layers(&self) -> Option<&Parameters> {
        Some(&self.layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::device::Dtype;

    /// The output after the last step has a path of its own.
    #[test]
    fn run_last_step_alone_equals_the_last_of_all_steps() {
        let config = ModelConfig {
            model: ModelName::Recurrent,
            cell: Some(CellName::Lstm),
            engine: Some(EngineName::Builtin),
            init: Some("pytorch".into()),
            layer_sizes: vec![4, 3],
            proj_size: 0,
            heads: 1,
            positions: 5,
            symbols: None,
            encoding: None,
            input_size: 2,
            outputs: 6,
            dropout: 0.0,
            interventions: Interventions::default(),
            dtype: Dtype::F64,
        };
        let model = Recurrent::new(&config, 1, cpu());
        let vectors = Tensor::randn([5, 7, 2], (Kind::Double, cpu()));
        let last = |output_steps| {
            let args = ForwardArgs { initial: None, output_steps, dropout: None };
            let output = model.run(&vectors, args).unwrap().outputs.select(0, -1);
            let gradient = model.weights().gradient(&output.square().sum(Kind::Double));
            (output, gradient)
        };
        let ((output, gradient), (of_all, gradient_of_all)) = (last(1), last(5));
        assert_eq!(output.size(), [7, 6]);
        assert!(output.allclose(&of_all, 0.0, 1e-14, false));
        assert!(gradient.abs().max().double_value(&[]) > 0.0);
        assert!(gradient.allclose(&gradient_of_all, 0.0, 1e-12, false));
    }
}
