//! What a `training` experiment may set, checked.

use serde::Serialize;

use crate::settings::names::{OptimizerName, ScheduleName};

/// What one run learns with.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingSpec {
    /// Units of each recurrent layer, where they differ.
    pub layer_sizes: Option<Vec<usize>>,
    /// The number of parameters that decides each model's hidden size. That size is part of what a run is, this is not.
    #[serde(skip)]
    pub parameter_budget: Option<usize>,
    /// Heads of a Transformer's attention.
    pub heads: usize,
    /// The rule by which parameters follow their gradient.
    pub optimizer: Optimizer,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// When the run ends at the latest.
    pub length: Length,
    /// Steps between rows of the split `train`; `None`: a hundredth of the run.
    pub log_every: Option<usize>,
    /// Steps between evaluations; `None`: a twentieth of the run.
    pub evaluate_every: Option<usize>,
    /// Sequences of the splits `valid` and `test`, where the task does not have fewer.
    pub eval_sequences: usize,
    /// When the task counts as solved.
    pub solved: Option<Solved>,
    /// Steps between gradient norms over lag.
    pub gradient_profile_every: Option<usize>,
    /// Seconds between checkpoints. No part of what a run is: it changes no row.
    #[serde(skip)]
    pub checkpoint_seconds: f64,
}

/// An optimizer and its constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Optimizer {
    /// Which.
    pub name: OptimizerName,
    /// Momentum of `sgd`.
    pub momentum: f64,
    /// Decay of the means of the first and second moment.
    pub betas: [f64; 2],
    /// What is added to a root before it divides.
    pub epsilon: f64,
    /// Decay of the parameters.
    pub weight_decay: f64,
}

/// How the learning rate moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Schedule {
    /// After the warm-up.
    pub name: ScheduleName,
    /// Steps over which it rises from 0.
    pub warmup_steps: usize,
}

/// When a run ends at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// After so many updates.
    Steps(usize),
    /// After so many passes over the training data.
    Epochs(usize),
}

/// When a task counts as solved; every condition that is set must hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Solved {
    /// The loss is below this.
    pub loss: Option<f64>,
    /// The accuracy is at least this.
    pub accuracy: Option<f64>,
    /// Both of the last so many training sequences, each of them right; `None`: of the split `valid`.
    pub sequences: Option<usize>,
}
