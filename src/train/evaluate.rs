//! Evaluation on held-out data (no gradient, no dropout).

use tch::{Kind, Tensor, no_grad};

use super::positions::{AtPosition, Positions};
use crate::cell::State;
use crate::data::Split;
use crate::model::{ForwardArgs, Model, ModelConfig};
use crate::support::error::Result;
use crate::support::stats::{self, Interval};
use crate::task::learning::{Target, Task, correct, sequence_losses, step_losses};

/// Mean loss and share of correct outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// Mean loss.
    pub loss: f64,
    /// Share of correct outputs.
    pub accuracy: f64,
}

/// The score of a model on a split, and that of the best constant output on the same sequences.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The score of the model.
    pub model: Score,
    /// The score of the constant output.
    pub chance: Score,
    /// The 95 % interval of the model's loss over the loss of the constant output. The sequences of the split
    /// are its sample.
    pub over_chance: Option<Interval>,
    /// The losses by the step of the sequence, on the split test; none for one output, or for sequences that
    /// continue others.
    pub by_position: Vec<AtPosition>,
}

/// Evaluates a model on a whole split, with equal weight for each output, beside the constant output of the
/// task. States are carried over between batches that continue each other.
///
/// # Errors
/// A shape that does not fit the model.
pub fn evaluate(
    model: &dyn Model,
    config: &ModelConfig,
    task: &dyn Task,
    constant: &Tensor,
    split: Split,
) -> Result<Evaluation> {
    let mut state: Vec<State> = Vec::new();
    // The losses of each sequence times its outputs: the model's and the constant's.
    let mut losses: Vec<(f64, f64)> = Vec::new();
    let (mut outputs, mut scored, mut hits) = (0.0, 0.0, [0.0; 2]);
    let (mut positions, mut is_continued) = (Positions::default(), false);
    for n in 0..task.held_out_count(split) {
        let batch = task.held_out(split, n);
        let steps = batch.target.steps();
        let initial = (batch.continues && !state.is_empty()).then_some(state.as_slice());
        let output = no_grad(|| {
            let vectors = config.embed(model.weights(), &batch.input);
            model.run(&vectors, ForwardArgs { initial, output_steps: steps, dropout: None })
        })?;
        let constant = at_each_step(constant, &batch.target);
        let of_steps = [&output.outputs, &constant].map(|outputs| step_losses(outputs, &batch.target));
        is_continued |= initial.is_some();
        // Only the test has rows by position, and the split valid is evaluated often.
        if split == Split::Test {
            positions.add(&of_steps);
        }
        let [of_model, of_constant] = of_steps.map(|of_steps| {
            let losses = sequence_losses(&of_steps).to_kind(Kind::Double) * steps as f64;
            Vec::<f64>::try_from(losses).expect("a vector of f64")
        });
        outputs += steps as f64 * of_model.len() as f64;
        losses.extend(of_model.into_iter().zip(of_constant));
        let correct = [&output.outputs, &constant].map(|outputs| correct(task, outputs, &batch.target));
        scored += correct[0].numel() as f64;
        for (hits, correct) in hits.iter_mut().zip(&correct) {
            *hits += correct.sum(Kind::Double).double_value(&[]);
        }
        state = output.state;
    }
    let mean = |loss: f64, hits: f64| Score { loss: loss / outputs, accuracy: hits / scored };
    let sum = |pick: fn(&(f64, f64)) -> f64| losses.iter().map(pick).sum::<f64>();
    Ok(Evaluation {
        model: mean(sum(|pair| pair.0), hits[0]),
        chance: mean(sum(|pair| pair.1), hits[1]),
        over_chance: stats::ratio_of_means_interval(&losses),
        by_position: if is_continued { vec![] } else { positions.means() },
    })
}

/// The score of the task's constant output on the sequences of a training batch.
pub fn chance(task: &dyn Task, constant: &Tensor, target: &Target) -> Score {
    let constant = at_each_step(constant, target);
    Score {
        loss: step_losses(&constant, target).mean(Kind::Double).double_value(&[]),
        accuracy: correct(task, &constant, target).mean(Kind::Double).double_value(&[]),
    }
}

/// The constant output at each step with a target, `[S, 1, O]`.
fn at_each_step(constant: &Tensor, target: &Target) -> Tensor {
    constant.expand([target.steps(), -1, -1], false)
}
