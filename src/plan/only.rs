//! The choice of a part of a plan on the command line: `--only cell=lstm,gru --only kind=gradients`.

use super::Plan;
use super::run::Run;
use crate::settings::names::ExperimentKind;
use crate::settings::{FIELDS, Field, Settings};
use crate::support::distinct::distinct;
use crate::support::error::{Error, Result};
use crate::support::text::{shortened, unknown};

/// The values that a run must have to be executed. Without any, every run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only(Vec<Values>);

/// The values of one setting, of which a run must have one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Values {
    setting: &'static str,
    values: Vec<String>,
}

impl Only {
    /// Reads arguments of the form `KEY=VALUE` or `KEY=VALUE,VALUE`. Arguments with the same key add up.
    ///
    /// # Errors
    /// An argument without `=` or without a value, an unknown key, or a value that the setting never has.
    pub fn parse(arguments: &[String]) -> Result<Only> {
        let mut only = Only::default();
        for argument in arguments {
            let error = |problem: String| Error::Usage(format!("--only {argument}: {problem}"));
            let (key, list) = argument
                .split_once('=')
                .filter(|(_, list)| !list.is_empty())
                .ok_or_else(|| error("expected KEY=VALUE, such as cell=lstm".to_string()))?;
            let names = FIELDS.iter().map(|field| field.name);
            let Some(field) = FIELDS.iter().find(|field| field.name == key) else {
                return Err(error(unknown("setting", key, names)));
            };
            for value in list.split(',') {
                only.add(field.name, canonical(field, value.trim()).map_err(error)?);
            }
        }
        Ok(only)
    }

    fn add(&mut self, setting: &'static str, value: String) {
        match self.0.iter_mut().find(|known| known.setting == setting) {
            Some(known) => known.values.push(value),
            None => self.0.push(Values { setting, values: vec![value] }),
        }
    }

    /// Returns true if the run has one of the values of each setting.
    pub fn fits(&self, run: &Run) -> bool {
        self.0.iter().all(|Values { setting, values }| values.iter().any(|value| has(run, setting, value)))
    }

    /// The runs of a plan that are to be executed, in the order of the plan.
    ///
    /// # Errors
    /// No run has one of the values, or no run has a value of each setting.
    pub fn select<'a>(&self, plan: &'a Plan) -> Result<Vec<&'a Run>> {
        let error = |problem: String| Error::Usage(format!("--only: {}: {problem}", plan.name));
        for Values { setting, values } in &self.0 {
            if let Some(value) =
                values.iter().find(|value| !plan.runs.iter().any(|run| has(run, setting, value)))
            {
                let known = known_values(plan, setting);
                let known = shortened(known.iter().map(String::as_str));
                return Err(error(format!("no run has {setting}={value}; `{setting}` is here: {known}")));
            }
        }
        let fitting: Vec<&Run> = plan.runs.iter().filter(|run| self.fits(run)).collect();
        if fitting.is_empty() {
            let wanted: Vec<String> =
                self.0.iter().map(|known| format!("{}={}", known.setting, known.values.join(","))).collect();
            return Err(error(format!("no run has {} at once", wanted.join(" and "))));
        }
        Ok(fitting)
    }
}

/// Returns true if a run has the value, or the value is a word of it: one of several engines, or a task
/// without its data.
fn has(run: &Run, setting: &str, value: &str) -> bool {
    run.settings.value(setting).is_some_and(|text| text == value || text.split(' ').any(|word| word == value))
}

/// The values of a setting in a plan, each once, in the order of the plan.
fn known_values(plan: &Plan, setting: &str) -> Vec<String> {
    distinct(plan.runs.iter().filter_map(|run| run.settings.value(setting)))
}

/// The value as a run has it: `0.001` for `1e-3`. Texts of any kind are values of `task` and `device`.
fn canonical(field: &Field, text: &str) -> Result<String, String> {
    let mut scratch = Settings::blank(ExperimentKind::Gradients);
    field.set(&mut scratch, text)?;
    Ok(field.get(&scratch).unwrap_or_else(|| text.to_string()))
}
