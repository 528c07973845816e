//! Diagnostics of a model in training, on the first held-out batch.
//!
//! Gradients are those of the task's loss. The loss is summed over the batch, so that the gradient of each
//! sequence is that of its own loss. The product of Jacobians is that of the first sequence, in f64.

use std::ops::Range;

use tch::{Kind, Tensor};

use super::context::TrainContext;
use crate::cell::Parameters;
use crate::config::spec::Probe;
use crate::data::Split;
use crate::diagnostics::gates::statistics;
use crate::diagnostics::jacobian::{JacobianOptions, products};
use crate::diagnostics::{self, DiagnosticOptions, Norm, Profile, norms};
use crate::engine::{engine, exact_engine};
use crate::model::{ForwardArgs, Model, dense};
use crate::probe::{At, add_gradients, add_jacobian, gate_rows, observation};
use crate::results::Rows;
use crate::settings::names::{Lags, ModelName, ProbeName, Quantity};
use crate::support::error::Result;
use crate::task::learning::{Batch, loss};

/// The rows of a probe after a number of updates.
///
/// # Errors
/// A type or device that the engine does not support.
pub fn probe(context: &TrainContext, probe: &Probe, step: usize) -> Result<Rows> {
    let TrainContext { run, task, model, config, .. } = *context;
    let batch = task.held_out(Split::Valid, 0);
    let vectors = config.embed(model.weights(), &batch.input).detach();
    let at = At { run_id: &run.id, step: Some(step) };
    let mut rows = Rows::default();
    if probe.has(ProbeName::Gradients) || probe.has(ProbeName::Paths) {
        let profiles = gradients(context, probe, &batch, &vectors)?;
        // Sequences of some tasks are longer than T.
        add_gradients(&mut rows, at, profiles, vectors.size()[0] as usize, Lags::Log);
    }
    if let Some(layers) = model.layers() {
        if probe.has(ProbeName::Jacobian) {
            jacobian(&mut rows, at, layers, &vectors)?;
        }
        if probe.has(ProbeName::Gates) {
            let frozen = layers.to(config.kind(), vectors.device());
            rows.gates = gate_rows(at, &statistics(&frozen, &vectors, None)?);
        }
    }
    Ok(rows)
}

/// Returns `input_x` of any model, and the adjoints of every layer of a recurrent model without attention.
fn gradients(context: &TrainContext, probe: &Probe, batch: &Batch, vectors: &Tensor) -> Result<Vec<Profile>> {
    let TrainContext { model, config, .. } = *context;
    Ok(match (config.model, model.layers()) {
        (ModelName::Recurrent, Some(layers)) => {
            let frozen = layers.to(config.kind(), vectors.device());
            let loss = |output: &Tensor, segment| segment_loss(model, batch, output, segment);
            let options = DiagnosticOptions {
                split_paths: probe.has(ProbeName::Paths),
                ..DiagnosticOptions::default()
            };
            let engine = engine(exact_engine(layers.cell));
            diagnostics::profiles(engine, &frozen, vectors, None, options, &loss)?
        }
        _ => vec![Profile::new(Quantity::InputX, 0, 1.., input_norms(model, batch, vectors)?)],
    })
}

/// Adds the product of Jacobians of the first sequence.
fn jacobian(rows: &mut Rows, at: At, layers: &Parameters, vectors: &Tensor) -> Result<()> {
    let input = vectors.narrow(1, 0, 1).to_kind(Kind::Double);
    let frozen = layers.to(Kind::Double, input.device());
    let steps = input.size()[0] as usize;
    let options = JacobianOptions { qr_every: 1, burn_in: steps / 10 };
    let observe = |lag| observation(lag, steps, Lags::Log, options.qr_every);
    let products = products(exact_engine(layers.cell), &frozen, &input, None, options, observe)?;
    add_jacobian(rows, at, steps, &products, (Lags::Log, options.qr_every));
    Ok(())
}

/// Norms of the gradient with respect to the input vectors at each step, by autograd.
fn input_norms(model: &dyn Model, batch: &Batch, vectors: &Tensor) -> Result<Vec<Norm>> {
    let leaf = vectors.copy().set_requires_grad(true);
    let args = ForwardArgs { initial: None, output_steps: batch.target.steps(), dropout: None };
    let output = model.run(&leaf, args)?;
    let sum = loss(&output.outputs, &batch.target) * batch.input.size()[1];
    let gradient = Tensor::run_backward(&[&sum], &[&leaf], false, false).remove(0);
    Ok(norms(&gradient))
}

/// The contribution to the loss of the outputs after the steps of a segment; `None` if there are no such
/// outputs.
fn segment_loss(model: &dyn Model, batch: &Batch, states: &Tensor, segment: Range<usize>) -> Option<Tensor> {
    let (size, outputs) = (batch.input.size(), batch.target.steps());
    let (steps, sequences) = (size[0], size[1]);
    let start = (steps - outputs).max(segment.start as i64);
    let count = segment.end as i64 - start;
    if count <= 0 {
        return None;
    }
    let states = states.narrow(0, start - segment.start as i64, count);
    let predicted = dense::read_out(model.weights(), &states);
    let target = batch.target.narrow(start - (steps - outputs), count);
    Some(loss(&predicted, &target) * (sequences * count) as f64 / outputs as f64)
}
