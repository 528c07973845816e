//! The adding problem (Hochreiter & Schmidhuber 1997), learned by an LSTM of this crate with an optimizer
//! of tch.
//!
//! Each sequence has T numbers from U(0, 1), two of which are marked. The target is the sum of the two.
//! The baseline is the constant answer 1. Its mean squared error is 1/6, the variance of the sum.
//!
//! `cargo run --example train_adding` prints the loss, which falls below the baseline within seconds.

#![allow(clippy::print_stdout)]

use lstm_lab::engine::engine;
use lstm_lab::random::{self, Purpose};
use lstm_lab::{CellName, EngineName, Init, Parameters, StackSize, forward};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};

/// The mean squared error of a constant answer.
pub const BASELINE: f64 = 1.0 / 6.0;

const STEPS: i64 = 20;
const BATCH: i64 = 64;
const HIDDEN: i64 = 32;

/// Draws a batch: input `[T, B, 2]` (number, mark) and target `[B, 1]`.
fn batch(seed: u64, update: usize) -> (Tensor, Tensor) {
    let mut rng = random::at_step(seed, Purpose::Train, update);
    let mut uniform = |shape: &[i64]| random::uniform(&mut rng, 0.0, 1.0, shape, Kind::Float, Device::Cpu);
    let numbers = uniform(&[STEPS, BATCH]);
    // There is one mark in each half. The largest of some random numbers has a uniform position.
    let first = uniform(&[STEPS / 2, BATCH]).argmax(0, true);
    let second = uniform(&[STEPS / 2, BATCH]).argmax(0, true) + STEPS / 2;
    let marks = numbers.zeros_like().scatter_value(0, &Tensor::cat(&[first, second], 0), 1.0);
    let target = (&numbers * &marks).sum_dim_intlist([0].as_slice(), false, Kind::Float).unsqueeze(1);
    (Tensor::stack(&[numbers, marks], 2), target)
}

/// Trains for `updates` updates and returns the loss of each.
pub fn train(
    updates: usize,
    mut on_progress: impl FnMut(usize, f64),
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let seed = 1;
    tch::manual_seed(seed as i64);
    let vs = nn::VarStore::new(Device::Cpu);
    let init: Init = "pytorch+forget_bias(1)".parse()?;
    let size = StackSize { input_size: 2, hidden_size: HIDDEN, layers: 1, proj_size: 0 };
    let lstm = Parameters::new(CellName::Lstm, init, size, seed, Kind::Float, Device::Cpu)
        .in_var_store(&(vs.root() / "lstm"));
    let readout = nn::linear(vs.root() / "readout", HIDDEN, 1, Default::default());
    let mut optimizer = nn::Adam::default().build(&vs, 1e-2)?;
    let mut losses = Vec::with_capacity(updates);
    for update in 1..=updates {
        let (x, target) = batch(seed, update);
        let run = forward(engine(EngineName::Simd), &lstm, &x, None)?;
        let loss = readout.forward(&run.output.get(-1)).mse_loss(&target, tch::Reduction::Mean);
        optimizer.backward_step_clip_norm(&loss, 1.0);
        losses.push(loss.double_value(&[]));
        on_progress(update, losses[update - 1]);
    }
    Ok(losses)
}

#[allow(dead_code)] // The tests call `train`.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("baseline: {BASELINE:.4}");
    train(600, |update, loss| {
        if update % 50 == 0 {
            println!("update {update:3}: loss {loss:.4}");
        }
    })?;
    Ok(())
}
