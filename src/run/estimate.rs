//! An upper bound for the duration of runs.

use crate::data::Inputs;
use crate::plan::run::Run;
use crate::run::kinds;
use crate::run::target::ExecTarget;
use crate::settings::Settings;
use crate::support::panic::catch_panics;

/// An upper bound in seconds for the total duration of all runs whose kind has an estimate. Runs that
/// differ in the seed only share an estimate.
pub fn estimate(runs: &[&Run], inputs: &Inputs, target: ExecTarget) -> Option<f64> {
    let mut known: Vec<(Settings, f64)> = Vec::new();
    let mut sum = None;
    for run in runs {
        let settings = Settings { seed: 0, ..run.settings.clone() };
        let seconds = match known.iter().find(|(other, _)| *other == settings) {
            Some((_, seconds)) => *seconds,
            None => {
                // An error here occurs in the run too, and is reported there.
                let Ok(Some(seconds)) = catch_panics(|| kinds::estimate(run, inputs, target)) else {
                    continue;
                };
                known.push((settings, seconds));
                seconds
            }
        };
        *sum.get_or_insert(0.0) += seconds;
    }
    sum
}
