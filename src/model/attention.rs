//! Attention over a recurrent layer's states, beside the last of them (Bahdanau et al. 2015, section 3.1): the score of step s
//! for an answer after step t ≥ s is v·tanh(W_q h_t + W_k h_s); what the readout sees is h_t and the mean of the states by
//! the softmax of their scores.

use tch::{Device, Kind, Tensor};

use super::recurrent::{Layers, draw_readout, read_out};
use super::{Ask, Blueprint, Model, Said, Weights, dropped};
use crate::cell::Parameters;
use crate::device::cpu;
use crate::error::Result;
use crate::random::{self, Purpose};

/// See the module.
pub struct Attention {
    weights: Weights,
    layers: Layers,
    dropout: f64,
}

impl Attention {
    pub(super) fn new(blueprint: &Blueprint, seed: u64, on: Device) -> Attention {
        let top = *blueprint.layer_sizes.last().expect("a model has a layer");
        let embedding = blueprint.draw_embedding(seed).map(|drawn| ("embedding".to_string(), drawn));
        let mut initial: Vec<(String, Tensor)> = embedding.into_iter().collect();
        initial.extend(Layers::draw(blueprint, seed));
        let mut rng = random::stream(seed, Purpose::Loss);
        let bound = 1.0 / (top as f64).sqrt();
        let mut draw = |shape: &[i64]| random::uniform(&mut rng, -bound, bound, shape, Kind::Double, cpu());
        for (name, shape) in [("query", vec![top, top]), ("key", vec![top, top]), ("score", vec![top])] {
            initial.push((format!("attention.{name}"), draw(&shape)));
        }
        initial.extend(draw_readout(2 * top, blueprint.outputs, seed));
        let weights = Weights::new(initial, blueprint.kind(), on);
        let layers = Layers::of(blueprint, &weights);
        Attention { weights, layers, dropout: blueprint.dropout }
    }

    /// The mean of the states `[T, B, H]` that each of the last S attends to, `[S, B, H]`.
    fn context(&self, states: &Tensor, asking: &Tensor) -> Tensor {
        let (steps, answers) = (states.size()[0], asking.size()[0]);
        let query = asking.matmul(&self.weights.get("attention.query").tr()).unsqueeze(1);
        let key = states.matmul(&self.weights.get("attention.key").tr()).unsqueeze(0);
        // [S, T, B]
        let scores = (query + key).tanh().matmul(&self.weights.get("attention.score"));
        let options = (Kind::Bool, states.device());
        let later = Tensor::ones([answers, steps], options).triu(steps - answers + 1).unsqueeze(-1);
        let shares = scores.masked_fill(&later, f64::NEG_INFINITY).softmax(1, states.kind());
        Tensor::einsum("stb,tbh->sbh", &[&shares, states], None::<&[i64]>)
    }
}

impl Model for Attention {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn run(&self, vectors: &Tensor, mut ask: Ask) -> Result<Said> {
        let (states, last) = self.layers.run(vectors, &mut ask)?;
        let asking = states.narrow(0, states.size()[0] - ask.answers, ask.answers);
        let seen = Tensor::cat(&[&asking, &self.context(&states, &asking)], 2);
        let seen = dropped(seen, self.dropout, &mut ask.dropout);
        Ok(Said { answers: read_out(&self.weights, &seen), last })
    }

    fn layers(&self) -> Option<&Parameters> {
        Some(self.layers.parameters())
    }
}
