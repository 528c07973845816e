//! The kinds of experiment, one file each. Each turns a run into rows.

mod gradients;
mod jacobian;
mod sequence;
pub mod speed;
mod tensors;
mod training;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use self::sequence::extrapolated;
use super::{ExecTarget, RunContext, RunOutput};
use crate::config::spec::Measure;
use crate::data::Inputs;
use crate::device::cpu;
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

/// Reads the file that a run takes its parameters from.
///
/// # Errors
/// The file cannot be read, or has other parameters than the run's settings say.
pub fn check_weights(run: &Run) -> Result<()> {
    tensors::run_parameters(run, cpu()).map(drop)
}

/// An upper bound in seconds for a run, if its kind has one.
///
/// # Errors
/// The first step fails.
pub fn bound(run: &Run, inputs: &Inputs, target: ExecTarget) -> Result<Option<f64>> {
    match &run.measure {
        Measure::Training(training) => training::estimate(run, training, inputs, target).map(Some),
        _ => Ok(None),
    }
}

/// The expected seconds of a run: the bound of training, the budget of speed with its frameworks,
/// and a time that is measured on shorter sequences for the other kinds.
///
/// # Errors
/// The first step fails.
pub fn duration(run: &Run, inputs: &Inputs, target: ExecTarget) -> Result<f64> {
    let budget = run.measure.timing().map(|timing| timing.seconds());
    if let Some(seconds) = budget.or(bound(run, inputs, target)?) {
        return Ok(seconds);
    }
    extrapolated(run.settings.seq_len, |steps| {
        let mut short = run.clone();
        short.settings.seq_len = steps;
        let (checkpoints, on_step) = (Path::new(""), |_| ControlFlow::Continue(()));
        let context = RunContext { inputs, target, checkpoints, events: None, on_step: &on_step };
        let start = Instant::now();
        execute(&short, &context)?;
        Ok(start.elapsed().as_secs_f64())
    })
}
