//! The expected duration of runs before they are executed.

use crate::plan::run::Run;
use crate::settings::Settings;
use crate::support::error::Result;
use crate::support::panic::catch_panics;
use crate::support::signal::Stop;

/// The estimate `measure` of each run in seconds, if there is one. Runs that differ in the seed only share an
/// estimate. A signal ends the measurements; the rest has no estimate then.
///
/// `lock` is called before a run is measured, and its result is kept meanwhile. A run that gets no lock has
/// no estimate.
pub fn estimates<L>(
    runs: &[&Run],
    measure: impl Fn(&Run) -> Result<Option<f64>>,
    stop: &Stop,
    lock: impl Fn(&Run) -> Option<L>,
) -> Vec<Option<f64>> {
    let mut known: Vec<(Settings, Option<f64>)> = Vec::new();
    let mut of_run = |run: &&Run| {
        let settings = Settings { seed: 0, ..run.settings.clone() };
        if let Some((_, seconds)) = known.iter().find(|(other, _)| *other == settings) {
            return *seconds;
        }
        if stop.requested().is_some() {
            return None;
        }
        let _lock = lock(run)?;
        // An error here occurs in the run too, and is reported there.
        let seconds = catch_panics(|| measure(run)).unwrap_or(None);
        known.push((settings, seconds));
        seconds
    };
    runs.iter().map(&mut of_run).collect()
}
