//! The checked settings of training.

use serde::{Deserialize, Serialize};

use crate::settings::names::{OptimizerName, ProbeName, ScheduleName};

/// The settings of training that are the same for all runs of an experiment.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingSpec {
    /// The hidden units of each recurrent layer; `None` if all layers have `hidden_size`.
    pub layer_sizes: Option<Vec<usize>>,
    /// The target parameter count, which determines the hidden size of each model. The run id depends on
    /// that size, not on this number.
    #[serde(skip)]
    pub parameter_budget: Option<usize>,
    /// The attention heads of a Transformer.
    pub heads: usize,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The schedule of the learning rate.
    pub schedule: Schedule,
    /// The maximum length of the run.
    pub length: Length,
    /// The number of updates between rows of the split `train`; `None` for a hundredth of the run.
    pub log_every: Option<usize>,
    /// The number of updates between evaluations; `None` for a twentieth of the run.
    pub evaluate_every: Option<usize>,
    /// The number of sequences in the splits `valid` and `test`, if the data has that many.
    pub eval_sequences: usize,
    /// Further lengths of the sequences of the split `test`. The list is empty or rising.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test_lengths: Vec<usize>,
    /// The criterion by which the task counts as solved.
    pub solved: Option<Solved>,
    /// The exponents that flossing moves; `None` for half of the hidden units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flossing_exponents: Option<usize>,
    /// The measurements of the network during training; `None` for none.
    pub probe: Option<Probe>,
    /// The seconds between checkpoints. The run id does not depend on it, because it changes no row.
    #[serde(skip)]
    pub checkpoint_seconds: f64,
}

impl TrainingSpec {
    /// Returns the number of exponents that flossing moves in layers of these units.
    pub fn flossing_exponents_of(&self, units: impl Iterator<Item = usize>) -> usize {
        self.flossing_exponents.unwrap_or_else(|| units.min().map_or(1, |units| units.div_ceil(2)))
    }

    /// Returns true if the network is probed with this measurement.
    pub fn probes(&self, name: ProbeName) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.has(name))
    }
}

/// An optimizer and its constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// The name.
    pub name: OptimizerName,
    /// Momentum of `sgd`.
    pub momentum: f64,
    /// The decay rates of the first and second moment estimate.
    pub betas: [f64; 2],
    /// The number added to the denominator of the update.
    pub epsilon: f64,
    /// The weight decay.
    pub weight_decay: f64,
}

/// The schedule of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Schedule {
    /// The schedule after the warm-up.
    pub name: ScheduleName,
    /// The number of updates over which the learning rate rises from 0.
    pub warmup_steps: usize,
}

/// The maximum length of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// A number of updates.
    Steps(usize),
    /// A number of passes over the training data.
    Epochs(usize),
}

/// The measurements of the network during training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The number of updates between two probes.
    pub every: usize,
    /// The measurements.
    pub of: Vec<ProbeName>,
}

impl Probe {
    /// Returns true for a measurement of the list.
    pub fn has(&self, name: ProbeName) -> bool {
        self.of.contains(&name)
    }
}

/// The criterion by which a task counts as solved.
///
/// Without `sequences`, `loss` and `accuracy` refer to the split `valid`, and both must hold if both are
/// set. With `sequences`, `loss` refers to the mean over those sequences, and `accuracy` is ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Solved {
    /// The loss must be below this.
    pub loss: Option<f64>,
    /// The accuracy must be at least this.
    pub accuracy: Option<f64>,
    /// The number of last training sequences that must all be correct; `None` for a criterion on the
    /// split `valid`.
    pub sequences: Option<usize>,
}
