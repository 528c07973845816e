//! Gradient flossing: updates before the training that move Lyapunov exponents towards 0 (Engelken 2023).
//!
//! The exponents are those of the Jacobians of a layer's state over the sequences of a batch. The products of
//! transposed Jacobians with k orthonormal vectors go back through time. Each step has a QR decomposition,
//! whose R factor holds the growth. All operations are nodes of the autograd graph, so that the exponents
//! have a gradient, also through the trajectory.

use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor, no_grad};

use super::context::TrainContext;
use super::optimizer::{OptimizerState, clip};
use crate::cell::{Cell, LayerParameters, Parameters, PreparedLayer, State};
use crate::config::spec::Optimizer;
use crate::data::Split;
use crate::random::{self, Purpose};
use crate::support::error::{Error, Result};
use crate::support::progress::{OnStep, Step};

/// The root mean square of the flossed exponents in nats per step, on the first batch of the split `valid`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flossed {
    /// Before the first update of the flossing.
    pub before: f64,
    /// After the last one.
    pub after: f64,
}

/// Flosses the recurrent layers of a run, if its settings ask for it. `None` if they do not.
///
/// # Errors
/// [`Error::Diverged`]: the exponents are not finite. [`Error::Stopped`]: `on_step` asked for it.
pub fn floss(context: &TrainContext, on_step: OnStep) -> Result<Option<Flossed>> {
    let settings = &context.run.settings;
    let updates = settings.flossing.unwrap_or(0);
    let Some(layers) = context.model.layers().filter(|_| updates > 0) else { return Ok(None) };
    let before = root_mean_square(context, layers, updates)?;
    let mut optimizer = OptimizerState::new(context.model.weights().flat());
    for update in 0..updates {
        floss_once(context, layers, update, &mut optimizer)?;
        // The training has not begun. A run that is stopped here begins anew.
        if on_step(Step { unit: "step", step: 0, steps: context.steps(), loss: None }).is_break() {
            return Err(Error::Stopped);
        }
    }
    Ok(Some(Flossed { before, after: root_mean_square(context, layers, updates)? }))
}

/// The seconds of the flossing of a run, from the time of one update.
///
/// # Errors
/// As for [`floss`].
pub fn estimate(context: &TrainContext) -> Result<f64> {
    let updates = context.run.settings.flossing.unwrap_or(0);
    let Some(layers) = context.model.layers().filter(|_| updates > 0) else { return Ok(0.0) };
    let start = Instant::now();
    floss_once(context, layers, 0, &mut OptimizerState::new(context.model.weights().flat()))?;
    Ok(updates as f64 * start.elapsed().as_secs_f64())
}

/// One update of the flossing, on a batch of the training.
fn floss_once(
    context: &TrainContext,
    layers: &Parameters,
    update: usize,
    optimizer: &mut OptimizerState,
) -> Result<()> {
    let TrainContext { run, training, task, model, .. } = *context;
    let loss = loss(context, layers, &task.train(update).input, update);
    let mut gradient = model.weights().gradient(&loss);
    let norm = clip(&mut gradient, context.clip_norm());
    finite(update, "the mean square of the Lyapunov exponents", loss.double_value(&[]))?;
    finite(update, "the norm of their gradient", norm)?;
    let rate = run.settings.learning_rate.unwrap_or(0.0);
    // Decay would change the parameters of other layers, which have no gradient.
    let without_decay = Optimizer { weight_decay: 0.0, ..training.optimizer };
    optimizer.step(without_decay, rate, model.weights().flat(), &gradient);
    Ok(())
}

fn root_mean_square(context: &TrainContext, layers: &Parameters, updates: usize) -> Result<f64> {
    let batch = context.task.held_out(Split::Valid, 0);
    let mean_square = loss(context, layers, &batch.input, updates).double_value(&[]);
    finite(updates, "the mean square of the Lyapunov exponents", mean_square).map(f64::sqrt)
}

/// The mean of the squared exponents over layers, sequences and exponents. `update` chooses the first
/// vectors.
fn loss(context: &TrainContext, layers: &Parameters, input: &Tensor, update: usize) -> Tensor {
    let vectors = no_grad(|| context.config.embed(context.model.weights(), input));
    let gates = layers.cell.gates().len();
    let units = layers.layers.iter().map(|layer| layer.state_size(gates).hidden as usize);
    let count = context.training.flossing_exponents_of(units);
    let mut rng = random::at_step(context.run.settings.seed, Purpose::Flossing, update);
    exponents(layers, &vectors, count as i64, &mut rng).square().mean(None::<Kind>)
}

