//! The disk space that the results of a run need, estimated from its rows and checkpoints.

use super::run::Run;
use super::sizing::ModelShape;
use crate::cell::{StateSize, cell};
use crate::config::spec::{Gradients, Length, Measure, Probe, Speed, TrainingSpec};
use crate::data::Inputs;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::Settings;
use crate::settings::lags::spaced;
use crate::settings::names::{Lags, ModelName, ProbeName};

/// The usual bytes of a row in the file of its run and in that of the experiment, which has settings too.
const ROW_BYTES: f64 = 200.0;

/// The usual bytes of a row of training, which is beside the checkpoints too.
const TRAINING_ROW_BYTES: f64 = 260.0;

/// Rows of the split train after each interval, and rows of an evaluation.
const TRAIN_ROWS: usize = 6;
const EVALUATION_ROWS: usize = 4;

/// Tensors in a checkpoint for each parameter, and checkpoints of a run: the last and the best.
const CHECKPOINT_COPIES: f64 = 3.0 * 2.0;

/// The lags that are counted one by one.
const COUNTED_LAGS: usize = 100_000;

/// The bytes that the files of a run take on the disk, about.
pub fn bytes(run: &Run, inputs: &Inputs) -> f64 {
    match &run.measure {
        Measure::Gradients(options) => ROW_BYTES * gradient_rows(run, options) as f64,
        Measure::Jacobian(options) => {
            ROW_BYTES * jacobian_rows(&run.settings, run.settings.seq_len, options.lags) as f64
        }
        Measure::Speed(timing) => timings(run, timing),
        Measure::Step(step) => timings(run, &step.timing),
        Measure::Training(training) => {
            TRAINING_ROW_BYTES * training_rows(run, training) as f64 + checkpoints(run, training, inputs)
        }
    }
}

/// The bytes of the rows of timings.
fn timings(run: &Run, timing: &Speed) -> f64 {
    // A control and a first pass in each process are timed, too.
    let contenders = run.settings.engine.engines.len() + run.settings.engine.frameworks.len() + 1;
    let samples = timing.samples.0 + timing.processes.0;
    ROW_BYTES * (samples * contenders * timing.pass.0.len()) as f64
}

/// The number of lags with rows.
fn written(lags: Lags, steps: usize) -> usize {
    match lags {
        Lags::All => steps,
        Lags::Log => spaced_count(steps, 50),
    }
}

/// The number of lags that [`spaced`] chooses. Beyond a limit, they are counted by decades.
fn spaced_count(steps: usize, per_decade: usize) -> usize {
    let counted = steps.min(COUNTED_LAGS);
    let decades = (steps as f64 / counted.max(1) as f64).log10();
    (0..counted).filter(|lag| spaced(*lag, steps, per_decade)).count()
        + (per_decade as f64 * decades) as usize
}

/// A row for each quantity and layer at each written lag, and those of the input.
fn gradient_rows(run: &Run, options: &Gradients) -> usize {
    let settings = &run.settings;
    let (cell, is_builtin) = (settings.cell.map(cell), settings.engine.first() == Some(EngineName::Builtin));
    let carried = cell.filter(|_| !is_builtin).map_or(0, |cell| cell.carried().len());
    let has_paths = cell.is_some_and(|cell| cell.has_direct_path());
    let paths = if options.path_split && has_paths { 2 } else { 0 };
    let quantities = (2 + carried + paths) * settings.layers + 1;
    // The four parameters of most cells.
    let weights = if options.weights { 4 * settings.layers } else { 0 };
    (quantities + weights) * written(options.lags, settings.seq_len)
}

/// A norm at each written lag, and a spectrum of singular values and exponents at about ten lags per decade.
fn jacobian_rows(settings: &Settings, steps: usize, lags: Lags) -> usize {
    let carried = settings.cell.map_or(0, |name| cell(name).carried().len());
    let StateSize { hidden, output } = settings.state_size();
    let state = settings.layers * (output as usize + carried * hidden as usize);
    let spectra = spaced_count(steps, 10);
    written(lags, steps) + spectra * (2 + 2 * state)
}

fn training_rows(run: &Run, training: &TrainingSpec) -> usize {
    let times = |every: Option<usize>, default: usize| match (every, training.length) {
        (Some(every), Length::Steps(steps)) => steps / every + 1,
        _ => default,
    };
    let of_probe = |probe: &Probe| (times(Some(probe.every), 20) + 1) * probe_rows(run, probe);
    TRAIN_ROWS * times(training.log_every, 100)
        + EVALUATION_ROWS * (times(training.evaluate_every, 20) + 2)
        + training.probe.as_ref().map_or(0, of_probe)
}

/// The rows of one probe.
fn probe_rows(run: &Run, probe: &Probe) -> usize {
    let settings = &run.settings;
    let has = |name| probe.has(name);
    let steps = run.task.longest(settings.seq_len);
    let quantities = match settings.model() {
        ModelName::Recurrent if has(ProbeName::Paths) => 5 * settings.layers + 1,
        ModelName::Recurrent => 3 * settings.layers + 1,
        _ => 1,
    };
    let norms = if has(ProbeName::Gradients) || has(ProbeName::Paths) { quantities } else { 0 };
    let jacobian = if has(ProbeName::Jacobian) { jacobian_rows(settings, steps, Lags::Log) } else { 0 };
    norms * written(Lags::Log, steps) + jacobian
}

fn checkpoints(run: &Run, training: &TrainingSpec, inputs: &Inputs) -> f64 {
    let settings = &run.settings;
    let even = || vec![settings.hidden_size; settings.layers];
    let layers = training.layer_sizes.clone().unwrap_or_else(even);
    let shape = ModelShape::of_run(&run.task, settings, training.heads, inputs.of(true));
    let number = if settings.dtype == Dtype::F64 { 8.0 } else { 4.0 };
    CHECKPOINT_COPIES * number * shape.parameters(&layers) as f64
}
