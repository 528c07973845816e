//! `[training]`, without the settings that are swept.

use serde::{Deserialize, Serialize};

use crate::config::value::{Count, Positive, Size};
use crate::settings::names::{OptimizerName, ScheduleName};

/// The keys of `[training]` that are the same for all runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Units of each recurrent layer where they differ; instead of `grid.hidden_size` and `grid.layers`.
    pub layer_sizes: Option<Vec<Size>>,
    /// The number of parameters of every model, about; decides the hidden size instead of `grid.hidden_size`.
    pub parameter_budget: Option<Size>,
    /// Heads of a Transformer's attention.
    pub heads: Size,
    /// `sgd`, `rmsprop`, `adam` or `adamw`.
    pub optimizer: OptimizerName,
    /// Momentum of `sgd`; default: 0.
    pub momentum: Option<f64>,
    /// Decay of the moment estimates: `adam` and `adamw` (default: 0.9, 0.999), `rmsprop` (0, 0.99).
    pub betas: Option<[f64; 2]>,
    /// The number added to a root before it divides; default: 1e-8, `sgd` has none.
    pub epsilon: Option<f64>,
    /// Weight decay; default: 0.01 for `adamw`, 0 for the others.
    pub weight_decay: Option<f64>,
    /// `constant`, `linear` or `cosine`.
    pub schedule: ScheduleName,
    /// Steps over which the learning rate rises from 0.
    pub warmup_steps: Count,
    /// Number of updates; default: 1000 unless there are `epochs`.
    pub steps: Option<Size>,
    /// Passes over the training data, instead of `steps` (`text`, `images`).
    pub epochs: Option<Size>,
    /// Steps between rows of the split `train`; default: a hundredth of the run.
    pub log_every: Option<Size>,
    /// Steps between evaluations on the split `valid`; default: a twentieth of the run.
    pub evaluate_every: Option<Size>,
    /// Sequences of the splits `valid` and `test` where the task makes them; the most that are used where it has data.
    pub eval_sequences: Size,
    /// The task counts as solved, and the run ends, where the loss is below this.
    pub solved_loss: Option<Positive>,
    /// The task counts as solved where the accuracy is at least this.
    pub solved_accuracy: Option<f64>,
    /// Judge by this number of training sequences in a row, all of them right, instead of by the split `valid`.
    pub solved_sequences: Option<Size>,
    /// Steps between gradient norms over lag, in `gradients.csv`; default: never.
    pub gradient_profile_every: Option<Size>,
    /// Seconds between checkpoints; 0 for one after each step.
    pub checkpoint_seconds: f64,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            layer_sizes: None,
            parameter_budget: None,
            heads: Size(4),
            optimizer: OptimizerName::Adam,
            momentum: None,
            betas: None,
            epsilon: None,
            weight_decay: None,
            schedule: ScheduleName::Constant,
            warmup_steps: Count(0),
            steps: None,
            epochs: None,
            log_every: None,
            evaluate_every: None,
            eval_sequences: Size(1000),
            solved_loss: None,
            solved_accuracy: None,
            solved_sequences: None,
            gradient_profile_every: None,
            checkpoint_seconds: 60.0,
        }
    }
}
