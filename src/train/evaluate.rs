//! Evaluation on held-out data (no gradient, no dropout).

use tch::{Kind, no_grad};

use crate::cell::State;
use crate::data::Split;
use crate::model::{ForwardArgs, Model, ModelConfig};
use crate::support::error::Result;
use crate::task::learning::{Task, correct, loss};

/// Means over a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean loss.
    pub loss: f64,
    /// Share of correct outputs.
    pub accuracy: f64,
}

/// Returns the score of a whole split, with equal weight for each output. States are carried over between
/// batches that continue each other.
///
/// # Errors
/// A shape that does not fit the model.
pub fn evaluate(model: &dyn Model, config: &ModelConfig, task: &dyn Task, split: Split) -> Result<Score> {
    let mut state: Vec<State> = Vec::new();
    let (mut loss_sum, mut outputs, mut hits, mut scored) = (0.0, 0.0, 0.0, 0.0);
    for n in 0..task.held_out_count(split) {
        let batch = task.held_out(split, n);
        let output_steps = batch.target.steps();
        let initial = (batch.continues && !state.is_empty()).then_some(state.as_slice());
        let output = no_grad(|| {
            let vectors = config.embed(model.weights(), &batch.input);
            model.run(&vectors, ForwardArgs { initial, output_steps, dropout: None })
        })?;
        let weight = (output_steps * batch.input.size()[1]) as f64;
        loss_sum += loss(&output.outputs, &batch.target).double_value(&[]) * weight;
        outputs += weight;
        let correct = correct(task, &output.outputs, &batch.target);
        hits += correct.sum(Kind::Double).double_value(&[]);
        scored += correct.numel() as f64;
        state = output.state;
    }
    Ok(Score { loss: loss_sum / outputs, accuracy: hits / scored })
}
