//! One file a kind: a run's settings in, rows out.

mod gates;
mod gradients;
mod jacobian;
mod speed;
mod training;

use std::path::Path;

use tch::{Device, Tensor};

use crate::cell::Parameters;
use crate::cell::init::{StackSize, parameters};
use crate::config::spec::Measure;
use crate::data::{Input, Inputs};
use crate::device;
use crate::engine::{Engine, agreement};
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::results::Rows;
use crate::settings::Settings;
use crate::support::error::{Error, Result};

/// Where runs are executed.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The device.
    pub device: Device,
    /// CPU threads libtorch may use.
    pub threads: usize,
}

/// The outcome of a run that came to its end.
#[derive(Debug)]
pub struct Measured {
    /// The rows.
    pub rows: Rows,
    /// What kept part of the run from being measured: an engine that computes something else.
    pub refused: Vec<Error>,
    /// Seconds that went into it before it was taken up again, where it had been cut off.
    pub seconds_before: f64,
}

impl From<Rows> for Measured {
    fn from(rows: Rows) -> Measured {
        Measured { rows, refused: vec![], seconds_before: 0.0 }
    }
}

/// What a run is given beside its settings.
pub struct Context<'a> {
    /// The data of its task.
    pub inputs: &'a Inputs,
    /// Where it is executed.
    pub place: Place,
    /// Where it may keep checkpoints.
    pub checkpoints: &'a Path,
}

/// Executes one run. `tell` is told, now and then, how many of how many steps are done.
///
/// # Errors
/// Nothing of the run could be measured.
pub fn execute(run: &Run, context: &Context, tell: &mut dyn FnMut(usize, usize)) -> Result<Measured> {
    let place = context.place;
    let input = context.inputs.of(run.training().is_some());
    let text = match input {
        Some(Input::Text(text)) => Some(text),
        _ => None,
    };
    match &run.measure {
        Measure::Gradients(options) => gradients::execute(run, *options, text, place).map(Measured::from),
        Measure::Jacobian(options) => jacobian::execute(run, *options, text, place).map(Measured::from),
        Measure::Speed(timing) => {
            let (speed, refused) = speed::execute(run, timing, text, place)?;
            Ok(Measured { refused, ..Measured::from(Rows { speed, ..Rows::default() }) })
        }
        Measure::Training(training) => {
            training::execute(run, training, input, place, context.checkpoints, tell)
        }
    }
}

/// Seconds that a run takes at most, where that can be told from its first steps.
///
/// # Errors
/// What the first step runs into.
pub fn estimate(run: &Run, inputs: &Inputs, place: Place) -> Result<Option<f64>> {
    match &run.measure {
        Measure::Training(training) => training::estimate(run, training, inputs.of(true), place).map(Some),
        _ => Ok(None),
    }
}

/// The parameters of a run.
fn run_parameters(settings: &Settings, on: Device) -> Parameters {
    let size = StackSize {
        input_size: settings.input_size as i64,
        hidden_size: settings.hidden_size as i64,
        layers: settings.layers,
    };
    parameters(settings.cell(), settings.init(), size, settings.seed, device::kind(settings.dtype), on)
}

/// Random numbers of the output's shape, for the gradient check between engines and as what flows back in a
/// timed training pass.
fn cotangent(settings: &Settings, steps: i64, like: &Tensor) -> Tensor {
    let mut rng = random::stream(settings.seed, Purpose::Loss);
    let shape = [steps, settings.batch_size as i64, settings.hidden_size as i64];
    random::normal(&mut rng, &shape, like.kind(), like.device())
}

/// Holds an engine against another on the run's own parameters and input.
fn agree(
    engine: &dyn Engine,
    reference: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    cotangent: &Tensor,
) -> Result<()> {
    agreement::check(engine, reference, p, input, cotangent, agreement::tolerance(input.kind()))?;
    Ok(())
}
