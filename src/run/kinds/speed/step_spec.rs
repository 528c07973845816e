//! The description of a training step.

use serde::{Deserialize, Serialize};

use crate::config::spec::Optimizer;
use crate::model::ModelConfig;

/// The description of a training step, for another process or framework.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepSpec {
    /// The model. Its engine is that of the contender.
    pub model: ModelConfig,
    /// True if the targets are classes, false if they are numbers.
    pub classes: bool,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The learning rate of every update.
    pub learning_rate: f64,
    /// The norm to which gradients are clipped; 0 for never.
    pub clip_norm: f64,
    /// The seed of the masks of dropout.
    pub seed: u64,
}
