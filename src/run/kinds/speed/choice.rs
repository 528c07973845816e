//! The choice of the workload: a training step, or layers.

use tch::Device;

use super::job::Job;
use super::layers::Layers;
use super::step::TrainingStep;
use super::workload::{GIVEN, Workload};
use crate::plan::run::Run;
use crate::run::RunContext;
use crate::safetensors_io;
use crate::support::error::Result;

/// The workload of a run.
///
/// # Errors
/// The task's data is missing.
pub fn of_run(run: &Run, context: &RunContext) -> Result<Box<dyn Workload>> {
    Ok(match run.training() {
        Some(training) => Box::new(TrainingStep::new(run, training, context)?),
        None => Box::new(Layers::new(run, context)?),
    })
}

/// Reads the workload that [`super::workload::save`] wrote, onto a device.
///
/// # Errors
/// The file cannot be read or lacks a tensor.
pub fn load(job: &Job, device: Device) -> Result<Box<dyn Workload>> {
    let path = job.workload.join(GIVEN);
    let tensors = safetensors_io::read(&path)?;
    Ok(match &job.step {
        Some(spec) => Box::new(TrainingStep::load(spec.clone(), tensors, device, &path)?),
        None => Box::new(Layers::load(job.cell, tensors, device, &path)?),
    })
}
