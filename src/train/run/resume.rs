//! A run taken up again: from its last checkpoint, with its best one beside it.

use std::path::Path;

use super::Learner;
use crate::support::error::{Error, Result};
use crate::train::checkpoint::{self, Checkpoint, Header, Snapshot};

impl Learner<'_> {
    /// From the checkpoint in a file.
    pub(super) fn resume(&mut self, path: &Path) -> Result<()> {
        let checkpoint = read(path)?;
        let found = &checkpoint.header;
        if (&found.run_id, &found.blueprint) != (&self.header.run_id, &self.header.blueprint) {
            let problem =
                format!("expected a checkpoint of run {}, found one of {}", self.header.run_id, found.run_id);
            return Err(Error::data(path, problem));
        }
        let weights = self.setting.model.weights();
        checkpoint.restore(weights)?;
        self.optimizer = checkpoint.optimizer(weights.flat())?;
        self.carry = checkpoint.carry(weights.flat());
        self.header = found.clone();
        // Killed between two checkpoints, a run has left a best one from later on: the evaluation is made again, and is the
        // best again.
        let best = read(&checkpoint::best(self.dir))?;
        let Header { run_id, progress, .. } = &best.header;
        if *run_id == self.header.run_id && progress.step > self.header.progress.step {
            self.header.progress.best = None;
            return Ok(());
        }
        self.if_best(best).map(drop)
    }

    /// The checkpoint of the best evaluation.
    pub(super) fn best(&self) -> Result<Checkpoint> {
        self.if_best(read(&checkpoint::best(self.dir))?)
    }

    /// A checkpoint, if it is that of the best evaluation.
    fn if_best(&self, found: Checkpoint) -> Result<Checkpoint> {
        let of = |header: &Header| (header.run_id.clone(), header.progress.best);
        if of(&found.header) == of(&self.header) {
            return Ok(found);
        }
        let told = |(run, best): (String, Option<(usize, f64)>)| match best {
            Some((step, loss)) => format!("that of run {run} at step {step} with a loss of {loss}"),
            None => format!("none of run {run}"),
        };
        let (expected, found) = (told(of(&self.header)), told(of(&found.header)));
        let problem = format!("expected the best evaluation, {expected}, found {found}; --rerun begins anew");
        Err(Error::data(&checkpoint::best(self.dir), problem))
    }

    pub(super) fn save(&self, path: &Path) -> Result<()> {
        let snapshot = Snapshot {
            header: &self.header,
            weights: self.setting.model.weights(),
            optimizer: &self.optimizer,
            carry: self.carry.as_deref(),
        };
        snapshot.write(path)
    }
}

/// A checkpoint of a run that is to go on.
fn read(path: &Path) -> Result<Checkpoint> {
    Checkpoint::read(path)
        .map_err(|error| Error::data(path, format!("the run cannot go on ({error}); --rerun begins anew")))
}
