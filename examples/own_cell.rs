//! A cell of your own, from its equations alone, and the exact norms of its gradient.
//!
//! `cargo run --example own_cell` compares the update gate RNN (Collins, Sohl-Dickstein & Sussillo 2017) with
//! the RNN over 5000 steps, far below the least float.

#![allow(clippy::print_stdout)]

use lstm_lab::cell::{Products, Retention, cell};
use lstm_lab::diagnostics::{DiagnosticOptions, profiles};
use lstm_lab::engine::engine;
use lstm_lab::settings::names::Quantity;
use lstm_lab::{Cell, CellName, EngineName, Init, Parameters, Result, StackSize, State};
use tch::{Device, Kind, Tensor};

/// The update gate RNN: g = σ(W_g [x; h] + b_g), n = tanh(W_n [x; h] + b_n), h' = g ⊙ h + (1 − g) ⊙ n.
pub struct UpdateGateRnn;

impl Cell for UpdateGateRnn {
    fn gates(&self) -> &'static [&'static str] {
        &["g", "n"]
    }

    fn candidate(&self) -> usize {
        1
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(0))
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.sum(0).sigmoid(), products.sum(1).tanh()]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (g, n) = (&activations[0], &activations[1]);
        State::from_hidden(g * &previous.h + (1.0 - g) * n)
    }
}

/// Returns parameters of a layer and an input `[T, 2, 3]`.
pub fn case(cell: &'static dyn Cell, steps: i64) -> (Parameters, Tensor) {
    let size = StackSize { input_size: 3, hidden_size: 16, layers: 1, proj_size: 0 };
    let p = Parameters::of_cell(cell, Init::pytorch(), size, 1, Kind::Double, Device::Cpu);
    let x = Tensor::linspace(-1.0, 1.0, steps * 2 * 3, (Kind::Double, Device::Cpu)).view([steps, 2, 3]);
    (p, x)
}

/// Returns log10 ‖∂L/∂h_t‖ at the steps 1 … T. The loss L is the sum of h_T.
pub fn norms(name: EngineName, p: &Parameters, x: &Tensor) -> Result<Vec<f64>> {
    let last = x.size()[0] as usize;
    let found = profiles(engine(name), p, x, None, DiagnosticOptions::default(), &|output, steps| {
        (steps.end == last).then(|| output.get(-1).sum(Kind::Double))
    })?;
    let total_h = found.into_iter().find(|profile| profile.quantity == Quantity::TotalH);
    let norms = total_h.expect("every cell has an h").norms;
    Ok(norms.into_iter().map(|(_, norm)| norm.log10().unwrap_or(f64::NEG_INFINITY)).collect())
}

#[allow(dead_code)] // The tests call `norms`.
fn main() -> Result<()> {
    let steps = 5000;
    for (name, cell) in [("rnn", cell(CellName::Rnn)), ("update gate rnn", &UpdateGateRnn)] {
        let (p, x) = case(cell, steps);
        let norms = norms(EngineName::Recompute, &p, &x)?;
        println!("{name}: the norm at the first step is 1e{:.0}", norms[0]);
    }
    Ok(())
}
