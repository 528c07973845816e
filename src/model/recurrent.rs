//! Recurrent layers of any cell and engine, dropout between them, a dense readout.

use tch::{Device, Kind, Tensor};

use super::{Ask, Blueprint, Model, Said, Weights, dropped};
use crate::cell::init::Init;
use crate::cell::init::{StackSize, parameters};
use crate::cell::{LayerParameters, Parameters, State, zero_state};
use crate::device::cpu;
use crate::engine::EngineName;
use crate::engine::engine;
use crate::error::Result;
use crate::random::{self, Purpose};

/// Recurrent layers, one on the other.
pub struct Layers {
    parameters: Parameters,
    engine: EngineName,
    dropout: f64,
}

impl Layers {
    /// Initial values by name, in the layers' order.
    pub fn draw(blueprint: &Blueprint, seed: u64) -> Vec<(String, Tensor)> {
        let cell = blueprint.cell.expect("recurrent layers have a cell");
        let init: Init = blueprint
            .init
            .as_deref()
            .and_then(|init| init.parse().ok())
            .expect("recurrent layers have an init");
        let mut named = Vec::new();
        let mut input_size = blueprint.input_size;
        for (layer, hidden_size) in blueprint.layer_sizes.iter().enumerate() {
            // A seed for each layer: layers of one size would be equal otherwise.
            let seed = seed.wrapping_add((layer as u64) << 32);
            let size = StackSize { input_size, hidden_size: *hidden_size, layers: 1 };
            let drawn = parameters(cell, init, size, seed, Kind::Double, cpu());
            named.extend(drawn.named().into_iter().map(|(name, tensor)| {
                (format!("{}{layer}", name.trim_end_matches('0')), tensor.shallow_clone())
            }));
            input_size = *hidden_size;
        }
        named
    }

    /// The layers of these weights.
    pub fn of(blueprint: &Blueprint, weights: &Weights) -> Layers {
        let layer = |k: usize| LayerParameters {
            w_ih: weights.get(&format!("weight_ih_l{k}")),
            w_hh: weights.get(&format!("weight_hh_l{k}")),
            b_ih: weights.get(&format!("bias_ih_l{k}")),
            b_hh: weights.get(&format!("bias_hh_l{k}")),
        };
        let layers = (0..blueprint.layer_sizes.len()).map(layer).collect();
        let parameters = Parameters { cell: blueprint.cell.expect("recurrent layers have a cell"), layers };
        Layers {
            parameters,
            engine: blueprint.engine.expect("recurrent layers have an engine"),
            dropout: blueprint.dropout,
        }
    }

    /// Vectors `[T, B, I]` to the last layer's states `[T, B, H]` and every layer's last.
    ///
    /// # Errors
    /// A type or device that the engine cannot work with.
    pub fn run(&self, vectors: &Tensor, ask: &mut Ask) -> Result<(Tensor, Vec<State>)> {
        let engine = engine(self.engine);
        engine.accepts(vectors)?;
        let cell = self.parameters.cell();
        let mut output = vectors.shallow_clone();
        let mut last = Vec::with_capacity(self.parameters.layers.len());
        for (k, layer) in self.parameters.layers.iter().enumerate() {
            if k > 0 {
                output = dropped(output, self.dropout, &mut ask.dropout);
            }
            let first = match ask.first {
                Some(states) => states[k].shallow_clone(),
                None => zero_state(cell, vectors, vectors.size()[1], layer.hidden_size()),
            };
            let (next, state) = engine.layer(cell, layer, &output, &first);
            output = next;
            last.push(state);
        }
        Ok((output, last))
    }

    /// For a probe.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// A dense layer, U(±1/√fan-in) as PyTorch's `Linear`: `readout.weight` `[O, H]` and `readout.bias` `[O]`.
pub fn draw_readout(from: i64, to: i64, seed: u64) -> Vec<(String, Tensor)> {
    let mut rng = random::stream(seed, Purpose::Readout);
    let bound = 1.0 / (from as f64).sqrt();
    let mut draw = |shape: &[i64]| random::uniform(&mut rng, -bound, bound, shape, Kind::Double, cpu());
    vec![("readout.weight".into(), draw(&[to, from])), ("readout.bias".into(), draw(&[to]))]
}

/// That layer on states `[S, B, H]`.
pub fn read_out(weights: &Weights, states: &Tensor) -> Tensor {
    let size = states.size();
    let (weight, bias) = (weights.get("readout.weight"), weights.get("readout.bias"));
    bias.addmm(&states.reshape([-1, size[2]]), &weight.tr()).reshape([size[0], size[1], -1])
}

/// See the module.
pub struct Recurrent {
    weights: Weights,
    layers: Layers,
    dropout: f64,
}

impl Recurrent {
    pub(super) fn new(blueprint: &Blueprint, seed: u64, on: Device) -> Recurrent {
        let top = *blueprint.layer_sizes.last().expect("a model has a layer");
        let embedding = blueprint.draw_embedding(seed).map(|drawn| ("embedding".to_string(), drawn));
        let mut initial: Vec<(String, Tensor)> = embedding.into_iter().collect();
        initial.extend(Layers::draw(blueprint, seed));
        initial.extend(draw_readout(top, blueprint.outputs, seed));
        let weights = Weights::new(initial, blueprint.kind(), on);
        let layers = Layers::of(blueprint, &weights);
        Recurrent { weights, layers, dropout: blueprint.dropout }
    }
}

impl Model for Recurrent {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn run(&self, vectors: &Tensor, mut ask: Ask) -> Result<Said> {
        let (states, last) = self.layers.run(vectors, &mut ask)?;
        let states = states.narrow(0, states.size()[0] - ask.answers, ask.answers);
        let states = dropped(states, self.dropout, &mut ask.dropout);
        Ok(Said { answers: read_out(&self.weights, &states), last })
    }

    fn layers(&self) -> Option<&Parameters> {
        Some(self.layers.parameters())
    }
}
