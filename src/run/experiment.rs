//! Experiments, loaded and checked before the first run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ExecTarget;
use super::frameworks::{self, Framework};
use super::kinds;
use crate::config::spec::Spec;
use crate::config::{self, PUBLISHED};
use crate::data::Inputs;
use crate::plan::{Only, Plan, check_dataset, inputs, key_error};
use crate::results::Store;
use crate::results::environment::Environment;
use crate::settings::Settings;
use crate::support::error::{Error, Result};

/// A checked config with its plan and its data.
#[derive(Debug)]
pub struct Experiment {
    /// The checked config.
    pub spec: Spec,
    /// The runs.
    pub plan: Plan,
    /// The data.
    pub inputs: Inputs,
}

impl Experiment {
    fn load(path: &Path, overrides: &[String], target: ExecTarget, fetch: Fetch) -> Result<Experiment> {
        let mut spec = config::load(path, overrides)?;
        let inputs = inputs::load(&spec, fetch)?;
        let plan_of = |spec: &Spec| Plan::new(spec, &inputs, &target.machine());
        let mut plan = plan_of(&spec)?;
        if !spec.changes.is_empty() {
            // A config that is valid only with its overrides has no runs to which they could add.
            let written = config::load(path, &[]).ok().filter(|written| written.task == spec.task);
            let written = written.and_then(|written| plan_of(&written).ok());
            spec.record_changes(written.is_some_and(|written| plan.contains(&written)));
            plan.name = spec.name.clone();
        }
        check_weights(&spec, &plan)?;
        Ok(Experiment { spec, plan, inputs })
    }

    /// The dataset that is not here. Ids and sizes that depend on it are unknown.
    pub fn missing_data(&self) -> Option<&str> {
        let named = check_dataset(&self.spec).ok().flatten();
        named.filter(|_| self.inputs.text.is_none() && self.inputs.training.is_none())
    }

    /// Saves the config with every default filled in, the plan, and the published results of the
    /// experiment.
    ///
    /// # Errors
    /// The results directory cannot be written.
    pub fn save_config(&self, store: &Store) -> Result<()> {
        let spec = &self.spec;
        let resolved = toml::to_string_pretty(&spec.resolved)
            .map_err(|e| Error::Usage(format!("{}: cannot be written as TOML: {e}", spec.name)))?;
        let files = store.exclusive()?;
        files.write_text("config.toml", &resolved)?;
        files.write_plan(self.plan.runs.iter().map(|run| (run.id.as_str(), run.describe())))?;
        match spec.published.toml.as_str() {
            "" => files.remove(PUBLISHED),
            text => files.write_text(PUBLISHED, text),
        }
    }

    /// Versions of the experiment's frameworks. Each is started once, so that a missing one is an error
    /// before the first run.
    fn framework_versions(
        &self,
        only: &Only,
        target: ExecTarget,
        on_start: &dyn Fn(&str),
    ) -> Result<BTreeMap<String, String>> {
        let mut versions = BTreeMap::new();
        if !self.plan.runs.iter().any(|run| only.fits(run) && !run.measure.frameworks().is_empty()) {
            return Ok(versions);
        }
        for &name in self.spec.parts.iter().flat_map(|part| part.measure.frameworks()) {
            on_start(name.as_str());
            let framework = Framework::start(&frameworks::program()?, name, target.threads)?;
            versions.insert(format!("framework_{name}"), framework.versions());
        }
        Ok(versions)
    }
}

/// Reads each file of parameters, so that a mistake is found before the first run.
fn check_weights(spec: &Spec, plan: &Plan) -> Result<()> {
    let mut read = BTreeSet::new();
    for run in &plan.runs {
        let Settings { cell, layers, input_size, hidden_size, proj_size, kind, .. } = run.settings;
        // The size of the input is 0 while the dataset that decides it is absent.
        let sized = run.given.weights.as_ref().filter(|_| input_size > 0);
        let Some(weights) = sized else { continue };
        let sizes = [layers, input_size, hidden_size, proj_size.unwrap_or(0)];
        if read.insert((weights, cell.map(|cell| cell.as_str()), sizes)) {
            kinds::check_weights(run).map_err(|error| match error {
                Error::Data { .. } => key_error(spec, kind, "init", error.to_string()).into(),
                other => other,
            })?;
        }
    }
    Ok(())
}

/// A function that fetches a dataset. If it returns false, the experiment is planned without its data.
pub type Fetch<'a> = &'a dyn Fn(&str) -> Result<bool>;

/// Loads several configs with their data, each on its own: an error of one is no error of another. Calls
/// `fetch` for each dataset that is not on disk. Two configs with the same name are an error of the second.
pub fn load_each<'a>(
    configs: &'a [PathBuf],
    overrides: &'a [String],
    target: ExecTarget,
    fetch: Fetch<'a>,
) -> impl Iterator<Item = Result<Experiment>> + 'a {
    let mut names = BTreeSet::new();
    // `experiments/*.toml` matches the file of published results too.
    let is_config = move |path: &&PathBuf| configs.len() == 1 || !path.ends_with(PUBLISHED);
    let load = move |path: &PathBuf| {
        let experiment = Experiment::load(path, overrides, target, fetch)?;
        let name = &experiment.spec.name;
        if !names.insert(name.clone()) {
            let problem = "expected names that differ, since each names a results directory";
            let path = path.display();
            return Err(Error::Usage(format!("{path}: {problem}; found two configs named `{name}`")));
        }
        Ok(experiment)
    };
    configs.iter().filter(is_config).map(load)
}

/// The environment of each experiment, for the runs to execute. `on_start` is called with the name of each
/// framework before it starts.
///
/// # Errors
/// A framework cannot be started.
pub fn environments(
    experiments: &[Experiment],
    only: &Only,
    target: ExecTarget,
    on_start: &dyn Fn(&str),
) -> Result<Vec<Environment>> {
    let here = target.environment();
    let environment = |experiment: &Experiment| {
        let frameworks = experiment.framework_versions(only, target, on_start)?;
        Ok(Environment { frameworks, ..here.clone() })
    };
    experiments.iter().map(environment).collect()
}
