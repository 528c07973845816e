//! An LSTM of this crate in a tch program. It replaces `nn::lstm` and uses the same variables.
//!
//! `cargo run --example lstm` trains a sequence classifier for some steps, then compares the output with
//! the output of `nn::lstm`.

#![allow(clippy::print_stdout)]

use lstm_lab::cell::{LayerParameters, cell};
use lstm_lab::engine::engine;
use lstm_lab::{CellName, EngineName, Parameters, Result, forward};
use tch::nn::{self, Module, OptimizerConfig, RNN};
use tch::{Device, Kind, Tensor, no_grad};

const STEPS: i64 = 30;
const BATCH: i64 = 16;
const INPUT: i64 = 8;
const HIDDEN: i64 = 32;

/// The results of a training.
pub struct Outcome {
    /// The loss of each update.
    pub losses: Vec<f64>,
    /// The largest difference between the outputs of this crate and of `nn::lstm`, after the training.
    pub difference: f64,
}

/// Returns handles on the variables of `nn::lstm` as parameters of this crate. The names and shapes are
/// the same.
fn parameters(path: &nn::Path) -> Parameters {
    let variable = |name: &str| path.get(name).expect("a variable of nn::lstm");
    let layer = LayerParameters {
        w_ih: variable("weight_ih_l0"),
        w_hh: variable("weight_hh_l0"),
        b_ih: variable("bias_ih_l0"),
        b_hh: variable("bias_hh_l0"),
        further: vec![],
    };
    Parameters { cell: cell(CellName::Lstm), layers: vec![layer] }
}

/// Trains for `updates` updates on a question: is the first feature positive on average?
pub fn train(updates: usize) -> Result<Outcome> {
    tch::manual_seed(1);
    let vs = nn::VarStore::new(Device::Cpu);
    let config = nn::RNNConfig { batch_first: false, ..Default::default() };
    let theirs = nn::lstm(vs.root() / "lstm", INPUT, HIDDEN, config);
    let ours = parameters(&(vs.root() / "lstm"));
    let readout = nn::linear(vs.root() / "readout", HIDDEN, 2, Default::default());
    let mut optimizer = nn::Adam::default().build(&vs, 1e-2).expect("an optimizer");

    let x = Tensor::randn([STEPS, BATCH, INPUT], (Kind::Float, Device::Cpu));
    let labels =
        x.select(2, 0).sum_dim_intlist([0].as_slice(), false, Kind::Float).gt(0.0).to_kind(Kind::Int64);
    let mut losses = Vec::new();
    for _ in 0..updates {
        let run = forward(engine(EngineName::Simd), &ours, &x, None)?;
        let loss = readout.forward(&run.output.get(-1)).cross_entropy_for_logits(&labels);
        optimizer.backward_step(&loss);
        losses.push(loss.double_value(&[]));
    }

    let difference = no_grad(|| {
        let zeros = || Tensor::zeros([1, BATCH, HIDDEN], (Kind::Float, Device::Cpu));
        let (expected, _) = theirs.seq_init(&x, &nn::LSTMState((zeros(), zeros())));
        let found = forward(engine(EngineName::Simd), &ours, &x, None)?.output;
        Ok::<f64, lstm_lab::Error>((found - expected).abs().max().double_value(&[]))
    })?;
    Ok(Outcome { losses, difference })
}

#[allow(dead_code)] // The tests call `train`.
fn main() -> Result<()> {
    let Outcome { losses, difference } = train(100)?;
    for (n, loss) in losses.iter().enumerate().step_by(10) {
        println!("update {n:3}: loss {loss:.4}");
    }
    println!("largest difference from nn::lstm: {difference:.1e}");
    Ok(())
}
