//! The training loop: updates, rows, evaluations and checkpoints at their intervals.

use std::path::Path;
use std::time::Instant;

use super::checkpoint;
use super::context::TrainContext;
use super::flossing;
use super::row_files::OnRows;
use super::trainer::Trainer;
use crate::data::Split;
use crate::results::Rows;
use crate::support::error::{Error, Result};
use crate::support::file::{make_dir, remove_stale_temp_files};
use crate::support::progress::{OnStep, Step};
use crate::task::learning::Task;

/// The end of a run.
pub struct Outcome {
    /// The rows.
    pub rows: Rows,
    /// Seconds spent before the run was resumed from a checkpoint.
    pub seconds_before: f64,
    /// The error of a run that diverged.
    pub diverged: Option<Error>,
}

/// Trains to the end, from the last checkpoint in `dir` if there is one. Calls `on_step` after each update,
/// and `on_rows` with the rows of the checkpoint and with each new row.
///
/// # Errors
/// Rows or a checkpoint cannot be written; a checkpoint is of another run. [`Error::Stopped`]: `on_step`
/// asked for it. Divergence is part of the outcome, which keeps the rows.
pub fn train(context: TrainContext, dir: &Path, on_step: OnStep, on_rows: OnRows) -> Result<Outcome> {
    make_dir(dir)?;
    remove_stale_temp_files(dir)?;
    let mut trainer = Trainer::new(context, dir, on_rows)?;
    let seconds_before = trainer.progress().seconds;
    let diverged = match run(&mut trainer, on_step).and_then(|()| trainer.test()) {
        Ok(()) => None,
        Err(error @ Error::Diverged { .. }) => Some(error),
        Err(error) => return Err(error),
    };
    let rows = trainer.finish(diverged.is_some())?;
    Ok(Outcome { rows, seconds_before, diverged })
}

fn run(trainer: &mut Trainer, on_step: OnStep) -> Result<()> {
    let context = trainer.context;
    let (steps, log_every, evaluate_every) = (context.steps(), context.log_every(), context.evaluate_every());
    let probe_every = context.training.probe.as_ref().map(|probe| probe.every);
    if trainer.is_at_start() {
        trainer.floss(on_step)?;
        trainer.evaluate()?;
        trainer.probe()?;
    }
    let (mut since, mut saved) = (Instant::now(), Instant::now());
    while trainer.progress().step < steps && !trainer.progress().solved {
        trainer.step()?;
        let step = trainer.progress().step;
        let ends = |trainer: &Trainer| step == steps || trainer.progress().solved;
        if step.is_multiple_of(log_every) || ends(trainer) {
            trainer.log()?;
        }
        if step.is_multiple_of(evaluate_every) || ends(trainer) {
            trainer.evaluate()?;
        }
        if probe_every.is_some_and(|every| step.is_multiple_of(every)) {
            trainer.probe()?;
        }
        let loss = trainer.progress().last_loss;
        let stops = on_step(Step { unit: "step", step, steps, loss }).is_break() && !ends(trainer);
        if stops || saved.elapsed().as_secs_f64() >= context.training.checkpoint_seconds {
            trainer.add_seconds(since.elapsed().as_secs_f64());
            since = Instant::now();
            trainer.save(&checkpoint::last)?;
            saved = Instant::now();
        }
        if stops {
            return Err(Error::Stopped);
        }
    }
    // Reports show the network after training.
    let step = trainer.progress().step;
    if trainer.progress().last_probe.is_some_and(|last| last != step) {
        trainer.probe()?;
    }
    trainer.add_seconds(since.elapsed().as_secs_f64());
    Ok(())
}

/// The maximum duration of a run in seconds, from the time of a few steps and a probe.
///
/// # Errors
/// The error of the first step.
pub fn estimate(context: TrainContext) -> Result<f64> {
    const STEPS: usize = 3;
    let dir = tempfile::tempdir().map_err(Error::io("make", &std::env::temp_dir()))?;
    let mut trainer = Trainer::new(context, dir.path(), &|_| ())?;
    trainer.step()?;
    let start = Instant::now();
    for _ in 0..STEPS {
        trainer.step()?;
    }
    let step = start.elapsed().as_secs_f64() / STEPS as f64;
    let steps = context.steps();
    let evaluations = (steps / context.evaluate_every() + 2) as f64;
    let batches = context.task.held_out_count(Split::Valid) as f64;
    let seq_len = context.run.settings.seq_len.max(1) as f64;
    let at_length = |(length, task): &(usize, Box<dyn Task + '_>)| {
        task.held_out_count(Split::Test) as f64 * *length as f64 / seq_len
    };
    let at_lengths: f64 = context.at_lengths.iter().map(at_length).sum();
    let probes = context.training.probe.as_ref().map_or(0, |probe| steps / probe.every + 2);
    let flossing = flossing::estimate(&context)?;
    let start = Instant::now();
    trainer.probe()?;
    let probes = probes as f64 * start.elapsed().as_secs_f64();
    // A batch without gradient takes about a third of a step.
    Ok(step * (steps as f64 + (evaluations * batches + at_lengths) / 3.0) + probes + flossing)
}
