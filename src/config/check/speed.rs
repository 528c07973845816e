//! The check of `[speed]`.

use super::{distinct, training};
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Measure, Speed, StepTiming, TaskSpec};
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::ConfigError;

/// The largest number of passes before the first sample, which no budget ends.
const MAX_WARMUP: usize = 10_000;

/// The largest number of processes of a run of `speed`.
const MAX_PROCESSES: usize = 1000;

/// Returns true if a config times training steps. `[training]` then describes the model.
pub fn times_steps(speed: Option<&Speed>) -> bool {
    speed.is_some_and(|speed| speed.pass.0.contains(&PassName::Step))
}

/// Checks the settings of `speed`, and those of training if steps are timed.
///
/// # Errors
/// A repeated value; a number that is too large; a pass or a framework that does not go with another key.
pub fn speed(file: &ConfigFile, config: &raw::Config, task: &TaskSpec) -> Result<Measure, ConfigError> {
    let timing = config.speed.clone().unwrap_or_default();
    distinct(file, "speed.pass", &timing.pass.0)?;
    if !timing.frameworks.0.is_empty() {
        distinct(file, "speed.frameworks", &timing.frameworks.0)?;
    }
    for (key, value, most) in
        [("speed.warmup", timing.warmup, MAX_WARMUP), ("speed.processes", timing.processes, MAX_PROCESSES)]
    {
        if value.0 > most {
            let found = value.0;
            return Err(file.error(key, format!("expected at most {most}, found {found}")));
        }
    }
    let has_step = times_steps(Some(&timing));
    if let Some(problem) = timing.frameworks.0.iter().find_map(|name| without_pass(*name, has_step)) {
        return Err(file.error("speed.frameworks", problem));
    }
    if !has_step {
        return Ok(Measure::Speed(timing));
    }
    if timing.pass.0.len() > 1 {
        let problem = "`step` times a whole model, the other passes its layers: expected `step` alone";
        return Err(file.error("speed.pass", problem));
    }
    let training = training::training(file, &config.training.clone().unwrap_or_default(), task)?;
    Ok(Measure::Step(Box::new(StepTiming { timing, training })))
}

/// The problem with a framework that lacks the timed passes.
fn without_pass(name: FrameworkName, has_step: bool) -> Option<String> {
    use FrameworkName::{Jax, Keras, OnnxRuntime, OpenVino, PyTorch, PyTorchCompiled, TorchRecurrent};
    match (name, has_step) {
        (PyTorch | TorchRecurrent, _) | (PyTorchCompiled, true) => None,
        (Jax | Keras | OnnxRuntime | OpenVino, false) => None,
        (PyTorchCompiled, false) => Some(format!(
            "`{name}` has the pass `step` only, since torch.compile leaves recurrent layers unchanged; \
             expected `{PyTorch}`"
        )),
        (Jax | Keras | OnnxRuntime | OpenVino, true) => {
            Some(format!("`{name}` has no pass `step`; expected `{PyTorch}` or `{PyTorchCompiled}`"))
        }
    }
}
