//! How far a run has come: all of it that is no tensor, as a checkpoint keeps it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::data::Split;

/// One number that a run reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Updates of the parameters before it.
    pub step: usize,
    /// Training sequences seen before it.
    pub sequences: usize,
    /// Which data it is about.
    pub split: Split,
    /// What it is: `loss`, `accuracy`, `gradient_norm`, …
    pub metric: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// What chance reaches, where that is known.
    pub chance: Option<f64>,
}

/// Gradient norms over lag at one step: the quantity, the layer, and (t, log10 norm or none for exactly 0).
pub type ProfileRecord = (usize, String, usize, Vec<(usize, Option<f64>)>);

/// See the module.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Updates so far.
    pub step: usize,
    /// Training sequences so far.
    pub sequences: usize,
    /// The loss of the last update.
    pub last_loss: Option<f64>,
    /// Seconds spent so far, in all parts of an interrupted run.
    pub seconds: f64,
    /// Rows so far.
    pub records: Vec<Record>,
    /// Gradient norms over lag so far.
    pub profiles: Vec<ProfileRecord>,
    /// Sums since the last row of the split `train`.
    pub since: Sums,
    /// Loss and number of right sequences of the last training batches, the newest last.
    pub window: VecDeque<(f64, usize)>,
    /// The best evaluation: step and loss.
    pub best: Option<(usize, f64)>,
    /// Whether the task counts as solved.
    pub solved: bool,
}

/// Sums over the steps since the last row.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Steps.
    pub steps: usize,
    /// Of the loss.
    pub loss: f64,
    /// Of the accuracy.
    pub accuracy: f64,
    /// Of the gradient's norm before it was clipped.
    pub norm: f64,
    /// The largest such norm.
    pub largest: f64,
    /// Steps at which it was clipped.
    pub clipped: usize,
}
