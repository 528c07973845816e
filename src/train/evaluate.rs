//! A model judged by held-out data, with nothing learned and nothing dropped.

use tch::{Kind, no_grad};

use crate::cell::State;
use crate::data::Split;
use crate::error::Result;
use crate::model::{Ask, Blueprint, Model};
use crate::task::learning::{Batch, Task, loss, right};

/// Means over a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Of the loss.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The score of a whole split. States are carried over from batch to batch where the task's sequences go on.
pub fn evaluate(model: &dyn Model, blueprint: &Blueprint, task: &dyn Task, split: Split) -> Result<Score> {
    let mut first: Option<Vec<State>> = None;
    let (mut nats, mut hits, mut sequences) = (0.0, 0.0, 0.0);
    for n in 0..task.held_out_count(split) {
        let batch = task.held_out(split, n);
        let (score, last) = one(model, blueprint, task, &batch, first.as_deref())?;
        let size = batch.input.size()[1] as f64;
        nats += score.loss * size;
        hits += score.accuracy * size;
        sequences += size;
        first = Some(last);
    }
    Ok(Score { loss: nats / sequences, accuracy: hits / sequences })
}

fn one(
    model: &dyn Model,
    blueprint: &Blueprint,
    task: &dyn Task,
    batch: &Batch,
    first: Option<&[State]>,
) -> Result<(Score, Vec<State>)> {
    no_grad(|| {
        let first = first.filter(|states| batch.continues && !states.is_empty());
        let vectors = blueprint.vectors(model.weights(), &batch.input);
        let said = model.run(&vectors, Ask { first, answers: task.answers(), dropout: None })?;
        let right = right(task, &said.answers, &batch.target);
        let score = Score {
            loss: loss(&said.answers, &batch.target).double_value(&[]),
            accuracy: right.to_kind(Kind::Double).mean(Kind::Double).double_value(&[]),
        };
        Ok((score, said.last))
    })
}
