//! The execution of a plan: runs without results are executed, existing results are kept.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use super::estimate::estimates;
use super::forecast::{Forecast, Work};
use super::suspects::Suspects;
use super::tables::Tables;
use super::tensorboard;
use super::{ExecTarget, RunContext, RunOutput};
use super::{kinds, out_of_memory};
use crate::data::Inputs;
use crate::plan::run::Run;
use crate::plan::{Only, Plan, Shard};
use crate::results::environment::{Environment, peak_memory};
use crate::results::schema::RunRow;
use crate::results::{Rows, RunRecord, Store, program};
use crate::support::error::{Error, Result};
use crate::support::file::remove_dir;
use crate::support::panic::catch_panics;
use crate::support::progress::{Progress, Step, Ui};
use crate::support::signal::Stop;
use crate::support::text::{duration, pluralize};

/// The name of the file with the machine and the versions.
const ENVIRONMENT: &str = "environment.json";

/// The way a plan is executed.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The device and the threads.
    pub target: ExecTarget,
    /// The machine and the versions.
    pub environment: &'a Environment,
    /// The runs to execute.
    pub only: &'a Only,
    /// The part of these runs to execute.
    pub shard: Shard,
    /// Recompute runs that are already complete.
    pub rerun: bool,
    /// Execute no run.
    pub no_runs: bool,
    /// Stop at the first run that fails.
    pub fail_fast: bool,
    /// The directory for event files of trainings, if they are asked for.
    pub events: Option<&'a Path>,
    /// The signals that stop the execution.
    pub stop: &'a Stop,
}

/// Numbers of runs, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Executed now, without an error.
    pub done: usize,
    /// Complete before.
    pub already_complete: usize,
    /// Locked by another process.
    pub locked: usize,
    /// Executed now, with an error.
    pub failed: usize,
    /// Stopped by a signal after a checkpoint.
    pub stopped: usize,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Done => &mut self.done,
            Outcome::AlreadyComplete => &mut self.already_complete,
            Outcome::Locked => &mut self.locked,
            Outcome::Failed => &mut self.failed,
            Outcome::Stopped => &mut self.stopped,
        } += 1;
    }
}

/// The outcome of one run.
enum Outcome {
    Done,
    AlreadyComplete,
    Locked,
    Failed,
    Stopped,
}

/// Executes a plan.
///
/// # Errors
/// The results directory cannot be written; no run is to be executed. A failed run is not an error here: its
/// row says why it failed.
pub fn execute<'a>(
    plan: &'a Plan,
    inputs: &Inputs,
    store: &Store,
    options: Options,
    ui: &mut Ui,
) -> Result<Tally> {
    let shard = options.shard.select(&options.only.select(plan)?);
    let runner = Runner { inputs, store, options };
    let suspects = Suspects::find(&plan.runs, store)?;
    let (mut missing, mut complete) = (Vec::new(), Vec::new());
    for &run in &shard {
        match runner.completed(run)? {
            Some(record) => complete.push(record),
            None => missing.push(run),
        }
    }
    suspects.put_last(&mut missing, store);
    if options.no_runs {
        missing.clear();
    }
    runner.save_environment(missing.is_empty())?;
    let mut tally = Tally { already_complete: complete.len(), ..Tally::default() };

    ui.begin(&plan.name, shard.len(), tally.already_complete);
    if let Some(others) = runner.made_by_others(&complete) {
        ui.say(&others);
    }
    runner.say_what_is_wrong(&missing, &suspects, ui)?;
    // A process that is killed leaves its lock, so the next one knows the run that it measured.
    let lock = |run: &Run| (!suspects.contains(run)).then(|| store.lock(&run.id).ok().flatten()).flatten();
    let bound = |run: &Run| kinds::bound(run, inputs, options.target);
    let estimates = estimates(&missing, bound, options.stop, lock);
    if let Some(estimate) = said_estimate(&estimates) {
        ui.say(&estimate);
    }
    let work = |(run, estimate): (&&'a Run, &Option<f64>)| (*run, Work::of(run, *estimate));
    let works: Vec<(&Run, Work)> = missing.iter().zip(&estimates).map(work).collect();
    let mut tables = Tables::new(store);
    let locked = runner.execute_each(&works, &mut tables, &mut tally, ui)?;
    let given_up = runner.wait_for_holders(locked, ui)?;
    tally.locked -= given_up.len();
    runner.execute_each(&given_up, &mut tables, &mut tally, ui)?;
    ui.end();
    for problem in tables.assemble()? {
        ui.say(&format!("  left out of the tables: {problem}; `lstm-lab run` makes the run again"));
    }
    Ok(tally)
}

/// The sum of the estimates in words, if there are any.
fn said_estimate(estimates: &[Option<f64>]) -> Option<String> {
    let known: Vec<f64> = estimates.iter().flatten().copied().collect();
    let seconds: f64 = known.iter().sum();
    let resumable = if seconds > 60.0 { "; an interrupted run resumes from its checkpoint" } else { "" };
    let runs = pluralize(known.len(), "run");
    let at_most = duration(seconds);
    (!known.is_empty()).then(|| format!("  estimated time for {runs}: at most {at_most}{resumable}"))
}

struct Runner<'a> {
    inputs: &'a Inputs,
    store: &'a Store,
    options: Options<'a>,
}

