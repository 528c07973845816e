//! The progress inside one run.

use std::ops::ControlFlow;

/// The progress inside a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The name of one step: `step` or `round`.
    pub unit: &'static str,
    /// The number of steps so far.
    pub step: usize,
    /// The number of all steps, at most.
    pub steps: usize,
    /// The loss of the last update, for training.
    pub loss: Option<f64>,
}

impl Step {
    /// A step of a run that does not train.
    pub fn of(unit: &'static str, step: usize, steps: usize) -> Step {
        Step { unit, step, steps, loss: None }
    }

    /// The share of the run that is done.
    pub fn share(&self) -> f64 {
        self.step as f64 / self.steps.max(1) as f64
    }
}

/// A function that a run calls with its progress. If it returns `Break`, a run with checkpoints writes one
/// and ends. A run without checkpoints goes on to its end.
pub type OnStep<'a> = &'a dyn Fn(Step) -> ControlFlow<()>;
