//! The progress of a training run: the counters and sums of its checkpoints.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The progress of a training run.
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
    /// Updates before the last probe.
    pub last_probe: Option<usize>,
    /// Sums since the last row of the split `train`.
    pub sums: Sums,
    /// Loss and number of entirely correct sequences of the last training batches, the newest last.
    pub window: VecDeque<(f64, usize)>,
    /// The best evaluation: step and loss.
    pub best: Option<(usize, f64)>,
    /// True if the task counts as solved.
    pub solved: bool,
}

impl Progress {
    /// Updates and training sequences so far.
    pub fn position(&self) -> (usize, usize) {
        (self.step, self.sequences)
    }

    /// Adds a batch to the window of the last `required` sequences. Returns the mean loss of the window
    /// if it is full and all its sequences are correct.
    pub fn add_to_window(&mut self, loss: f64, hits: usize, batch: usize, required: usize) -> Option<f64> {
        let window = &mut self.window;
        window.push_back((loss, hits));
        while (window.len() - 1) * batch >= required {
            window.pop_front();
        }
        let sequences = window.len() * batch;
        let hits: usize = window.iter().map(|(_, hits)| hits).sum();
        let mean = window.iter().map(|(loss, _)| loss).sum::<f64>() / window.len() as f64;
        (sequences >= required && hits == sequences).then_some(mean)
    }
}

/// Sums over the steps since the last row.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Steps.
    pub steps: usize,
    /// Sum of the loss.
    pub loss: f64,
    /// Sum of the accuracy.
    pub accuracy: f64,
    /// Sum of the loss of the best constant output.
    pub chance_loss: f64,
    /// Sum of the accuracy of that output.
    pub chance_accuracy: f64,
    /// Sum of the gradient norm before clipping.
    pub norm: f64,
    /// The largest gradient norm before clipping.
    pub max_norm: f64,
    /// Steps with a clipped gradient.
    pub clipped: usize,
}