impl Runner<'_> {
    /// The record of a run that is complete and is not to be made again.
    fn completed(&self, run: &Run) -> Result<Option<RunRecord>> {
        if self.options.rerun { Ok(None) } else { self.store.completed(&run.id) }
    }

    /// Says which runs are made again because a file of theirs was changed, and which come last.
    fn say_what_is_wrong(&self, missing: &[&Run], suspects: &Suspects, ui: &Ui) -> Result<()> {
        for run in missing {
            if let Some(problem) = self.store.damage(&run.id)? {
                ui.say(&format!("  made again: {problem}"));
            }
            if suspects.contains(run) {
                let about = run.describe();
                ui.say(&format!(
                    "  tried last, because the process was killed during it: {} {about}",
                    run.id
                ));
            }
        }
        Ok(())
    }

    /// A message about complete runs that another version of the program made.
    fn made_by_others(&self, complete: &[RunRecord]) -> Option<String> {
        let here = program(self.options.environment.lstm_lab, self.options.environment.git_revision);
        let others = complete.iter().filter_map(RunRecord::program).filter(|program| *program != here);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        others.for_each(|program| *counts.entry(program).or_default() += 1);
        let made = |(program, count): (&String, &usize)| format!("{count} already there, made by {program}");
        let made: Vec<String> = counts.iter().map(made).collect();
        (!made.is_empty()).then(|| format!("  {}; this is {here}", made.join("; ")))
    }

    fn save_environment(&self, nothing_to_run: bool) -> Result<()> {
        let json = self.options.environment.to_json();
        let files = self.store.exclusive()?;
        if nothing_to_run {
            // Keep the environment file of the machine that produced the results.
            files.write_text_if_absent(ENVIRONMENT, &json)
        } else {
            files.write_text(ENVIRONMENT, &json)
        }
    }

    /// Executes runs one after the other, up to a signal. Returns those that another process executes.
    fn execute_each<'a>(
        &self,
        works: &[(&'a Run, Work)],
        tables: &mut Tables,
        tally: &mut Tally,
        ui: &mut Ui,
    ) -> Result<Vec<(&'a Run, Work)>> {
        let mut forecast = Forecast::new(works.iter().map(|(_, work)| *work));
        let mut locked = Vec::new();
        for (run, work) in works {
            if self.options.stop.requested().is_some() {
                break;
            }
            forecast.begin(*work);
            let outcome = self.execute_missing(run, &forecast, ui)?;
            forecast.end(matches!(outcome, Outcome::Done));
            tally.count(&outcome);
            match outcome {
                Outcome::Failed if self.options.fail_fast => return Ok(Vec::new()),
                Outcome::Locked => locked.push((*run, *work)),
                _ => {}
            }
            tables.refresh()?;
        }
        Ok(locked)
    }

    /// Waits until each holder of these runs on another machine has given a sign of life or none for too
    /// long. Returns the runs that nobody executes any more.
    fn wait_for_holders<'a>(&self, locked: Vec<(&'a Run, Work)>, ui: &Ui) -> Result<Vec<(&'a Run, Work)>> {
        let is_stopped = || self.options.stop.requested().is_some();
        let mut given_up = Vec::new();
        for (run, work) in locked {
            let wait = |host: &str| {
                ui.say(&format!("  waiting for a sign of life of {host}, which executes {}", run.id));
            };
            if self.store.wait_for_holder(&run.id, wait, is_stopped)? {
                given_up.push((run, work));
            }
        }
        Ok(given_up)
    }

    /// Executes a run and saves it, unless another process is executing it or has just completed it.
    fn execute_missing(&self, run: &Run, forecast: &Forecast, ui: &Ui) -> Result<Outcome> {
        let about = run.describe();
        let Some(lock) = self.store.lock(&run.id)? else {
            let holder = self.store.holder(&run.id)?.unwrap_or("another process".to_string());
            ui.say(&format!("  skipped, locked by {holder}: {} {about}", run.id));
            return Ok(Outcome::Locked);
        };
        if self.completed(run)?.is_some() {
            return Ok(Outcome::AlreadyComplete);
        }
        ui.run_starts(&about);
        // A run that is made anew takes the place of the old one when it is whole.
        let rerun = self.options.rerun;
        let checkpoints =
            if rerun { self.store.next_checkpoints(&run.id) } else { self.store.checkpoints(&run.id) };
        let announced = Cell::new(false);
        let on_step = |step: Step| self.on_step(run, step, (forecast, ui), &announced);
        let events = self.options.events.map(|dir| tensorboard::dir_of(dir, run));
        let context = RunContext {
            inputs: self.inputs,
            target: self.options.target,
            checkpoints: &checkpoints,
            events: events.as_deref(),
            on_step: &on_step,
        };
        let Some((row, rows)) = execute_run(run, &context) else {
            if rerun {
                remove_dir(&checkpoints)?;
            }
            return Ok(Outcome::Stopped);
        };
        if lock.is_lost() {
            ui.say(&format!("  left to another process, which took the lock over: {} {about}", run.id));
            return Ok(Outcome::Locked);
        }
        let row = with_environment(row, self.options.environment);
        let record = RunRecord { settings: run.settings.clone(), row };
        let keeps_old = !record.is_ok() && self.store.completed(&run.id)?.is_some();
        if keeps_old {
            remove_dir(&checkpoints)?;
        } else {
            self.store.save(&record, &rows)?;
        }
        let row = &record.row;
        match &row.error {
            None => {
                ui.run_done(&run.id, &about, row.seconds.unwrap_or(0.0));
                Ok(Outcome::Done)
            }
            Some(error) => {
                let kept = if keeps_old { "; the results of before are kept" } else { "" };
                ui.run_failed(&run.id, &about, &format!("{error}{kept}"));
                Ok(Outcome::Failed)
            }
        }
    }

    /// Shows the progress of a run, and breaks after a signal. A run that cannot be resumed goes on, which is
    /// announced once.
    fn on_step(
        &self,
        run: &Run,
        step: Step,
        (forecast, ui): (&Forecast, &Ui),
        announced: &Cell<bool>,
    ) -> ControlFlow<()> {
        let one = Step { step: 1, ..step };
        forecast.reached(step.share(), one.share());
        if ui.is_due()
            && let Some(left) = forecast.left(step.share())
        {
            ui.progress(&Progress { run_id: &run.id, about: &run.describe(), step, left });
        }
        let Some((signal, _)) = self.options.stop.requested() else { return ControlFlow::Continue(()) };
        if run.training().is_none() && !announced.replace(true) {
            ui.say(&format!(
                "  {signal}: this run has no checkpoints, so it is finished; a second ends at once"
            ));
        }
        ControlFlow::Break(())
    }
}

