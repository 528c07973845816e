//! A model judged by held-out data, with nothing learned and nothing dropped.

use tch::{Kind, no_grad};

use crate::cell::State;
use crate::data::Split;
use crate::model::{Ask, Blueprint, Model};
use crate::support::error::Result;
use crate::task::learning::{Task, loss, right};

/// Means over a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Of the loss.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The score of a whole split, each answer of the same weight. States are carried over from batch to batch where the task's
/// sequences go on.
///
/// # Errors
/// A shape that does not fit the model.
pub fn evaluate(model: &dyn Model, blueprint: &Blueprint, task: &dyn Task, split: Split) -> Result<Score> {
    let mut state: Option<Vec<State>> = None;
    let (mut lost, mut answers, mut hits, mut judged) = (0.0, 0.0, 0.0, 0.0);
    for n in 0..task.held_out_count(split) {
        let batch = task.held_out(split, n);
        let count = batch.target.answers();
        let first = state.as_deref().filter(|states| batch.continues && !states.is_empty());
        let said = no_grad(|| {
            let vectors = blueprint.vectors(model.weights(), &batch.input);
            model.run(&vectors, Ask { first, answers: count, dropout: None })
        })?;
        let weight = (count * batch.input.size()[1]) as f64;
        lost += loss(&said.answers, &batch.target).double_value(&[]) * weight;
        answers += weight;
        let right = right(task, &said.answers, &batch.target);
        hits += right.sum(Kind::Double).double_value(&[]);
        judged += right.numel() as f64;
        state = Some(said.last);
    }
    Ok(Score { loss: lost / answers, accuracy: hits / judged })
}
