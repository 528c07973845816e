//! The interface of the work that every contender is timed on.

use std::path::Path;

use super::step_spec::StepSpec;
use crate::engine::{EngineName, parity};
use crate::run::frameworks::Framework;
use crate::safetensors_io::{self, Tensors};
use crate::settings::names::PassName;
use crate::support::error::{Error, Result};

/// The file of the tensors that a contender gets.
pub const GIVEN: &str = "given.safetensors";

/// The file of the reference's results.
const EXPECTED: &str = "expected.safetensors";

/// Tensors, and the passes over them that are timed.
pub trait Workload {
    /// The tensors that a process or a framework gets.
    fn tensors(&self) -> Tensors;

    /// The engine whose results all contenders must reproduce.
    fn reference(&self) -> EngineName;

    /// The description of the training step, if the workload is one.
    fn step(&self) -> Option<&StepSpec>;

    /// The results of an engine, by name.
    ///
    /// # Errors
    /// A shape does not fit.
    fn results(&self, name: EngineName) -> Result<Tensors>;

    /// Returns true if a framework with these passes must reproduce the result.
    fn expects(&self, framework: &Framework, result: &str) -> bool;

    /// The largest difference between results that rounding may cause.
    fn tolerance(&self) -> f64;

    /// The wall-clock time of one pass, until the device has finished.
    ///
    /// # Errors
    /// A shape does not fit.
    fn seconds(&self, name: EngineName, pass: PassName) -> Result<f64>;
}

/// Writes the workload into a directory, and the results that frameworks must reproduce if there are any.
///
/// # Errors
/// The disk is full; a shape does not fit.
pub fn save(workload: &dyn Workload, dir: &Path, has_frameworks: bool) -> Result<()> {
    safetensors_io::write(&dir.join(GIVEN), &workload.tensors())?;
    if has_frameworks {
        safetensors_io::write(&dir.join(EXPECTED), &workload.results(workload.reference())?)?;
    }
    Ok(())
}

/// Checks an engine's results against those of the reference.
///
/// # Errors
/// They differ; a shape does not fit.
pub fn check_engine(workload: &dyn Workload, name: EngineName) -> Result<()> {
    let reference = workload.reference();
    if name == reference {
        return Ok(());
    }
    let (found, expected) = (workload.results(name)?, workload.results(reference)?);
    let names = (name.as_str(), reference.as_str());
    for (result, expected) in &expected {
        parity::compare(names, result, &found[result], expected, workload.tolerance())?;
    }
    Ok(())
}

/// Checks a framework's results against those of the reference in a directory of [`save`].
///
/// # Errors
/// A result is missing or differs; the framework fails; the reference's results cannot be read.
pub fn check_framework(workload: &dyn Workload, framework: &mut Framework, dir: &Path) -> Result<()> {
    let found = framework.results()?;
    let names = (framework.name().as_str(), workload.reference().as_str());
    for (result, expected) in &safetensors_io::read(&dir.join(EXPECTED))? {
        if !workload.expects(framework, result) {
            continue;
        }
        let Some(found) = found.get(result) else {
            let problem = format!("expected `{result}` among its results, found none");
            return Err(Error::Framework { framework: names.0.to_string(), problem });
        };
        parity::compare(names, result, found, expected, workload.tolerance())?;
    }
    Ok(())
}
