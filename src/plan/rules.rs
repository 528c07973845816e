//! The rules between settings. Each refuses runs with contradictory settings, and its error names the
//! wrong key.

use std::collections::BTreeSet;

use super::interventions::{self, interventions};
use crate::cell::{CarriedState, cell};
use crate::config::spec::{Gradients, Jacobian, Length, Measure, Spec, TaskSpec, TrainingSpec};
use crate::device::Dtype;
use crate::engine::{EngineName, engine, listed_engines, reference_engine};
use crate::settings::names::{ExperimentKind, LossName, ModelName, ProbeName};
use crate::settings::{InitSetting, Settings, field};
use crate::support::error::ConfigError;

/// A key of a grid, or a dotted key, and its problem.
type Problem = (&'static str, String);

/// Checks a run against every rule.
///
/// # Errors
/// The first broken rule, with file, line and key.
pub fn check(spec: &Spec, settings: &Settings, measure: &Measure) -> Result<(), ConfigError> {
    let problem = projection(settings, measure.training()).or_else(|| engines(settings));
    let problem = problem.or_else(|| init(settings)).or_else(|| match measure {
        Measure::Gradients(gradients) => of_gradients(&spec.task, settings, gradients),
        Measure::Jacobian(jacobian) => of_jacobian(settings, jacobian),
        Measure::Speed(_) => of_speed(settings),
        Measure::Step(step) => of_speed(settings)
            .or_else(|| of_step(settings, &step.training))
            .or_else(|| of_training(&spec.task, settings, &step.training)),
        Measure::Training(training) => of_training(&spec.task, settings, training),
    });
    problem.map_or(Ok(()), |(key, problem)| Err(error(spec, settings.kind, key, problem)))
}

/// An error about a grid key of a kind, or about a dotted key. It has the place where the config sets
/// the key.
pub fn error(spec: &Spec, kind: ExperimentKind, key: &str, problem: impl Into<String>) -> ConfigError {
    if field(key).is_none() {
        return spec.file.error(key, problem);
    }
    let places = [
        format!("{kind}.grid.{key}"),
        format!("grid.{key}"),
        format!("{kind}.{key}"),
        format!("training.{key}"),
        format!("{kind}.grid.shapes"),
        "grid.shapes".to_string(),
    ];
    let place = places.iter().find(|place| spec.file.sets(place)).unwrap_or(&places[1]);
    spec.file.error(place, problem)
}

fn engines(settings: &Settings) -> Option<Problem> {
    if let Some(problem) = cell_without_engine(settings) {
        return Some(problem);
    }
    let simd = settings.engine.engines.contains(&EngineName::Simd);
    let frameworks = !settings.engine.frameworks.is_empty();
    let device = &settings.device;
    if simd && device != "cpu" {
        let problem = format!(
            "the engine `simd` works on the CPU only, but the device is {device}; \
             expected --device cpu, or the engine `analytic`"
        );
        return Some(("engine", problem));
    }
    let cuda = settings.engine.engines.contains(&EngineName::Cuda);
    if cuda && device == "cpu" {
        let problem = "the engine `cuda` needs a CUDA device, but the device is cpu; expected --device \
                       cuda, or the engine `builtin`";
        return Some(("engine", problem.to_string()));
    }
    if cuda && settings.dtype == Dtype::F64 {
        return Some(("dtype", "the engine `cuda` works in f32 only; expected `f32`".to_string()));
    }
    if frameworks && device != "cpu" {
        let problem = format!(
            "frameworks are timed on the CPU only, but the device is {device}; expected --device cpu"
        );
        return Some(("speed.frameworks", problem));
    }
    let problem = "frameworks (speed.frameworks) work with f32 only; expected `f32`, or no frameworks";
    (frameworks && settings.dtype == Dtype::F64).then(|| ("dtype", problem.to_string()))
}

/// The problem with the first engine that cannot run the cell, or with frameworks that cannot.
fn cell_without_engine(settings: &Settings) -> Option<Problem> {
    let name = settings.cell?;
    let cell = cell(name);
    let serves = |name: &EngineName| engine(*name).serves(cell);
    if let Some(other) = settings.engine.engines.iter().find(|name| !serves(name)) {
        let known = listed_engines(cell);
        return Some((
            "engine",
            format!("the engine `{other}` cannot run the cell `{name}`; these can: {known}"),
        ));
    }
    let without = settings.engine.frameworks.iter().find(|framework| !framework.cells().contains(&name))?;
    let known: Vec<String> = without.cells().iter().map(|cell| format!("`{cell}`")).collect();
    let problem =
        format!("the framework `{without}` is timed on the cells {}; found `{name}`", known.join(", "));
    Some(("speed.frameworks", problem))
}

/// The problem with a size of h that the cell cannot have.
fn projection(settings: &Settings, training: Option<&TrainingSpec>) -> Option<Problem> {
    let (name, proj_size) = (settings.cell?, settings.proj_size.unwrap_or(0));
    // The size is 0 while the data that determines it is not there.
    let units = Some(smallest_layer(settings, training)).filter(|units| *units > 0)?;
    let layout = cell(name).layout();
    let problem = layout.check_projection(units as i64, proj_size as i64).err()?;
    let advice = match layout.has_projection() {
        true => String::new(),
        false => {
            format!("; leave the pair out with exclude = [{{ cell = \"{name}\", proj_size = {proj_size} }}]")
        }
    };
    Some(("proj_size", format!("the cell `{name}` {problem}{advice}")))
}

/// The units of the smallest layer.
fn smallest_layer(settings: &Settings, training: Option<&TrainingSpec>) -> usize {
    let sizes = training.and_then(|training| training.layer_sizes.as_ref());
    sizes.and_then(|sizes| sizes.iter().copied().min()).unwrap_or(settings.hidden_size)
}

fn init(settings: &Settings) -> Option<Problem> {
    let problem = match (settings.init.as_ref()?, settings.kind) {
        (InitSetting::Drawn(init), _) => init.fits(settings.cell?).err()?,
        (InitSetting::File(_), ExperimentKind::Gradients | ExperimentKind::Jacobian) => return None,
        (InitSetting::File(name), kind) => format!(
            "the parameters of a file are for the kinds `gradients` and `jacobian`; expected an init policy \
             for kind `{kind}`, found `file({name})`"
        ),
    };
    Some(("init", problem))
}

fn of_gradients(task: &TaskSpec, settings: &Settings, options: &Gradients) -> Option<Problem> {
    if settings.loss == Some(LossName::Task) && *task == TaskSpec::Noise {
        let problem = "expected `last` or `sum`, found `task`: the task `noise` has no loss of its own";
        return Some(("loss", problem.to_string()));
    }
    let of_exact = [
        (options.path_split, "gradients.path_split", "split paths"),
        (options.weights, "gradients.weights", "split the gradient of parameters by lag"),
    ];
    let (_, key, task) = of_exact.into_iter().find(|(wanted, ..)| *wanted && !is_exact(settings))?;
    let problem = format!("only the engines with exact adjoints can {task}; expected grid.engine = \"auto\"");
    Some((key, problem))
}

/// Returns true for an engine whose diagnostics go back step by step.
fn is_exact(settings: &Settings) -> bool {
    matches!(settings.engine.first(), Some(EngineName::Analytic | EngineName::Recompute))
}

/// The rules of `jacobian`: an engine that goes back step by step, f64, and one sequence.
fn of_jacobian(settings: &Settings, jacobian: &Jacobian) -> Option<Problem> {
    let Settings { engine, dtype, batch_size, seq_len, .. } = settings;
    let problem = if let Some(problem) = scaled_state(settings) {
        ("cell", problem)
    } else if !is_exact(settings) {
        let problem = format!(
            "expected `analytic` or `recompute`, the engines that go back step by step, found `{engine}`"
        );
        ("engine", problem)
    } else if *dtype != Dtype::F64 {
        ("dtype", "expected `f64` for products of many matrices, found `f32`".to_string())
    } else if *batch_size != 1 {
        let reason = "each sequence has a Jacobian of its own (more seeds give more of them)";
        ("batch_size", format!("expected 1, since {reason}, found {batch_size}"))
    } else if *seq_len < 2 {
        ("seq_len", format!("expected at least 2, a step and one to step back to, found {seq_len}"))
    } else {
        let burn_in = jacobian.burn_in.filter(|steps| steps.0 + 1 >= *seq_len)?.0;
        let lags = seq_len - 1;
        let problem = format!("expected fewer steps than the lags of the sequence ({lags}), found {burn_in}");
        ("jacobian.burn_in", problem)
    };
    Some(problem)
}

/// The problem with the Jacobian of a state that is scaled by another: it would measure the scale.
fn scaled_state(settings: &Settings) -> Option<String> {
    let name = settings.cell.filter(|name| cell(*name).carried().contains(&CarriedState::M))?;
    Some(format!(
        "the state m of `{name}` scales c and n, so a Jacobian of the state would measure the scale; \
         expected another cell, or kind `gradients`"
    ))
}

fn of_speed(settings: &Settings) -> Option<Problem> {
    let reference = settings.cell.map_or(EngineName::Builtin, |name| reference_engine(cell(name)));
    let problem = format!("expected `{reference}` among the engines: speed is measured against it");
    let has = settings.engine.engines.contains(&reference);
    (!has).then_some(("engine", problem))
}

/// The rules of a timed step, whose model has to be one that frameworks have.
fn of_step(settings: &Settings, training: &TrainingSpec) -> Option<Problem> {
    if settings.model() != ModelName::Recurrent {
        let problem = format!("a timed step has the model `recurrent`, found `{}`", settings.model());
        return Some(("model", problem));
    }
    if training.layer_sizes.is_some() {
        let problem = "a timed step has layers of one size; expected grid.hidden_size and grid.layers";
        return Some(("training.layer_sizes", problem.to_string()));
    }
    let noise =
        settings.weight_noise.filter(|deviation| *deviation > 0.0).map(|noise| ("weight_noise", noise));
    let (key, found) = noise.or_else(|| interventions(settings).next())?;
    Some((key, format!("a timed step has none; expected 0, found {found}")))
}

fn of_training(task: &TaskSpec, settings: &Settings, training: &TrainingSpec) -> Option<Problem> {
    if let Some(problem) = interventions::problem(settings) {
        return Some(problem);
    }
    let (heads, size) = (training.heads, settings.hidden_size);
    let is_transformer = settings.model == Some(ModelName::Transformer);
    if is_transformer && training.layer_sizes.is_some() {
        let problem = "a Transformer's layers are of one size; expected grid.hidden_size and grid.layers";
        return Some(("training.layer_sizes", problem.to_string()));
    }
    if is_transformer && size % heads != 0 {
        let problem =
            format!("expected a number of heads that divides grid.hidden_size = {size}, found {heads}");
        return Some(("training.heads", problem));
    }
    if let Some(problem) = scaled_state(settings).filter(|_| training.probes(ProbeName::Jacobian)) {
        return Some(("training.probes", problem));
    }
    let sizes = training.layer_sizes.iter().flatten();
    if training.probes(ProbeName::Jacobian) && sizes.collect::<BTreeSet<_>>().len() > 1 {
        let problem = "the product of Jacobians needs layers of one size (training.layer_sizes)";
        return Some(("training.probes", problem.to_string()));
    }
    let units = smallest_layer(settings, Some(training));
    let too_many =
        training.flossing_exponents.filter(|count| interventions::flosses(settings) && *count > units);
    if let Some(found) = too_many {
        let problem = format!("expected at most the {units} units of the smallest layer, found {found}");
        return Some(("training.flossing_exponents", problem));
    }
    let least = task.least_steps();
    // `seq_len` is 0 for images whose dataset is not on disk.
    if (1..least).contains(&settings.seq_len) {
        let found = settings.seq_len;
        let problem = format!("the task `{}` needs at least {least} steps, found {found}", task.name());
        return Some(("seq_len", problem));
    }
    let fraction = settings.train_fraction.filter(|fraction| *fraction < 1.0);
    if fraction.is_some() && !task.has_epochs() {
        let problem = "the task makes new sequences without end; leave it out";
        return Some(("train_fraction", problem.to_string()));
    }
    debug_assert!(matches!(training.length, Length::Steps(_)) || task.has_epochs());
    None
}
