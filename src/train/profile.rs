//! Gradient norms over lag of a model in training, for the task's loss on the first held-out batch.
//!
//! The loss is summed over the batch, so that the gradient of each sequence is that of its own loss.

use std::ops::Range;

use tch::Tensor;

use super::context::TrainContext;
use crate::data::Split;
use crate::diagnostics::{self, DiagnosticOptions, Norm, Profile, norms};
use crate::engine::{EngineName, engine};
use crate::model::{ForwardArgs, Model, dense};
use crate::results::GradientCurve;
use crate::settings::names::{Lags, ModelName, Quantity};
use crate::support::error::Result;
use crate::task::learning::{Batch, Target, loss};

/// Returns `input_x` of any model, and the adjoints of every layer of a recurrent model without attention, at
/// about fifty lags per decade.
///
/// # Errors
/// A type or device that the engine does not support.
pub fn profile(context: &TrainContext, step: usize) -> Result<Vec<GradientCurve>> {
    let TrainContext { task, model, config, .. } = *context;
    let batch = task.held_out(Split::Valid, 0);
    let vectors = config.embed(model.weights(), &batch.input).detach();
    let profiles = match (config.model, model.layers()) {
        (ModelName::Recurrent, Some(parameters)) => {
            let frozen = parameters.to(config.kind(), vectors.device());
            let loss = |output: &Tensor, segment| segment_loss(model, &batch, output, segment);
            let options = DiagnosticOptions::default();
            diagnostics::profiles(engine(EngineName::Analytic), &frozen, &vectors, None, options, &loss)?
        }
        _ => vec![Profile::new(Quantity::InputX, 0, 1.., input_norms(model, &batch, vectors)?)],
    };
    let curve = |Profile { quantity, layer, norms }: Profile| {
        // Sequences of some tasks are longer than T.
        let last = norms.last().map_or(0, |(t, _)| *t);
        let norms = norms.into_iter().map(|(t, norm)| (t, norm.log10()));
        GradientCurve::new((quantity.to_string(), layer), Some(step), last, norms, Lags::Log)
    };
    Ok(profiles.into_iter().map(curve).collect())
}

/// Norms of the gradient with respect to the input vectors at each step, by autograd.
fn input_norms(model: &dyn Model, batch: &Batch, vectors: Tensor) -> Result<Vec<Norm>> {
    let leaf = vectors.set_requires_grad(true);
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
    let target = match &batch.target {
        Target::Numbers(numbers) => Target::Numbers(numbers.shallow_clone()),
        Target::Classes(classes) => Target::Classes(classes.narrow(0, start - (steps - outputs), count)),
    };
    Some(loss(&predicted, &target) * (sequences * count) as f64 / outputs as f64)
}
