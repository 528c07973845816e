//! The facts about an experiment that its figures need.

use crate::config::spec::Plot;
use crate::settings::names::ExperimentKind;

/// The facts about an experiment that its figures need.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The choices of the config.
    pub plot: Plot,
    /// The loss below which a task counts as solved.
    pub solved_loss: Option<f64>,
    /// The failed runs by kind, which no figure has.
    pub failed: &'a [(ExperimentKind, usize)],
}
