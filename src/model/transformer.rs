//! A causal Transformer that normalises before each block (Vaswani et al. 2017; Xiong et al. 2020).
//!
//! Each block adds Attention(Norm(x)) and then MLP(Norm(x)) to x. The MLP is 4 times as wide, with GELU.
//! Positions have learned vectors, and a last norm precedes the readout. The context is the batch's own
//! steps.

use tch::{Device, Kind, Tensor};

use super::config::ModelConfig;
use super::dense;
use super::dropout::dropout;
use super::forward::{ForwardArgs, Model, ModelOutput};
use super::weights::Weights;
use crate::device::cpu;
use crate::error::{Error, Result};
use crate::random::{self, Purpose};

/// The model `transformer`.
pub struct Transformer {
    weights: Weights,
    blocks: usize,
    width: i64,
    heads: i64,
    positions: i64,
    dropout: f64,
}

/// Standard deviation of the initial vectors of positions, around 0.
const POSITION_STD: f64 = 0.02;
const EPSILON: f64 = 1e-5;

impl Transformer {
    pub fn new(config: &ModelConfig, seed: u64, device: Device) -> Transformer {
        let (width, blocks) = (config.layer_sizes[0], config.layer_sizes.len());
        let mut rng = random::stream(seed, Purpose::Parameters);
        let options = (Kind::Double, cpu());
        let mut initial: Vec<(String, Tensor)> = config.draw_embedding(seed).into_iter().collect();
        let positions = random::normal(&mut rng, &[config.positions, width], Kind::Double, cpu());
        initial.push(("positions".into(), positions * POSITION_STD));
        let norm = |name: &str| {
            dense::named(name, [Tensor::ones([width], options), Tensor::zeros([width], options)])
        };
        let mut dense_layer = |name: &str, inputs: i64, outputs: i64| {
            dense::named(name, dense::draw(&mut rng, inputs, outputs))
        };
        initial.extend(dense_layer("input", config.input_size, width));
        for k in 0..blocks {
            initial.extend(norm(&format!("block{k}.attention_norm")));
            initial.extend(dense_layer(&format!("block{k}.query_key_value"), width, 3 * width));
            initial.extend(dense_layer(&format!("block{k}.projection"), width, width));
            initial.extend(norm(&format!("block{k}.mlp_norm")));
            initial.extend(dense_layer(&format!("block{k}.mlp_in"), width, 4 * width));
            initial.extend(dense_layer(&format!("block{k}.mlp_out"), 4 * width, width));
        }
        initial.extend(norm("last_norm"));
        initial.extend(dense::named("readout", dense::draw_readout(width, config.outputs, seed)));
        let weights = Weights::new(initial, config.kind(), device);
        let &ModelConfig { heads, positions, dropout, .. } = config;
        Transformer { weights, blocks, width, heads, positions, dropout }
    }

    fn dense(&self, name: &str, x: &Tensor) -> Tensor {
        let [weight, bias] = self.weights.pair(name);
        x.linear(&weight, Some(bias))
    }

    fn norm(&self, name: &str, x: &Tensor) -> Tensor {
        let [weight, bias] = self.weights.pair(name);
        x.layer_norm([self.width].as_slice(), Some(weight), Some(bias), EPSILON, false)
    }

    /// Causal self-attention of block k on x `[B, T, D]`.
    fn attention(&self, k: usize, x: &Tensor) -> Tensor {
        let (batch, steps) = (x.size()[0], x.size()[1]);
        let heads = [batch, steps, self.heads, self.width / self.heads];
        let joint = self.dense(&format!("block{k}.query_key_value"), x);
        let parts: Vec<Tensor> =
            joint.chunk(3, -1).iter().map(|part| part.reshape(heads).transpose(1, 2)).collect();
        let [query, key, value] = &parts[..] else { unreachable!("three chunks") };
        let (mask, scale) = (None::<Tensor>, None::<f64>);
        let mean = Tensor::scaled_dot_product_attention(query, key, value, mask, 0.0, true, scale, false);
        self.dense(&format!("block{k}.projection"), &mean.transpose(1, 2).reshape([batch, steps, self.width]))
    }

    fn mlp(&self, k: usize, x: &Tensor) -> Tensor {
        let inner = self.dense(&format!("block{k}.mlp_in"), x);
        self.dense(&format!("block{k}.mlp_out"), &inner.gelu("none"))
    }
}

impl Model for Transformer {
    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn run(&self, vectors: &Tensor, mut args: ForwardArgs) -> Result<ModelOutput> {
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
            let attended = self.attention(k, &self.norm(&format!("block{k}.attention_norm"), &x));
            // `+=` would overwrite values that the gradient of the norm needs.
            x = &x + dropout(attended, self.dropout, &mut args.dropout);
            let outer = self.mlp(k, &self.norm(&format!("block{k}.mlp_norm"), &x));
            x = &x + dropout(outer, self.dropout, &mut args.dropout);
        }
        let x = self.norm("last_norm", &x.narrow(1, steps - args.output_steps, args.output_steps));
        Ok(ModelOutput { outputs: dense::read_out(&self.weights, &x.transpose(0, 1)), state: vec![] })
    }
}
