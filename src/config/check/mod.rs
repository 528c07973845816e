//! The checks that turn the tables of a config into an experiment. Each error names the wrong key.

pub mod claim;
mod grid;
mod init;
mod misplaced;
pub mod plot;
pub mod published;
mod reading;
mod selector;
mod speed;
mod task;
mod training;

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::raw;
use super::source::ConfigFile;
use super::spec::{About, Measure, Part, Published, Spec};
use crate::settings::names::ExperimentKind;
use crate::support::error::ConfigError;
use grid::GridTables;

/// Checks a config. `stem` is the default of its name. The caller adds the published results.
///
/// # Errors
/// The first key with a wrong value, and its line.
pub fn spec(file: &ConfigFile, stem: &str) -> Result<Spec, ConfigError> {
    let mut table = file.table()?;
    if published::is_list(&table) {
        let problem = "expected a config, found a list of published results, which belongs into the file \
                       `published.toml` beside its configs";
        return Err(file.whole(problem));
    }
    if table.contains_key("expected") {
        let problem = "expected outcomes are tests: expected `[[expect]]` with `name`, `metric`, `where`, \
                       `above` or `below`, and `because`";
        return Err(file.error("expected", problem));
    }
    if let Some(Value::Integer(number @ 0..)) = table.get("seeds") {
        return Err(file.error("seeds", bare_seed(*number)));
    }
    misplaced::check(file, &table)?;
    let grids = GridTables::take(file, &mut table)?;
    let mut config: raw::Config = file.typed("", table)?;
    let name = name(file, config.name.get_or_insert_with(|| stem.to_string()))?;
    let task = task::task(file, &mut config.task)?;
    distinct(file, "kind", &config.kind.0)?;
    distinct(file, "seeds", &config.seeds)?;
    if !config.answer_with.is_empty() {
        distinct(file, "answer_with", &config.answer_with)?;
    }
    fill(file, &mut config)?;
    let exclude = config.exclude.iter().enumerate();
    let exclude = exclude.map(|(n, rule)| selector::selector(file, &format!("exclude[{n}]"), rule));
    let exclude = exclude.collect::<Result<Vec<_>, _>>()?;
    let tests = claim::tests(file, config.claim.clone(), &config.expect)?;
    plot::plot(file, config.plot.as_ref())?;

    let mut resolved = Table::try_from(&config).expect("a config that was read from TOML");
    let mut parts = Vec::new();
    for &kind in &config.kind.0 {
        let measure = measure(file, kind, &config, &task)?;
        let optimizer = config.training.clone().unwrap_or_default().optimizer;
        let fixed = grid::fixed_sizes(&task, &measure);
        let grid = grids.grid(file, (&measure, optimizer), &fixed, &mut resolved)?;
        parts.push(Part { measure, grid });
    }
    let about =
        About { question: config.question, source: config.source, expected_runtime: config.expected_runtime };
    let seeds = config.seeds.iter().map(|seed| seed.0 as u64).collect();
    Ok(Spec {
        name,
        about,
        resolved,
        seeds,
        task,
        parts,
        exclude,
        tests,
        published: Published::default(),
        changes: file.changes()?,
        changed: config.changed,
        added: config.added,
        file: file.clone(),
    })
}

fn name(file: &ConfigFile, name: &str) -> Result<String, ConfigError> {
    let allowed = |c: char| c.is_alphanumeric() || "-_.+=, ".contains(c);
    if name.trim().is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        let problem = format!("expected a directory name of letters, digits and `-_.+=,`, found `{name}`");
        return Err(file.error("name", problem));
    }
    Ok(name.to_string())
}

/// The problem with a number in place of a list of seeds.
fn bare_seed(number: i64) -> String {
    let several = match number {
        0..=1 => "[1, 2, 3]".to_string(),
        2..=5 => format!("{:?}", (1..=number).collect::<Vec<_>>()),
        _ => format!("[1, 2, …, {number}]"),
    };
    format!(
        "expected a list, found {number}: `seeds = [{number}]` is the seed {number}, \
         `seeds = {several}` are several seeds"
    )
}

/// Refuses an empty list and a repeated value.
fn distinct<T: Ord + serde::Serialize>(
    file: &ConfigFile,
    key: &str,
    values: &[T],
) -> Result<(), ConfigError> {
    if values.is_empty() {
        return Err(file.error(key, "expected at least one value, found an empty list"));
    }
    let mut seen = BTreeSet::new();
    match values.iter().find(|value| !seen.insert(*value)) {
        Some(twice) => {
            let twice = Value::try_from(twice).map(|value| plain(&value)).unwrap_or_default();
            Err(file.error(key, format!("expected each value once, found `{twice}` again")))
        }
        None => Ok(()),
    }
}

/// A value as text, without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// Adds the missing table of each kind of the experiment, and refuses the table of any other kind.
fn fill(file: &ConfigFile, config: &mut raw::Config) -> Result<(), ConfigError> {
    let steps = config.kind.0.contains(&ExperimentKind::Speed) && speed::times_steps(config.speed.as_ref());
    if steps && !config.kind.0.contains(&ExperimentKind::Training) && file.sets("training.grid") {
        let problem = "belongs to kind `training`; expected `[grid]` or `[speed.grid]`";
        return Err(file.error("training.grid", problem));
    }
    // The model of a timed step is that of training.
    let has = |kind| config.kind.0.contains(&kind) || (steps && kind == ExperimentKind::Training);
    for (kind, set) in [
        (ExperimentKind::Gradients, config.gradients.is_some()),
        (ExperimentKind::Jacobian, config.jacobian.is_some()),
        (ExperimentKind::Speed, config.speed.is_some()),
        (ExperimentKind::Training, config.training.is_some()),
    ] {
        if set && !has(kind) {
            let key = kind.as_str();
            let hint = match file.overrides("kind") {
                true => "; `--only kind=KIND` executes the runs of one kind of the config",
                false => "",
            };
            return Err(file.error(key, format!("has settings, but `kind` does not name `{key}`{hint}")));
        }
    }
    config.gradients = has(ExperimentKind::Gradients).then(|| config.gradients.unwrap_or_default());
    config.jacobian = has(ExperimentKind::Jacobian).then(|| config.jacobian.unwrap_or_default());
    config.speed = has(ExperimentKind::Speed).then(|| config.speed.clone().unwrap_or_default());
    config.training = has(ExperimentKind::Training).then(|| config.training.clone().unwrap_or_default());
    Ok(())
}

fn measure(
    file: &ConfigFile,
    kind: ExperimentKind,
    config: &raw::Config,
    task: &super::spec::TaskSpec,
) -> Result<Measure, ConfigError> {
    let measure = match kind {
        ExperimentKind::Gradients => Measure::Gradients(config.gradients.unwrap_or_default()),
        ExperimentKind::Jacobian => Measure::Jacobian(config.jacobian.unwrap_or_default()),
        ExperimentKind::Speed => speed::speed(file, config, task)?,
        ExperimentKind::Training => {
            let training = config.training.clone().unwrap_or_default();
            Measure::Training(Box::new(training::training(file, &training, task)?))
        }
    };
    task::fits(file, kind, measure.training().is_some(), task)?;
    Ok(measure)
}