fn finite(update: usize, what: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    let advice = "a smaller learning rate or fewer flossing_exponents may help";
    Err(Error::Diverged { step: update + 1, what, value, last: None, advice })
}

/// Returns the first `count` Lyapunov exponents of each layer and sequence in nats per step, `[L, B, count]`.
/// The input is `[T, B, I]`. The Jacobian of the stack is block triangular, so its exponents are those of the
/// layers.
fn exponents(p: &Parameters, input: &Tensor, count: i64, rng: &mut ChaCha8Rng) -> Tensor {
    let mut input = input.detach();
    let mut of_layers = Vec::new();
    for layer in &p.layers {
        let (output, exponents) = of_layer(p.cell, layer, &input, count, rng);
        of_layers.push(exponents);
        input = output;
    }
    Tensor::stack(&of_layers, 0)
}

/// The output of a layer `[T, B, H]`, and its first exponents `[B, count]`.
fn of_layer(
    cell: &dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    count: i64,
    rng: &mut ChaCha8Rng,
) -> (Tensor, Tensor) {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    let layer = cell.prepare(p);
    let projections = p.project(&cell.input_bias(p), input).unbind(0);
    // The Jacobian of the first step needs a first state with a gradient.
    let first = cell.zero_state(p, batch).map(|tensor| tensor.set_requires_grad(true));
    let mut states = vec![first];
    for projection in &projections {
        states.push(cell.step_from_projection(&layer, projection, &states[states.len() - 1]));
    }
    let width: i64 = states[0].sizes().iter().sum();
    let vectors = random::normal(rng, &[batch, width, count], input.kind(), input.device());
    let (mut vectors, _) = Tensor::linalg_qr(&vectors, "reduced");
    let mut growth = Tensor::zeros([batch, count], (input.kind(), input.device()));
    for (projection, previous) in projections.iter().zip(&states).rev() {
        let pulled = pull_back(cell, &layer, projection, previous, &vectors);
        let (q, r) = Tensor::linalg_qr(&pulled, "reduced");
        growth += r.diagonal(0, -2, -1).abs().log();
        vectors = q;
    }
    let outputs: Vec<&Tensor> = states[1..].iter().map(|state| &state.h).collect();
    (Tensor::stack(&outputs, 0), growth / steps as f64)
}

