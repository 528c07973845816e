//! Attention over the states of a recurrent layer (Bahdanau et al. 2015, section 3.1).
//!
//! The score of step s for an output after step t ≥ s is v·tanh(W_q h_t + W_k h_s). The context is the mean
//! of the states, weighted by the softmax of their scores. The readout sees h_t and the context.

use tch::{Kind, Tensor};

use super::weights::Weights;
use crate::device::cpu;
use crate::random::{self, Purpose};

/// Initial parameters for states of `size` units.
pub fn draw(size: i64, seed: u64) -> [(String, Tensor); 3] {
    let mut rng = random::stream(seed, Purpose::Loss);
    let bound = 1.0 / (size as f64).sqrt();
    let mut draw = |name: &str, shape: &[i64]| {
        let drawn = random::uniform(&mut rng, -bound, bound, shape, Kind::Double, cpu());
        (format!("attention.{name}"), drawn)
    };
    [draw("query", &[size, size]), draw("key", &[size, size]), draw("score", &[size])]
}

/// The context of each of the last S states, `[S, B, H]`, out of all states `[T, B, H]`.
pub fn context(weights: &Weights, states: &Tensor, queries: &Tensor) -> Tensor {
    let (steps, outputs) = (states.size()[0], queries.size()[0]);
    let query = queries.matmul(&weights.get("attention.query").tr()).unsqueeze(1);
    let key = states.matmul(&weights.get("attention.key").tr()).unsqueeze(0);
    // [S, T, B]
    let scores = (query + key).tanh().matmul(&weights.get("attention.score"));
    let options = (Kind::Bool, states.device());
    let later = Tensor::ones([outputs, steps], options).triu(steps - outputs + 1).unsqueeze(-1);
    let shares = scores.masked_fill(&later, f64::NEG_INFINITY).softmax(1, states.kind());
    Tensor::einsum("stb,tbh->sbh", &[&shares, states], None::<&[i64]>)
}
