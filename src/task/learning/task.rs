//! The traits of a task to learn, and its batches.

use tch::Tensor;

use crate::data::Split;
use crate::model::InputSpec;

/// A batch of sequences.
#[derive(Debug)]
pub struct Batch {
    /// A tensor of the form that [`InputSpec`] describes.
    pub input: Tensor,
    /// The correct outputs.
    pub target: Target,
    /// True if the sequences continue those of the previous batch. The state is then carried over
    /// (truncated BPTT).
    pub continues: bool,
}

/// The correct outputs after the last steps.
#[derive(Debug)]
pub enum Target {
    /// A number after the last step, `[B]`.
    Numbers(Tensor),
    /// A class after each of the last S steps, `[S, B]`, 64-bit integers.
    Classes(Tensor),
}

impl Target {
    /// The number of steps with a target, counted from the end.
    pub fn steps(&self) -> i64 {
        match self {
            Target::Numbers(_) => 1,
            Target::Classes(classes) => classes.size()[0],
        }
    }

    /// The targets of `count` steps from step `start` on, counted from the first step with a target.
    pub fn narrow(&self, start: i64, count: i64) -> Target {
        match self {
            Target::Numbers(numbers) => Target::Numbers(numbers.shallow_clone()),
            Target::Classes(classes) => Target::Classes(classes.narrow(0, start, count)),
        }
    }
}

/// A source of batches.
pub trait BatchSource {
    /// The batch of a training step, from 0: a function of the step alone.
    fn train(&self, step: usize) -> Batch;

    /// The number of batches of a held-out split.
    fn held_out_count(&self, split: Split) -> usize;

    /// One batch of a held-out split.
    fn held_out(&self, split: Split, batch: usize) -> Batch;

    /// The number of training steps per epoch; `None` if the task draws new sequences at each step.
    fn steps_per_epoch(&self) -> Option<usize> {
        None
    }
}

/// A task to learn.
pub trait Task: BatchSource {
    /// The input of a model.
    fn input(&self) -> InputSpec;

    /// The number of components of a model's output: 1, or the number of classes.
    fn outputs(&self) -> i64;

    /// The number of last steps that accuracy is measured on; `None` for all steps with a target.
    fn scored_steps(&self) -> Option<i64> {
        None
    }

    /// The unit of the loss.
    fn unit(&self) -> &'static str {
        "nats"
    }

    /// Returns true if each sequence is an excerpt of a text that starts from a zero state.
    fn by_excerpts(&self) -> bool {
        false
    }

    /// The best output that ignores the sequence, in f64: a number, or scores whose softmax has the
    /// probabilities of the classes. `[S, 1, O]`, or `[1, 1, O]` for one output at all steps. Its loss is
    /// chance.
    fn constant_output(&self) -> Tensor;

    /// The largest error of a number that still counts as correct.
    fn tolerance(&self) -> f64 {
        0.0
    }
}
