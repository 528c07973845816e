//! The time that the runs of an experiment will still take.
//!
//! Each run has an expected amount of work: seconds where there is an estimate, a number of operations
//! elsewhere. The time of the work that is done so far, also inside the present run, says how long the rest
//! will take.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::config::spec::Measure;
use crate::plan::cost::operations;
use crate::plan::run::Run;
use crate::settings::names::ExperimentKind;
use crate::support::progress::TimeLeft;

/// Seconds of work by which an estimate is trusted before anything is measured.
const TRUSTED_SECONDS: f64 = 2.0;

/// The expected work of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    kind: ExperimentKind,
    amount: f64,
}

impl Work {
    /// The work of a run, with its estimate if it has one.
    pub fn of(run: &Run, estimate: Option<f64>) -> Work {
        let amount = match &run.measure {
            Measure::Training(_) => estimate.unwrap_or(0.0),
            Measure::Speed(timing) => timing.seconds(),
            Measure::Step(step) => step.timing.seconds(),
            Measure::Gradients(_) | Measure::Jacobian(_) => operations(run),
        };
        Work { kind: run.settings.kind, amount }
    }
}

/// The time of work that was done.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    seconds: f64,
    work: f64,
}

/// The present run.
struct Current {
    work: Work,
    begin: Instant,
    /// The share that was done before, by the checkpoint from which the run goes on.
    done_before: Cell<Option<f64>>,
}

/// The expected time of the runs of an experiment.
pub struct Forecast {
    /// The work of the runs that have not begun.
    waiting: BTreeMap<ExperimentKind, f64>,
    done: BTreeMap<ExperimentKind, Rate>,
    current: Option<Current>,
}

impl Forecast {
    /// The forecast before the first run.
    pub fn new(works: impl IntoIterator<Item = Work>) -> Forecast {
        let (mut waiting, mut done) = (BTreeMap::new(), BTreeMap::new());
        for Work { kind, amount } in works {
            *waiting.entry(kind).or_insert(0.0) += amount;
            let trusted = match kind {
                ExperimentKind::Training | ExperimentKind::Speed => TRUSTED_SECONDS,
                ExperimentKind::Gradients | ExperimentKind::Jacobian => 0.0,
            };
            done.insert(kind, Rate { seconds: trusted, work: trusted });
        }
        Forecast { waiting, done, current: None }
    }

    /// Begins a run.
    pub fn begin(&mut self, work: Work) {
        if let Some(waiting) = self.waiting.get_mut(&work.kind) {
            *waiting -= work.amount;
        }
        self.current = Some(Current { work, begin: Instant::now(), done_before: Cell::new(None) });
    }

    /// Ends the present run. The time of a run that another process executes or that failed says nothing.
    pub fn end(&mut self, counts: bool) {
        if let Some(current) = self.current.take().filter(|_| counts) {
            let seconds = current.begin.elapsed().as_secs_f64();
            let rate = self.done.entry(current.work.kind).or_default();
            rate.seconds += seconds;
            rate.work += current.work.amount * (1.0 - current.done_before.get().unwrap_or(0.0));
        }
    }

    /// Notes the share of the present run that is done, and the share of one step. Training may go on from a
    /// checkpoint, so what is done at its first step was done before.
    pub fn reached(&self, share: f64, one_step: f64) {
        if let Some(current) = self.current.as_ref().filter(|current| current.done_before.get().is_none()) {
            let resumes = current.work.kind == ExperimentKind::Training;
            current.done_before.set(Some(if resumes { (share - one_step).max(0.0) } else { 0.0 }));
        }
    }

    /// The time that all runs will still take, given the share of the present run that is done.
    pub fn left(&self, share: f64) -> Option<TimeLeft> {
        let current = self.current.as_ref()?;
        Some(self.left_after(current, current.begin.elapsed().as_secs_f64(), share))
    }

    fn left_after(&self, current: &Current, elapsed: f64, share: f64) -> TimeLeft {
        let before = current.done_before.get().unwrap_or(0.0);
        let mut left = TimeLeft { seconds: 0.0, without: Vec::new() };
        for (kind, waiting) in &self.waiting {
            let Rate { mut seconds, mut work } = self.done[kind];
            let mut amount_left = waiting.max(0.0);
            if *kind == current.work.kind {
                seconds += elapsed;
                work += current.work.amount * (share - before);
                amount_left += current.work.amount * (1.0 - share);
            }
            if amount_left > 0.0 && work > 0.0 {
                left.seconds += amount_left * seconds / work;
            } else if amount_left > 0.0 {
                left.without.push(kind.as_str());
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(kind: ExperimentKind, amount: f64) -> Work {
        Work { kind, amount }
    }

    fn left(forecast: &Forecast, elapsed: f64, share: f64) -> TimeLeft {
        forecast.left_after(forecast.current.as_ref().unwrap(), elapsed, share)
    }

    fn assert_near(found: &TimeLeft, expected: f64) {
        let near = (found.seconds - expected).abs() <= 0.05 * expected;
        assert!(near && found.without.is_empty(), "expected {expected}, found {found:?}");
    }

    #[test]
    fn seconds_left_begins_with_the_estimate_and_follows_the_present_run() {
        let works = [work(ExperimentKind::Training, 100.0), work(ExperimentKind::Training, 300.0)];
        let mut forecast = Forecast::new(works);
        forecast.begin(works[0]);
        forecast.reached(0.001, 0.001);
        assert_near(&left(&forecast, 0.1, 0.001), 400.0);
        // A quarter of the run took twice its estimate.
        forecast.reached(0.25, 0.001);
        assert_near(&left(&forecast, 50.0, 0.25), 2.0 * 375.0);
        // The second run goes on from a checkpoint, so the first half says nothing about its speed.
        let mut forecast = Forecast::new([works[1]]);
        forecast.begin(works[1]);
        forecast.reached(0.501, 0.001);
        assert_near(&left(&forecast, 0.3, 0.501), 150.0);
        assert_near(&left(&forecast, 75.0, 0.75), 75.0);
    }

    #[test]
    fn seconds_left_counts_work_and_not_runs() {
        let gradients = |amount| work(ExperimentKind::Gradients, amount);
        let mut forecast = Forecast::new([gradients(1e6), gradients(3e7), gradients(1e6)]);
        forecast.begin(gradients(1e6));
        assert_eq!(left(&forecast, 1.0, 0.0).without, ["gradients"], "nothing is measured yet");
        assert_near(&left(&forecast, 1.0, 0.5), 1.0 + 60.0 + 2.0);
        // A run that another process executes leaves the forecast.
        forecast.end(false);
        forecast.begin(gradients(3e7));
        forecast.reached(0.5, 0.01);
        assert_near(&left(&forecast, 10.0, 0.5), 10.0 + 10.0 / 15.0);
    }

    #[test]
    fn seconds_left_leave_out_a_kind_that_is_not_measured() {
        let works = [work(ExperimentKind::Speed, 20.0), work(ExperimentKind::Gradients, 5.0)];
        let mut forecast = Forecast::new(works);
        forecast.begin(works[0]);
        assert_eq!(left(&forecast, 10.0, 0.5).without, ["gradients"]);
        let mut forecast = Forecast::new([works[0]]);
        forecast.begin(works[0]);
        assert_near(&left(&forecast, 10.0, 0.5), 10.0);
    }
}
