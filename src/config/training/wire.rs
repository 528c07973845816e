//! `[training]` as serde sees it.

use serde::{Deserialize, Serialize};

use crate::config::wire::{GridWire, OneOrMany};

/// `[training]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingWire {
    /// `recurrent`, `attention`, `transformer`, or a list of them.
    pub model: Option<OneOrMany<String>>,
    /// Units of each recurrent layer where they differ; instead of `grid.hidden_size` and `grid.layers`.
    pub layer_sizes: Option<Vec<i64>>,
    /// Parameters of every model, about; decides its hidden size instead of `grid.hidden_size`.
    pub parameters: Option<i64>,
    /// Heads of a Transformer's attention.
    pub heads: Option<i64>,
    /// Share of the values between layers that is set to 0 in training.
    pub dropout: Option<f64>,
    /// `sgd`, `rmsprop`, `adam` or `adamw`.
    pub optimizer: Option<String>,
    /// Step size; a list is swept.
    pub learning_rate: Option<OneOrMany<f64>>,
    /// Momentum of `sgd`.
    pub momentum: Option<f64>,
    /// Decay of the means of `adam` and `adamw` (first and second moment), and of `rmsprop` (the second).
    pub betas: Option<[f64; 2]>,
    /// What is added to a root before it divides.
    pub epsilon: Option<f64>,
    /// Decay of the parameters.
    pub weight_decay: Option<f64>,
    /// `constant`, `linear` or `cosine`.
    pub schedule: Option<String>,
    /// Steps over which the learning rate rises from 0.
    pub warmup_steps: Option<i64>,
    /// A gradient of larger norm is scaled down to this; 0 for never; a list is swept.
    pub clip_norm: Option<OneOrMany<f64>>,
    /// Share of the training data that is learned from, its beginning (`text`) or first images; a list is swept.
    pub data_share: Option<OneOrMany<f64>>,
    /// Updates of the parameters.
    pub steps: Option<i64>,
    /// Passes over the training data instead (`text`, `images`).
    pub epochs: Option<i64>,
    /// Steps between rows of the split `train`.
    pub log_every: Option<i64>,
    /// Steps between evaluations on the split `valid`.
    pub evaluate_every: Option<i64>,
    /// Sequences of the splits `valid` and `test`, for a task that makes its sequences (in whole batches); at most so many
    /// images, or excerpts of a text.
    pub held_out_sequences: Option<i64>,
    /// The task counts as solved, and the run ends, where the loss is below this.
    pub solved_loss: Option<f64>,
    /// The task counts as solved where the accuracy is at least this.
    pub solved_accuracy: Option<f64>,
    /// Judge by that many training sequences in a row, all of them right, instead of by the split `valid`.
    pub solved_sequences: Option<i64>,
    /// Steps between gradient norms over lag, in `gradients.csv`.
    pub gradient_profile_every: Option<i64>,
    /// Seconds between checkpoints; 0 for one after each step.
    pub checkpoint_seconds: Option<f64>,
    /// Overrides of `[grid]` for this kind.
    pub grid: Option<GridWire>,
}

impl TrainingWire {
    /// Fills in every default but those that hang on others.
    pub fn resolve(&mut self) {
        let word = |word: &str| word.to_string();
        self.model.get_or_insert_with(|| OneOrMany(vec![word("recurrent")]));
        self.dropout.get_or_insert(0.0);
        let optimizer = self.optimizer.get_or_insert_with(|| word("adam")).clone();
        let rate = if optimizer == "sgd" { 0.1 } else { 0.001 };
        self.learning_rate.get_or_insert_with(|| OneOrMany(vec![rate]));
        match optimizer.as_str() {
            "sgd" => _ = self.momentum.get_or_insert(0.0),
            "rmsprop" => _ = self.betas.get_or_insert([0.0, 0.99]),
            _ => _ = self.betas.get_or_insert([0.9, 0.999]),
        }
        if optimizer != "sgd" {
            self.epsilon.get_or_insert(1e-8);
        }
        self.weight_decay.get_or_insert(if optimizer == "adamw" { 0.01 } else { 0.0 });
        self.schedule.get_or_insert_with(|| word("constant"));
        self.warmup_steps.get_or_insert(0);
        self.clip_norm.get_or_insert_with(|| OneOrMany(vec![0.0]));
        self.data_share.get_or_insert_with(|| OneOrMany(vec![1.0]));
        if self.epochs.is_none() {
            self.steps.get_or_insert(1000);
        }
        self.held_out_sequences.get_or_insert(1000);
        self.checkpoint_seconds.get_or_insert(60.0);
    }
}
