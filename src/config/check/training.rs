//! The check of `[training]`.

use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Length, Optimizer, Probe, Schedule, Solved, TaskSpec, TrainingSpec};
use crate::config::value::Size;
use crate::settings::names::{OptimizerName, ProbeName};
use crate::support::error::ConfigError;
use crate::support::text::number;

/// Checks the settings of training that are the same for all runs.
///
/// # Errors
/// Keys that contradict each other; a number out of range.
pub fn training(
    file: &ConfigFile,
    raw: &raw::Training,
    task: &TaskSpec,
) -> Result<TrainingSpec, ConfigError> {
    if raw.parameter_budget.is_some() && raw.layer_sizes.is_some() {
        let problem = "training.layer_sizes decides how large each layer is; leave one of them out";
        return Err(file.error("training.parameter_budget", problem));
    }
    if raw.layer_sizes.as_ref().is_some_and(Vec::is_empty) {
        let problem = "expected the size of at least one layer, found an empty list";
        return Err(file.error("training.layer_sizes", problem));
    }
    at_least_0(file, "training.checkpoint_seconds", raw.checkpoint_seconds)?;
    let size = |size: Option<Size>| size.map(|size| size.0);
    Ok(TrainingSpec {
        layer_sizes: raw.layer_sizes.as_ref().map(|sizes| sizes.iter().map(|size| size.0).collect()),
        parameter_budget: size(raw.parameter_budget),
        heads: raw.heads.0,
        optimizer: optimizer(file, raw)?,
        schedule: Schedule { name: raw.schedule, warmup_steps: raw.warmup_steps.0 },
        length: length(file, raw, task)?,
        log_every: size(raw.log_every),
        evaluate_every: size(raw.evaluate_every),
        eval_sequences: raw.eval_sequences.0,
        test_lengths: test_lengths(file, raw, task)?,
        solved: solved(file, raw)?,
        flossing_exponents: size(raw.flossing_exponents),
        probe: probe(file, raw)?,
        checkpoint_seconds: raw.checkpoint_seconds,
    })
}

fn probe(file: &ConfigFile, raw: &raw::Training) -> Result<Option<Probe>, ConfigError> {
    // A resolved config has the default without `probe_every`.
    if raw.probe_every.is_none() && raw.probes.0 != [ProbeName::Gradients] {
        let problem = "expected `probe_every` beside it, the number of updates between two probes";
        return Err(file.error("training.probes", problem));
    }
    Ok(raw.probe_every.map(|every| Probe { every: every.0, of: raw.probes.0.clone() }))
}

fn optimizer(file: &ConfigFile, raw: &raw::Training) -> Result<Optimizer, ConfigError> {
    let name = raw.optimizer;
    let is_sgd = name == OptimizerName::Sgd;
    for (key, set, belongs) in [
        ("training.momentum", raw.momentum.is_some(), is_sgd),
        ("training.betas", raw.betas.is_some(), !is_sgd),
        ("training.epsilon", raw.epsilon.is_some(), !is_sgd),
    ] {
        if set && !belongs {
            return Err(file.error(key, format!("the optimizer `{name}` has none; leave it out")));
        }
    }
    let (betas, decay) = match name {
        OptimizerName::Sgd => ([0.0; 2], 0.0),
        OptimizerName::Rmsprop => ([0.0, 0.99], 0.0),
        OptimizerName::Adam => ([0.9, 0.999], 0.0),
        OptimizerName::Adamw => ([0.9, 0.999], 0.01),
    };
    let betas = raw.betas.unwrap_or(betas);
    if name == OptimizerName::Rmsprop && betas[0] != 0.0 {
        let problem = format!("`rmsprop` has no mean of gradients: expected 0 first, found {}", betas[0]);
        return Err(file.error("training.betas", problem));
    }
    let epsilon = raw.epsilon.unwrap_or(if is_sgd { 0.0 } else { 1e-8 });
    let weight_decay = raw.weight_decay.unwrap_or(decay);
    let momentum = raw.momentum.unwrap_or(0.0);
    at_least_0(file, "training.epsilon", epsilon)?;
    at_least_0(file, "training.weight_decay", weight_decay)?;
    for (key, value) in
        [("training.momentum", momentum), ("training.betas", betas[0]), ("training.betas", betas[1])]
    {
        if !(0.0..1.0).contains(&value) {
            return Err(file.error(key, format!("expected a number from 0 up to but not 1, found {value}")));
        }
    }
    Ok(Optimizer { name, momentum, betas, epsilon, weight_decay })
}

fn length(file: &ConfigFile, raw: &raw::Training, task: &TaskSpec) -> Result<Length, ConfigError> {
    match (raw.steps, raw.epochs) {
        (Some(_), Some(_)) => Err(file.error("training.epochs", "expected `steps` or `epochs`, found both")),
        (None, Some(_)) if !task.has_epochs() => {
            let problem = "the task makes new sequences without end; expected `steps`";
            Err(file.error("training.epochs", problem))
        }
        (None, Some(epochs)) => Ok(Length::Epochs(epochs.0)),
        (steps, None) => Ok(Length::Steps(steps.map_or(1000, |steps| steps.0))),
    }
}

fn test_lengths(file: &ConfigFile, raw: &raw::Training, task: &TaskSpec) -> Result<Vec<usize>, ConfigError> {
    let Some(sizes) = &raw.test_lengths else { return Ok(vec![]) };
    let wrong = |problem: String| Err(file.error("training.test_lengths", problem));
    let lengths: Vec<usize> = sizes.iter().map(|size| size.0).collect();
    let least = task.least_steps();
    if task.has_epochs() {
        return wrong(format!(
            "the sequences of the task `{}` have given lengths; leave it out",
            task.name()
        ));
    }
    if let Some(short) = lengths.iter().find(|length| **length < least) {
        return wrong(format!("the task `{}` needs at least {least} steps, found {short}", task.name()));
    }
    if lengths.is_empty() || !lengths.is_sorted_by(|a, b| a < b) {
        return wrong(format!("expected lengths from the shortest to the longest, found {lengths:?}"));
    }
    Ok(lengths)
}

fn solved(file: &ConfigFile, raw: &raw::Training) -> Result<Option<Solved>, ConfigError> {
    let (loss, accuracy) = (raw.solved_loss.map(|loss| loss.0), raw.solved_accuracy);
    let sequences = raw.solved_sequences.map(|count| count.0);
    if let Some(share) = accuracy.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
        let problem = format!("expected a fraction above 0 and up to 1, found {share}");
        return Err(file.error("training.solved_accuracy", problem));
    }
    let any = loss.is_some() || accuracy.is_some() || sequences.is_some();
    Ok(any.then_some(Solved { loss, accuracy, sequences }))
}

fn at_least_0(file: &ConfigFile, key: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(file.error(key, format!("expected a number of at least 0, found {}", number(value))))
}