/// Multiplies vectors `[B, n, k]` by the transposed Jacobian of a step, with n numbers in the state. The
/// result is a node of the autograd graph.
fn pull_back(
    cell: &dyn Cell,
    layer: &PreparedLayer,
    projection: &Tensor,
    previous: &State,
    vectors: &Tensor,
) -> Tensor {
    let (batch, count) = (vectors.size()[0], vectors.size()[2]);
    // Each vector gets a copy of the sequences, so that one backward pass pulls all of them back.
    let copies = |tensor: &Tensor| tensor.expand([count, batch, -1], false).reshape([count * batch, -1]);
    let previous = previous.map(copies);
    let next = cell.step_from_projection(layer, &copies(projection), &previous);
    let of_tensors = vectors.permute([2, 0, 1]).reshape([count * batch, -1]);
    let of_tensors = of_tensors.split_with_sizes(next.sizes(), 1);
    let products = next.tensors().into_iter().zip(&of_tensors).map(|(tensor, vector)| tensor * vector);
    let product = products.map(|product| product.sum(None::<Kind>)).reduce(|sum, next| sum + next);
    let product = product.expect("a state has an h");
    let inputs = previous.tensors();
    let gradients = Tensor::run_backward(&[product], &inputs, true, true);
    let or_zeros = |(gradient, input): (Tensor, &&Tensor)| match gradient.defined() {
        true => gradient,
        false => input.zeros_like(),
    };
    let rows: Vec<Tensor> = gradients.into_iter().zip(&inputs).map(or_zeros).collect();
    Tensor::cat(&rows, 1).view([count, batch, -1]).permute([1, 2, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::cell::init::StackSize;
    use crate::device::cpu;
    use crate::diagnostics::jacobian::{JacobianOptions, Observation, products};
    use crate::engine::{EngineName, gradients};

    fn layers(cell: CellName, init: &str, hidden_size: i64, layers: usize) -> Parameters {
        let proj_size = if cell == CellName::LstmProjected { 2 } else { 0 };
        let size = StackSize { input_size: 2, hidden_size, layers, proj_size };
        Parameters::new(cell, init.parse().unwrap(), size, 1, Kind::Double, cpu()).leaves()
    }

    fn normal(shape: &[i64]) -> Tensor {
        random::normal(&mut random::stream(5, Purpose::Input), shape, Kind::Double, cpu())
    }

    fn found(p: &Parameters, input: &Tensor, count: i64) -> Tensor {
        exponents(p, input, count, &mut random::stream(7, Purpose::Flossing))
    }

    /// The sum of all exponents is the mean of ln |det J|, and J_t = diag(1 − h_t²) W for an RNN.
    #[test]
    fn exponents_of_an_rnn_add_up_to_the_determinant_of_its_jacobians() {
        let (p, input) = (layers(CellName::Rnn, "gaussian(0.8)", 4, 1), normal(&[6, 3, 2]));
        let layer = &p.layers[0];
        let mut h = Tensor::zeros([3, 4], (Kind::Double, cpu()));
        let mut sum = Tensor::zeros([3], (Kind::Double, cpu()));
        for x in input.unbind(0) {
            let of_state = h.matmul(&layer.w_hh.tr()) + &layer.b_hh;
            h = (x.matmul(&layer.w_ih.tr()) + &layer.b_ih + of_state).tanh();
            let derivative: Tensor = 1.0 - h.square();
            sum += derivative.log().sum_dim_intlist(1i64, false, Kind::Double);
        }
        let (_, log_det) = layer.w_hh.slogdet();
        let expected = sum / 6.0 + log_det;
        let of_all = found(&p, &input, 4).get(0).sum_dim_intlist(1i64, false, Kind::Double);
        assert!(of_all.allclose(&expected, 1e-10, 1e-12, false), "{of_all:?} {expected:?}");
    }

    /// The exponents of steps 2 … T add up to ln |det ∂s_T/∂s_1|, the sum of the logarithms of its singular
    /// values.
    #[test]
    fn exponents_of_any_cell_add_up_to_the_product_of_jacobians() {
        use CellName::{Gru, Lstm, LstmPeephole, LstmProjected, Rnn};
        for cell in [Rnn, Lstm, Gru, LstmPeephole, LstmProjected] {
            let (p, input) = (layers(cell, "pytorch", 3, 1), normal(&[6, 1, 2]));
            let width = p.cell.zero_state(&p.layers[0], 1).sizes().iter().sum();
            let sum = |steps: i64| {
                let of_steps = found(&p, &input.narrow(0, 0, steps), width);
                steps as f64 * of_steps.sum(Kind::Double).double_value(&[])
            };
            let options = JacobianOptions { qr_every: 1, burn_in: 0 };
            let products =
                products(EngineName::Recompute, &p, &input, None, options, |_| Observation::Spectrum);
            let log10: f64 = products.unwrap()[5].log10_singular.iter().sum();
            let expected = log10 * std::f64::consts::LN_10;
            let found = sum(6) - sum(1);
            assert!((found - expected).abs() < 1e-8, "{cell}: {found} {expected}");
        }
    }

    #[test]
    fn loss_gradient_equals_central_differences() {
        for cell in [CellName::Rnn, CellName::Lstm, CellName::Gru, CellName::LstmProjected] {
            let (p, input) = (layers(cell, "pytorch", 3, 2), normal(&[5, 2, 2]));
            let loss = || found(&p, &input, 2).square().mean(None::<Kind>);
            let tensors = p.tensors();
            for (tensor, gradient) in tensors.iter().zip(gradients(&loss(), &tensors)) {
                let flat = tensor.detach().view([-1]);
                for n in 0..flat.numel() as i64 {
                    let at = |shift: f64| {
                        let _ = no_grad(|| flat.get(n).g_add_scalar_(shift));
                        loss().double_value(&[])
                    };
                    let difference = (at(1e-5) - at(-2e-5)) / 2e-5;
                    at(1e-5);
                    let found = gradient.view([-1]).double_value(&[n]);
                    assert!(
                        (found - difference).abs() < 1e-8 + 1e-6 * found.abs(),
                        "{cell}: {found} {difference}"
                    );
                }
            }
        }
    }
}
