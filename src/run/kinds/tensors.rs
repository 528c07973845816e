//! Tensors that a run draws from its seed.

use tch::{Device, Tensor};

use crate::cell::Parameters;
use crate::cell::init::StackSize;
use crate::device;
use crate::random::{self, Purpose};
use crate::settings::Settings;

/// The parameters of a run.
pub fn run_parameters(settings: &Settings, device: Device) -> Parameters {
    let size = StackSize {
        input_size: settings.input_size as i64,
        hidden_size: settings.hidden_size as i64,
        layers: settings.layers,
    };
    let kind = device::kind(settings.dtype);
    Parameters::new(settings.cell(), settings.init(), size, settings.seed, kind, device)
}

/// A standard normal gradient of the output `[T, B, H]`, for parity checks and timed training passes.
pub fn output_gradient(settings: &Settings, steps: i64, like: &Tensor) -> Tensor {
    let mut rng = random::stream(settings.seed, Purpose::Loss);
    let shape = [steps, settings.batch_size as i64, settings.hidden_size as i64];
    random::normal(&mut rng, &shape, like.kind(), like.device())
}
