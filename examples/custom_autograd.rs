//! A hand-written gradient inside a tch program: a leaky integrator on top of an LSTM.
//!
//! `cargo run --example custom_autograd` prints the gradient norm by the closure and by autograd.

#![allow(clippy::print_stdout)]

use lstm_lab::autograd::custom_function;
use lstm_lab::engine::engine;
use lstm_lab::{CellName, EngineName, Init, Parameters, Result, StackSize, forward};
use tch::{Device, Kind, Tensor, no_grad};

const DECAY: f64 = 0.9;

/// Returns y_t = 0.9 y_{t−1} + x_t along the first dimension of `x` `[T, B, H]`, from y_0 = 0.
fn integrate(x: &Tensor) -> Tensor {
    let mut sum = x.get(0).zeros_like();
    let sums: Vec<Tensor> = x
        .unbind(0)
        .into_iter()
        .map(|x| {
            sum = &sum * DECAY + x;
            sum.shallow_clone()
        })
        .collect();
    Tensor::stack(&sums, 0)
}

/// Computes [`integrate`] as one node of the graph, where autograd would keep T nodes.
///
/// The gradient is the same recurrence, from the end: ∂L/∂x_t = ∂L/∂y_t + 0.9 ∂L/∂x_{t+1}.
fn integrate_in_one_node(x: &Tensor) -> Tensor {
    let y = no_grad(|| integrate(x));
    let mut outputs = custom_function(&[x], vec![y], |grad| {
        let d_y = grad.outputs[0].as_ref()?;
        Some(vec![Some(integrate(&d_y.flip([0])).flip([0]))])
    })
    .expect("y was computed without gradients");
    outputs.remove(0)
}

/// Returns the gradient of Σ y_T² with respect to the LSTM's recurrent matrix, by the closure and by
/// autograd.
pub fn gradients(steps: i64) -> Result<[Tensor; 2]> {
    let size = StackSize { input_size: 3, hidden_size: 5, layers: 1, proj_size: 0 };
    let p = Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Double, Device::Cpu).leaves();
    let x = Tensor::linspace(-1.0, 1.0, steps * 2 * 3, (Kind::Double, Device::Cpu)).view([steps, 2, 3]);
    let gradient = |integrate: fn(&Tensor) -> Tensor| {
        let run = forward(engine(EngineName::Analytic), &p, &x, None)?;
        let loss = integrate(&run.output).get(-1).square().sum(Kind::Double);
        Ok(Tensor::run_backward(&[loss], &[&p.layers[0].w_hh], false, false).remove(0))
    };
    Ok([gradient(integrate_in_one_node)?, gradient(integrate)?])
}

#[allow(dead_code)] // The tests call `gradients`.
fn main() -> Result<()> {
    let [by_closure, by_autograd] = gradients(50)?;
    println!("norm of the gradient by the closure: {:.12}", by_closure.norm().double_value(&[]));
    println!("norm of the gradient by autograd:    {:.12}", by_autograd.norm().double_value(&[]));
    Ok(())
}
