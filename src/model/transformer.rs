//! A causal Transformer that normalises before each block: x + Attention(Norm(x)), then x + MLP(Norm(x)), with a learned
//! vector for each position and a last norm before the readout (Vaswani et al. 2017; Xiong et al. 2020; the MLP is 4 times
//! as wide, with GELU). It sees the steps of its own batch and nothing before.

use tch::{Device, Kind, Tensor};

use super::recurrent::{draw_readout, read_out};
use super::{Ask, Blueprint, Model, Said, Weights, dropped};
use crate::device::cpu;
use crate::error::{Error, Result};
use crate::random::{self, Purpose};

/// See the module.
pub struct Transformer {
    weights: Weights,
    blocks: usize,
    width: i64,
    heads: i64,
    positions: i64,
    dropout: f64,
}

/// Dense layers start from U(±1/√fan-in); positions from N(0, 0.02²).
const POSITION_STD: f64 = 0.02;
const EPSILON: f64 = 1e-5;

impl Transformer {
    pub(super) fn new(blueprint: &Blueprint, seed: u64, on: Device) -> Transformer {
        let (width, blocks) = (blueprint.layer_sizes[0], blueprint.layer_sizes.len());
        let mut rng = random::stream(seed, Purpose::Parameters);
        let embedding = blueprint.draw_embedding(seed).map(|drawn| ("embedding".to_string(), drawn));
        let mut initial: Vec<(String, Tensor)> = embedding.into_iter().collect();
        let positions = random::normal(&mut rng, &[blueprint.positions, width], Kind::Double, cpu());
        initial.push(("positions".into(), positions * POSITION_STD));
        let norm = |name: &str| {
            let options = (Kind::Double, cpu());
            let (weight, bias) = (Tensor::ones([width], options), Tensor::zeros([width], options));
            [(format!("{name}.weight"), weight), (format!("{name}.bias"), bias)]
        };
        let mut dense = |name: &str, from: i64, to: i64| {
            let bound = 1.0 / (from as f64).sqrt();
            let mut draw =
                |shape: &[i64]| random::uniform(&mut rng, -bound, bound, shape, Kind::Double, cpu());
            [(format!("{name}.weight"), draw(&[to, from])), (format!("{name}.bias"), draw(&[to]))]
        };
        initial.extend(dense("input", blueprint.input_size, width));
        for k in 0..blocks {
            initial.extend(norm(&format!("block{k}.attention_norm")));
            initial.extend(dense(&format!("block{k}.query_key_value"), width, 3 * width));
            initial.extend(dense(&format!("block{k}.projection"), width, width));
            initial.extend(norm(&format!("block{k}.mlp_norm")));
            initial.extend(dense(&format!("block{k}.mlp_in"), width, 4 * width));
            initial.extend(dense(&format!("block{k}.mlp_out"), 4 * width, width));
        }
        initial.extend(norm("last_norm"));
        initial.extend(draw_readout(width, blueprint.outputs, seed));
        let weights = Weights::new(initial, blueprint.kind(), on);
        let (heads, positions, dropout) = (blueprint.heads, blueprint.positions, blueprint.dropout);
        Transformer { weights, blocks, width, heads, positions, dropout }
    }

    fn dense(&self, name: &str, x: &Tensor) -> Tensor {
        let bias = self.weights.get(&format!("{name}.bias"));
        x.linear(&self.weights.get(&format!("{name}.weight")), Some(bias))
    }

    fn norm(&self, name: &str, x: &Tensor) -> Tensor {
        let (weight, bias) =
            (self.weights.get(&format!("{name}.weight")), self.weights.get(&format!("{name}.bias")));
        x.layer_norm([self.width].as_slice(), Some(weight), Some(bias), EPSILON, false)
    }

    /// x `[B, T, D]`.
    fn attend(&self, k: usize, x: &Tensor) -> Tensor {
        let size = x.size();
        let (batch, steps) = (size[0], size[1]);
        let of_heads = |tensor: Tensor| {
            tensor.reshape([batch, steps, self.heads, self.width / self.heads]).transpose(1, 2)
        };
        let mut three =
            self.dense(&format!("block{k}.query_key_value"), x).chunk(3, -1).into_iter().map(of_heads);
        let mut next = || three.next().expect("three chunks");
        let (query, key, value) = (next(), next(), next());
        let no_mask: Option<Tensor> = None;
        let mean = Tensor::scaled_dot_product_attention(
            &query,
            &key,
            &value,
            no_mask,
            0.0,
            true,
            None::<f64>,
            false,
        );
        self.dense(&format!("block{k}.projection"), &mean.transpose(1, 2).reshape([batch, steps, self.width]))
    }
}

impl Model for Transformer {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn run(&self, vectors: &Tensor, mut ask: Ask) -> Result<Said> {
        let steps = vectors.size()[0];
        if steps > self.positions {
            return Err(Error::Shape {
                name: "input".into(),
                expected: format!("[T, B, I] with T up to the Transformer's {} positions", self.positions),
                found: vectors.size(),
            });
        }
        let positions = self.weights.get("positions").narrow(0, 0, steps);
        let mut x = self.dense("input", &vectors.transpose(0, 1)) + positions;
        for k in 0..self.blocks {
            let attended = self.attend(k, &self.norm(&format!("block{k}.attention_norm"), &x));
            // `+=` would write over what the norm needs for its gradient.
            x = &x + dropped(attended, self.dropout, &mut ask.dropout);
            let inner =
                self.dense(&format!("block{k}.mlp_in"), &self.norm(&format!("block{k}.mlp_norm"), &x));
            let outer = self.dense(&format!("block{k}.mlp_out"), &inner.gelu("none"));
            x = &x + dropped(outer, self.dropout, &mut ask.dropout);
        }
        let x = self.norm("last_norm", &x.narrow(1, steps - ask.answers, ask.answers));
        Ok(Said { answers: read_out(&self.weights, &x.transpose(0, 1)), last: vec![] })
    }
}
