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
use crate::data::{Input, Inputs};
use crate::device;
use crate::engine::{Engine, agreement};
use crate::plan::run::{Point, Run, RunMeasure};
use crate::random::{self, Purpose};
use crate::results::Rows;
use crate::support::error::{Error, Result};
pub use training::recurrent_words;

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
    let input = context.inputs.of(run.learning().is_some());
    let text = match input {
        Some(Input::Text(text)) => Some(text),
        _ => None,
    };
    match &run.measure {
        RunMeasure::Gradients { engine, settings } => {
            gradients::execute(run, *engine, *settings, text, place).map(Measured::from)
        }
        RunMeasure::Jacobian { engine: _, settings, burn_in } => {
            jacobian::execute(run, *settings, *burn_in, text, place).map(Measured::from)
        }
        RunMeasure::Speed { engines, peers, timing, .. } => {
            let (speed, refused) = speed::execute(run, (engines, peers), timing, text, place)?;
            Ok(Measured { refused, ..Measured::from(Rows { speed, ..Rows::default() }) })
        }
        RunMeasure::Training(learning) => {
            training::execute(run, learning, input, place, context.checkpoints, tell)
        }
    }
}

/// Seconds that a run takes at most, where that can be told from its first steps.
///
/// # Errors
/// What the first step runs into.
pub fn estimate(run: &Run, inputs: &Inputs, place: Place) -> Result<Option<f64>> {
    match &run.measure {
        RunMeasure::Training(learning) => training::estimate(run, learning, inputs.of(true), place).map(Some),
        _ => Ok(None),
    }
}

/// The parameters of a run.
fn run_parameters(point: &Point, seed: u64, on: Device) -> Parameters {
    let size = StackSize {
        input_size: point.input_size as i64,
        hidden_size: point.hidden_size as i64,
        layers: point.layers,
    };
    parameters(point.cell, point.init, size, seed, device::kind(point.dtype), on)
}

/// Random numbers of the output's shape, for the gradient check between engines and as what flows back in a
/// timed training pass.
fn cotangent(point: &Point, steps: i64, like: &Tensor, seed: u64) -> Tensor {
    let mut rng = random::stream(seed, Purpose::Loss);
    let shape = [steps, point.batch_size as i64, point.hidden_size as i64];
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
