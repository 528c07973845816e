//! Tensors that a run draws from its seed or reads from a file.

use tch::{Device, Tensor};

use crate::cell::init::StackSize;
use crate::cell::{CellName, Parameters};
use crate::device;
use crate::plan::WeightsFile;
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::safetensors_io::TensorFile;
use crate::settings::names::WeightsLayout;
use crate::settings::{InitSetting, Settings};
use crate::support::error::{Error, Result};
use crate::trace::{StackOptions, read_stack};

/// The parameters of a run: drawn from its seed, or read from its file.
///
/// # Errors
/// The file cannot be read, was changed after the run was planned, or has other parameters than the run's
/// settings say.
pub fn run_parameters(run: &Run, device: Device) -> Result<Parameters> {
    let settings = &run.settings;
    let size = StackSize {
        input_size: settings.input_size as i64,
        hidden_size: settings.hidden_size as i64,
        layers: settings.layers,
        proj_size: settings.proj_size.unwrap_or(0) as i64,
    };
    let kind = device::kind(settings.dtype);
    match (&settings.init, &run.given.weights) {
        (_, Some(weights)) => Ok(read(weights, settings.cell(), size)?.to(kind, device)),
        (Some(InitSetting::Drawn(init)), None) => {
            Ok(Parameters::new(settings.cell(), *init, size, settings.seed, kind, device))
        }
        (init, None) => unreachable!("recurrent layers with {init:?} and no file"),
    }
}

/// Reads the parameters of a file.
fn read(weights: &WeightsFile, cell: CellName, size: StackSize) -> Result<Parameters> {
    let WeightsFile { path, sha256, prefix, gates, layout } = weights;
    let file = TensorFile::read(path)?;
    let found = file.sha256();
    if found != *sha256 {
        let problem = format!("expected the content that was planned, with SHA-256 {sha256}, found {found}");
        return Err(Error::data(path, problem));
    }
    let layout = layout.unwrap_or(WeightsLayout::PyTorch);
    let options = StackOptions { cell, size, prefix: prefix.as_deref(), gates: gates.as_deref(), layout };
    read_stack(&file, path, options)
}

/// A standard normal gradient of the output, `[T, B, H]` or `[T, B, P]`, for parity checks and timed training
/// passes.
pub fn output_gradient(settings: &Settings, steps: i64, like: &Tensor) -> Tensor {
    let mut rng = random::stream(settings.seed, Purpose::Loss);
    let shape = [steps, settings.batch_size as i64, settings.state_size().output];
    random::normal(&mut rng, &shape, like.kind(), like.device())
}
