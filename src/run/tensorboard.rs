//! The rows of a training as an event file for TensorBoard: a directory per run.

use std::path::{Path, PathBuf};

use super::event_file::EventFile;
use crate::plan::run::Run;
use crate::results::schema::TrainingRow;
use crate::support::error::Result;
use crate::train::TrainContext;

/// The directory of a run's event file: its settings in words.
pub fn dir_of(dir: &Path, run: &Run) -> PathBuf {
    let about = run.describe();
    let kept = |c: char| c.is_alphanumeric() || "._=+".contains(c);
    let words = about.split(|c| !kept(c)).filter(|word| !word.is_empty()).skip(1);
    dir.join(words.collect::<Vec<_>>().join("-"))
}

/// Writes the event file of a training, with the learning rate beside each loss of the split train.
///
/// # Errors
/// The directory or the file cannot be written.
pub fn write(dir: &Path, context: TrainContext, rows: &[TrainingRow]) -> Result<()> {
    let mut file = EventFile::create(dir)?;
    for row in rows {
        file.scalar(&format!("{}/{}", row.split, row.metric), row.step, row.value)?;
        let is_loss = row.split == "train" && row.metric == "loss";
        if let Some(update) = row.step.checked_sub(1).filter(|_| is_loss) {
            file.scalar("train/learning_rate", row.step, context.learning_rate(update))?;
        }
    }
    Ok(())
}