/// Executes one run; its row holds the error, if there was one. `None` for a run that was stopped.
fn execute_run(run: &Run, context: &RunContext) -> Option<(RunRow, Rows)> {
    let start = Instant::now();
    context.target.reset_peak_device_memory();
    let outcome = catch_panics(|| kinds::execute(run, context));
    if matches!(outcome, Err(Error::Stopped)) {
        return None;
    }
    let seconds = start.elapsed().as_secs_f64();
    let output = outcome.unwrap_or_else(|error| RunOutput { errors: vec![error], ..RunOutput::default() });
    let RunOutput { rows, parameters, limits, errors, seconds_before, .. } = output;
    let described = |error| out_of_memory::with_sizes(error, &run.describe()).to_string();
    let errors: Vec<String> = errors.into_iter().map(described).collect();
    let row = RunRow {
        run_id: run.id.clone(),
        status: if errors.is_empty() { "ok" } else { "failed" }.to_string(),
        error: (!errors.is_empty()).then(|| errors.join("; ")),
        seconds: Some(seconds_before + seconds),
        peak_memory: peak_memory().max(output.peak_memory),
        peak_device_memory: context.target.peak_device_memory().max(output.peak_device_memory),
        rows: Some(rows.count()),
        parameters,
        ..RunRow::default()
    };
    Some((limits.in_row(row), rows))
}

/// Adds the processor and the program.
fn with_environment(row: RunRow, environment: &Environment) -> RunRow {
    RunRow {
        cpu: Some(environment.cpu.clone()),
        lstm_lab: Some(environment.lstm_lab.to_string()),
        git_revision: Some(environment.git_revision.to_string()),
        libtorch: Some(environment.libtorch.to_string()),
        isa: Some(environment.isa.to_string()),
        ..row
    }
}
