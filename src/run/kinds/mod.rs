//! The kinds of experiment, one file each. Each turns a run into rows.

mod gradients;
mod jacobian;
pub mod speed;
mod tensors;
mod training;

use super::{ExecTarget, RunContext, RunOutput};
use crate::config::spec::Measure;
use crate::data::Inputs;
use crate::plan::run::Run;
use crate::support::error::Result;

/// Executes one run.
///
/// # Errors
/// The run has no result at all. Partial results are an output with errors.
pub fn execute(run: &Run, context: &RunContext) -> Result<RunOutput> {
    match &run.measure {
        Measure::Gradients(options) => gradients::execute(run, *options, context).map(RunOutput::from),
        Measure::Jacobian(options) => jacobian::execute(run, *options, context).map(RunOutput::from),
        Measure::Speed(timing) => speed::execute(run, timing, context),
        Measure::Step(step) => speed::execute(run, &step.timing, context),
        Measure::Training(training) => training::execute(run, training, context),
    }
}

/// An upper bound in seconds for a run, if its kind has one.
///
/// # Errors
/// The first step fails.
pub fn estimate(run: &Run, inputs: &Inputs, target: ExecTarget) -> Result<Option<f64>> {
    match &run.measure {
        Measure::Training(training) => training::estimate(run, training, inputs, target).map(Some),
        _ => Ok(None),
    }
}
