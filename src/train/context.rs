//! The inputs of a training run.

use super::schedule;
use crate::config::spec::{Length, TrainingSpec};
use crate::model::{Model, ModelConfig};
use crate::plan::run::Run;
use crate::settings::names::Tokenizer;
use crate::task::learning::Task;

/// The inputs of a training run.
#[derive(Clone, Copy)]
pub struct TrainContext<'a> {
    /// The run.
    pub run: &'a Run,
    /// The settings of training that are the same for all runs of an experiment.
    pub training: &'a TrainingSpec,
    /// The task.
    pub task: &'a dyn Task,
    /// The task with the further lengths of its test, each with its length.
    pub at_lengths: &'a [(usize, Box<dyn Task + 'a>)],
    /// The model, with its initial parameters.
    pub model: &'a dyn Model,
    /// The configuration of the model.
    pub config: &'a ModelConfig,
    /// The text of each symbol, for a language model.
    pub symbols: &'a [String],
    /// The form of a symbol, for a language model.
    pub tokenizer: Option<Tokenizer>,
}

impl TrainContext<'_> {
    /// The maximum number of updates.
    pub fn steps(&self) -> usize {
        match self.training.length {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => epochs * self.task.steps_per_epoch().unwrap_or(1),
        }
    }

    /// The learning rate of an update, the first of which is 0.
    pub fn learning_rate(&self, update: usize) -> f64 {
        let peak = self.run.settings.learning_rate.unwrap_or(0.0);
        schedule::rate(self.training.schedule, peak, update, self.steps())
    }

    /// Updates between two training rows.
    pub fn log_every(&self) -> usize {
        self.training.log_every.unwrap_or(self.steps().div_ceil(100))
    }

    /// Updates between two evaluations.
    pub fn evaluate_every(&self) -> usize {
        self.training.evaluate_every.unwrap_or(self.steps().div_ceil(20))
    }

    /// The norm to which gradients are clipped; 0 for never.
    pub fn clip_norm(&self) -> f64 {
        self.run.settings.clip_norm.unwrap_or(0.0)
    }
}
