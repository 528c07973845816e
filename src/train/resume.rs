//! The two checkpoints of an interrupted run: the last and the best one.

use std::path::Path;

use super::checkpoint::{self, Checkpoint, Header};
use crate::support::error::{Error, Result};
use crate::support::file::is_there;

/// Reads the last checkpoint of the run that `expected` describes, if there is one.
///
/// # Errors
/// The checkpoint cannot be read, belongs to another run, or was made with another number of threads.
pub fn last(dir: &Path, expected: &Header) -> Result<Option<Checkpoint>> {
    let path = checkpoint::last(dir);
    if !is_there(&path)? {
        return Ok(None);
    }
    let checkpoint = read(&path)?;
    let found = &checkpoint.header;
    if (&found.run_id, &found.model) != (&expected.run_id, &expected.model) {
        let (expected, found) = (&expected.run_id, &found.run_id);
        let problem = format!("expected a checkpoint of run {expected}, found one of {found}");
        return Err(Error::data(&path, problem));
    }
    if found.threads != expected.threads {
        let (before, here) = (found.threads, expected.threads);
        let problem = format!(
            "expected the threads of the run so far, {before}, found {here}: sums over other threads round \
             differently; `--threads {before}` goes on, --rerun begins anew"
        );
        return Err(Error::data(&path, problem));
    }
    Ok(Some(checkpoint))
}

/// Returns true if the best checkpoint is later than `header`. This happens if a run was killed between
/// its two checkpoints; the resumed run then repeats the best evaluation.
///
/// # Errors
/// The best checkpoint cannot be read, or is not later and not that of the best evaluation.
pub fn best_is_later(dir: &Path, header: &Header) -> Result<bool> {
    let best = read(&checkpoint::best(dir))?;
    if best.header.run_id == header.run_id && best.header.progress.step > header.progress.step {
        return Ok(true);
    }
    expect_best(dir, header, best).map(|_| false)
}

/// Reads the checkpoint of the best evaluation.
///
/// # Errors
/// The checkpoint cannot be read, or is of another evaluation or run.
pub fn best(dir: &Path, header: &Header) -> Result<Checkpoint> {
    expect_best(dir, header, read(&checkpoint::best(dir))?)
}

/// Checks that a checkpoint is that of the best evaluation.
fn expect_best(dir: &Path, header: &Header, found: Checkpoint) -> Result<Checkpoint> {
    let identity = |header: &Header| (header.run_id.clone(), header.progress.best);
    let (expected, best) = (identity(header), identity(&found.header));
    if best == expected {
        return Ok(found);
    }
    let describe = |(run, best): (String, Option<(usize, f64)>)| match best {
        Some((step, loss)) => format!("that of run {run} at step {step} with a loss of {loss}"),
        None => format!("none of run {run}"),
    };
    let (expected, found) = (describe(expected), describe(best));
    let problem = format!("expected the best evaluation, {expected}, found {found}; --rerun begins anew");
    Err(Error::data(&checkpoint::best(dir), problem))
}

fn read(path: &Path) -> Result<Checkpoint> {
    Checkpoint::read(path).map_err(|error| match error.is_of_system() {
        true => error,
        false => Error::data(path, format!("the run cannot go on ({error}); --rerun begins anew")),
    })
}
