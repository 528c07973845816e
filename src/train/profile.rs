//! Gradient norms over lag of a model that is learning: of the task's own loss on the first held-out batch, summed over the
//! batch, since sequences do not share a loss.

use tch::Tensor;

use super::progress::ProfileRecord;
use crate::data::Split;
use crate::diagnostics::{self, DiagnosticOptions, Norm, norms};
use crate::engine::EngineName;
use crate::engine::engine;
use crate::model::{Ask, Blueprint, Model, read_out};
use crate::settings::names::ModelName;
use crate::settings::names::Quantity;
use crate::support::error::Result;
use crate::task::learning::{Batch, Target, Task, loss};

/// `input_x` of any model; of a plain recurrent one also the adjoints of every layer.
///
/// # Errors
/// A type or device that the engine cannot work with.
pub fn profile(
    model: &dyn Model,
    blueprint: &Blueprint,
    task: &dyn Task,
    step: usize,
) -> Result<Vec<ProfileRecord>> {
    let batch = task.held_out(Split::Valid, 0);
    let vectors = blueprint.vectors(model.weights(), &batch.input).detach();
    let of = |quantity: Quantity, layer: usize, norms: Vec<(usize, Norm)>| {
        let log10 = norms.into_iter().map(|(t, norm)| (t, norm.log10())).collect();
        (step, quantity.to_string(), layer, log10)
    };
    if let (ModelName::Recurrent, Some(parameters)) = (blueprint.model, model.layers()) {
        let frozen = parameters.to(blueprint.kind(), vectors.device());
        let of_piece =
            |output: &Tensor, piece: std::ops::Range<usize>| of_piece(model, &batch, output, piece);
        let options = DiagnosticOptions::default();
        let found =
            diagnostics::profiles(engine(EngineName::Analytic), &frozen, &vectors, None, options, &of_piece)?;
        return Ok(found.into_iter().map(|p| of(p.quantity, p.layer, p.norms)).collect());
    }
    let leaf = vectors.set_requires_grad(true);
    let said = model.run(&leaf, Ask { first: None, answers: batch.target.answers(), dropout: None })?;
    let sum = loss(&said.answers, &batch.target) * batch.input.size()[1];
    let gradient = Tensor::run_backward(&[&sum], &[&leaf], false, false).remove(0);
    let each = norms(&gradient).into_iter().enumerate().map(|(t, norm)| (t + 1, norm)).collect();
    Ok(vec![of(Quantity::InputX, 0, each)])
}

/// What some steps add to the loss: of the answers that are asked for after them.
fn of_piece(
    model: &dyn Model,
    batch: &Batch,
    output: &Tensor,
    piece: std::ops::Range<usize>,
) -> Option<Tensor> {
    let (size, answers) = (batch.input.size(), batch.target.answers());
    let (steps, sequences) = (size[0], size[1]);
    let from = (steps - answers).max(piece.start as i64);
    let count = piece.end as i64 - from;
    if count <= 0 {
        return None;
    }
    let states = output.narrow(0, from - piece.start as i64, count);
    let said = read_out(model.weights(), &states);
    let target = match &batch.target {
        Target::Numbers(right) => Target::Numbers(right.shallow_clone()),
        Target::Classes(right) => Target::Classes(right.narrow(0, from - (steps - answers), count)),
    };
    Some(loss(&said, &target) * (sequences * count) as f64 / answers as f64)
}
