//! The inputs of a run besides its settings: data, device, checkpoints.

use std::path::Path;

use super::target::ExecTarget;
use crate::data::{EncodedText, Input, Inputs};
use crate::support::progress::OnStep;

/// Everything that a run needs besides its settings.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// The data of the experiment's task.
    pub inputs: &'a Inputs,
    /// The device and the threads.
    pub target: ExecTarget,
    /// The directory for the run's checkpoints.
    pub checkpoints: &'a Path,
    /// The directory for the event file of a training, if one is asked for.
    pub events: Option<&'a Path>,
    /// The function that is called with the progress of the run.
    pub on_step: OnStep<'a>,
}

impl<'a> RunContext<'a> {
    /// The text that gradients, Jacobians and timings are computed on; `None` for other tasks.
    pub fn text(&self) -> Option<&'a EncodedText> {
        match self.inputs.of(false) {
            Some(Input::Text(text)) => Some(text),
            _ => None,
        }
    }
}
