//! Dense layers, drawn from U(±1/√fan-in) like PyTorch's `Linear`, and the readout, which is a dense layer.

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::weights::Weights;
use crate::device::cpu;
use crate::random::{self, Purpose};

/// Weight `[O, I]` and bias `[O]` of a dense layer.
pub fn draw(rng: &mut ChaCha8Rng, inputs: i64, outputs: i64) -> [Tensor; 2] {
    let bound = 1.0 / (inputs as f64).sqrt();
    let mut draw = |shape: &[i64]| random::uniform(rng, -bound, bound, shape, Kind::Double, cpu());
    [draw(&[outputs, inputs]), draw(&[outputs])]
}

/// Weight and bias of the readout from states to outputs.
pub fn draw_readout(features: i64, outputs: i64, seed: u64) -> [Tensor; 2] {
    draw(&mut random::stream(seed, Purpose::Readout), features, outputs)
}

/// The names of a layer's weight and bias.
pub fn named(name: &str, [weight, bias]: [Tensor; 2]) -> [(String, Tensor); 2] {
    [(format!("{name}.weight"), weight), (format!("{name}.bias"), bias)]
}

/// The layer applied to states `[…, H]`, one row a state: `[N, O]`.
pub fn apply([weight, bias]: &[Tensor; 2], states: &Tensor) -> Tensor {
    bias.addmm(&states.flatten(0, -2), &weight.tr())
}

/// The readout of a model applied to states `[S, B, H]`: `[S, B, O]`.
pub fn read_out(weights: &Weights, states: &Tensor) -> Tensor {
    let size = states.size();
    apply(&weights.pair("readout"), states).reshape([size[0], size[1], -1])
}
