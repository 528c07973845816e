//! The keys of `[training]` as a config has them, except the swept ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{Count, OneOrMany, Positive, Size};
use crate::settings::names::{OptimizerName, ProbeName, ScheduleName};

/// The keys of `[training]` that are the same for all runs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// The hidden units of each recurrent layer, a list such as `[128, 64]`, instead of
    /// `grid.hidden_size` and `grid.layers`; default: none. Not for the model `transformer`.
    pub layer_sizes: Option<Vec<Size>>,
    /// The target parameter count of every model, instead of `grid.hidden_size`; at least 1, default:
    /// none. Each model gets the hidden size whose count is nearest.
    pub parameter_budget: Option<Size>,
    /// The attention heads of the model `transformer`; they must divide its hidden size; at least 1,
    /// default: 4.
    pub heads: Size,
    /// The optimizer: `sgd`, `rmsprop`, `adam` (default) or `adamw`.
    pub optimizer: OptimizerName,
    /// The momentum of `sgd`, from 0 to below 1; default: 0.
    pub momentum: Option<f64>,
    /// The decay rates of the first and second moment estimate, each from 0 to below 1; not for `sgd`.
    /// Default: `[0.9, 0.999]` for `adam` and `adamw`, `[0, 0.99]` for `rmsprop`, whose first must be 0.
    pub betas: Option<[f64; 2]>,
    /// The number added to the denominator of the update, at least 0; default: 1e-8. Not for `sgd`.
    pub epsilon: Option<f64>,
    /// The weight decay, at least 0: decoupled for `adamw`, an L2 penalty for the others. Default: 0.01
    /// for `adamw`, 0 for the others.
    pub weight_decay: Option<f64>,
    /// The schedule of the learning rate after the warm-up: `constant` (default), `linear` or `cosine`,
    /// both to 0.
    pub schedule: ScheduleName,
    /// The number of updates over which the learning rate rises linearly from 0; default: 0.
    pub warmup_steps: Count,
    /// The number of parameter updates, at least 1; default: 1000 if `epochs` is not set.
    pub steps: Option<Size>,
    /// The number of passes over the training data of `text` or `images`, instead of `steps`; at least 1.
    pub epochs: Option<Size>,
    /// The number of updates between rows of the split train, at least 1; default: a hundredth of the run.
    pub log_every: Option<Size>,
    /// The number of updates between evaluations on the split valid, at least 1; default: a twentieth of
    /// the run.
    pub evaluate_every: Option<Size>,
    /// The number of sequences in each of the splits valid and test, at least 1; default: 1000. For
    /// `images` and excerpts of a text, it is the largest number that is used. It has no effect on
    /// `text` with `predict = "every_step"`.
    pub eval_sequences: Size,
    /// Further lengths of the sequences on which the best parameters are tested, beside `grid.seq_len`;
    /// default: none. They may be longer than those of training. Only for tasks that draw their sequences.
    pub test_lengths: Option<Vec<Size>>,
    /// The loss below which the task counts as solved and the run ends, above 0; default: none. If
    /// `solved_accuracy` is set too, both must hold.
    pub solved_loss: Option<Positive>,
    /// The accuracy from which on the task counts as solved and the run ends, above 0 and at most 1;
    /// default: none. It has no effect with `solved_sequences`.
    pub solved_accuracy: Option<f64>,
    /// The number of consecutive training sequences that must all be correct for the task to count as
    /// solved, at least 1; default: none. `solved_loss` then applies to their mean loss, not to the
    /// split valid.
    pub solved_sequences: Option<Size>,
    /// The number of Lyapunov exponents that `flossing` moves towards 0, the largest first, from 1 to the
    /// hidden units of each layer; default: half of them.
    pub flossing_exponents: Option<Size>,
    /// The number of updates between two probes of the network, at least 1; default: no probes.
    pub probe_every: Option<Size>,
    /// The measurements of a probe: `gradients` (default), `paths`, `jacobian`, `gates`, or a list of them.
    /// They have rows in `gradients.csv`, `jacobian.csv` and `gates.csv`. A model without recurrent layers
    /// has gradients only.
    pub probes: OneOrMany<ProbeName>,
    /// The seconds between checkpoints, at least 0; default: 60. 0 writes one after each update.
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
            test_lengths: None,
            solved_loss: None,
            solved_accuracy: None,
            solved_sequences: None,
            flossing_exponents: None,
            probe_every: None,
            probes: OneOrMany(vec![ProbeName::Gradients]),
            checkpoint_seconds: 60.0,
        }
    }
}
