//! The kind `speed`: engines and frameworks on the same parameters and input, timed in several processes.

mod benchmark;
mod choice;
mod contender;
mod job;
mod layers;
mod limits;
pub mod process;
mod step;
mod step_spec;
mod workload;

use std::path::Path;

use crate::config::spec::Speed;
use crate::engine::EngineName;
use crate::error::Error as LibraryError;
use crate::plan::run::Run;
use crate::results::Rows;
use crate::run::{ExecTarget, RunContext, RunOutput};
use crate::support::error::{Error, Result};
use crate::support::progress::Step;
use job::Job;
use step_spec::StepSpec;

/// Executes a run of this kind. If a contender disagrees with the reference or fails, the output has an
/// error. The other contenders are still timed.
///
/// # Errors
/// A shape does not fit; the task's text is missing; the workload cannot be written.
pub fn execute(run: &Run, timing: &Speed, context: &RunContext) -> Result<RunOutput> {
    let scratch = tempfile::tempdir().map_err(Error::io("make a directory in", &std::env::temp_dir()))?;
    let mut output = RunOutput::default();
    let (engines, step) = prepare(run, context, scratch.path(), &mut output.errors)?;
    let mut job = Job { step, ..first_job(run, timing, context.target, engines, scratch.path()) };
    let limits_before = limits::measure(context.target);
    let mut rows = Rows::default();
    let mut done = 0;
    for (process, rounds) in shares(timing.samples.0, timing.processes.0).enumerate() {
        (job.process, job.rounds) = (process, rounds);
        // A run without checkpoints does not stop.
        let _ = (context.on_step)(Step::of("round", done, timing.samples.0));
        done += rounds;
        match process::ask(&job) {
            Ok(answer) => {
                let goes_on = job.retain_without(&answer);
                output.peak_memory = output.peak_memory.max(answer.peak_memory);
                output.peak_device_memory = output.peak_device_memory.max(answer.peak_device_memory);
                output
                    .errors
                    .extend(answer.failures.into_iter().map(|failure| Error::Timing(failure.message)));
                rows.speed.extend(answer.rows);
                if !goes_on {
                    break;
                }
            }
            Err(error) => {
                output.errors.push(error);
                break;
            }
        }
    }
    let limits = limits_before.or_larger(limits::measure(context.target));
    Ok(RunOutput { rows, limits, ..output })
}

/// Writes the workload into a directory, and returns the engines that agree with the reference, with the
/// training step if the workload is one. The errors of the others are added to `errors`. The tensors are
/// freed before any process starts.
fn prepare(
    run: &Run,
    context: &RunContext,
    dir: &Path,
    errors: &mut Vec<Error>,
) -> Result<(Vec<EngineName>, Option<StepSpec>)> {
    let workload = choice::of_run(run, context)?;
    let timed = &run.settings.engine;
    let mut agreeing = Vec::new();
    for &name in &timed.engines {
        match workload::check_engine(workload.as_ref(), name) {
            Ok(()) => agreeing.push(name),
            Err(error @ Error::Library(LibraryError::Disagreement { .. })) => errors.push(error),
            Err(error) => return Err(error),
        }
    }
    workload::save(workload.as_ref(), dir, !timed.frameworks.is_empty())?;
    Ok((agreeing, workload.step().cloned()))
}

fn first_job(
    run: &Run,
    timing: &Speed,
    target: ExecTarget,
    engines: Vec<EngineName>,
    workload: &Path,
) -> Job {
    let passes = timing.pass.0.clone();
    let processes = timing.processes.0.min(timing.samples.0);
    Job {
        run_id: run.id.clone(),
        process: 0,
        seed: run.settings.seed,
        cell: run.settings.cell(),
        device: target.device_name(),
        threads: target.threads,
        engines,
        frameworks: run.settings.engine.frameworks.clone(),
        seconds: timing.budget_seconds.0 / (passes.len() * processes) as f64,
        step: None,
        passes,
        warmup: timing.warmup.0,
        rounds: 0,
        workload: workload.to_path_buf(),
    }
}

/// The number of rounds of each process: they share `samples` equally, and the first ones have the remainder.
/// A process has at least one round.
fn shares(samples: usize, processes: usize) -> impl Iterator<Item = usize> {
    let processes = processes.min(samples);
    (0..processes).map(move |process| samples / processes + usize::from(process < samples % processes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_samples_are_divided_with_the_remainder_first() {
        let of = |samples, processes| shares(samples, processes).collect::<Vec<_>>();
        assert_eq!(of(30, 3), [10, 10, 10]);
        assert_eq!(of(20, 3), [7, 7, 6]);
        assert_eq!(of(2, 3), [1, 1]);
        assert_eq!(of(5, 1), [5]);
    }
}
