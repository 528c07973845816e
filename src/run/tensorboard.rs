//! The rows of a training as an event file for TensorBoard: a directory per run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::event_file::EventFile;
use crate::plan::run::Run;
use crate::results::schema::TrainingRow;
use crate::support::error::{Error, Result};
use crate::train::TrainContext;

/// The directory of a run's event file: its settings in words.
pub fn dir_of(dir: &Path, run: &Run) -> PathBuf {
    let about = run.describe();
    let kept = |c: char| c.is_alphanumeric() || "._=+".contains(c);
    let words = about.split(|c| !kept(c)).filter(|word| !word.is_empty()).skip(1);
    dir.join(words.collect::<Vec<_>>().join("-"))
}

/// The event file of a training, which grows with its rows.
pub struct Events<'a> {
    context: TrainContext<'a>,
    /// The file, or the first error: a training goes on without its event file.
    file: RefCell<Result<EventFile>>,
}

impl<'a> Events<'a> {
    /// A new file in a directory, which is made. An older one is replaced.
    pub fn create(dir: &Path, context: TrainContext<'a>) -> Events<'a> {
        Events { context, file: RefCell::new(EventFile::create(dir)) }
    }

    /// Appends rows, with the learning rate beside each loss of the split train.
    pub fn add(&self, rows: &[TrainingRow]) {
        let mut state = self.file.borrow_mut();
        let Ok(file) = state.as_mut() else { return };
        if let Err(error) = append(file, self.context, rows) {
            *state = Err(error);
        }
    }

    /// The error because of which the file lacks rows.
    pub fn error(self) -> Option<Error> {
        self.file.into_inner().err()
    }
}

fn append(file: &mut EventFile, context: TrainContext, rows: &[TrainingRow]) -> Result<()> {
    for row in rows {
        let of_length = row.length.filter(|_| row.position.is_some());
        let of_length = of_length.map(|length| format!("_of_{length}")).unwrap_or_default();
        file.scalar(&format!("{}{of_length}/{}", row.split, row.metric), row.x(), row.value)?;
        let is_loss = row.split == "train" && row.metric == "loss";
        if let Some(update) = row.step.checked_sub(1).filter(|_| is_loss) {
            file.scalar("train/learning_rate", row.step, context.learning_rate(update))?;
        }
    }
    Ok(())
}
