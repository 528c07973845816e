//! The rows of a training run, in files beside its checkpoints. A checkpoint says which part is its own.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::results::schema::{FitRow, GradientRow, Row, TrainingRow};
use crate::results::{GradientCurve, GrowingTable, Mark, Rows};
use crate::support::error::Result;

/// The files with the rows of a run, in the format of its tables.
pub struct RowFiles {
    training: GrowingTable,
    gradients: GrowingTable,
    fits: GrowingTable,
}

/// The rows that belong to a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    training: Mark,
    gradients: Mark,
    fits: Mark,
}

impl RowFiles {
    /// Opens the files of a checkpoint in its directory. Later rows are cut off.
    ///
    /// # Errors
    /// The rows of the checkpoint are not there, or were changed.
    pub fn open(dir: &Path, marks: &Marks) -> Result<RowFiles> {
        Ok(RowFiles {
            training: GrowingTable::open(&dir.join(TrainingRow::FILE), &marks.training)?,
            gradients: GrowingTable::open(&dir.join(GradientRow::FILE), &marks.gradients)?,
            fits: GrowingTable::open(&dir.join(FitRow::FILE), &marks.fits)?,
        })
    }

    /// Returns true if there are no rows about the training itself.
    pub fn is_empty(&self) -> bool {
        self.training.is_empty()
    }

    /// Appends rows about the training.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn add(&mut self, rows: &[TrainingRow]) -> Result<()> {
        self.training.append(rows)
    }

    /// Appends norms of gradients over lag.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn add_curves(&mut self, run_id: &str, curves: &[GradientCurve]) -> Result<()> {
        self.gradients.append(curves.iter().flat_map(|curve| curve.rows(run_id)))?;
        self.fits.append(curves.iter().map(|curve| curve.fit_row(run_id)))
    }

    /// Waits until all rows are on the disk, and marks them.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn marks(&self) -> Result<Marks> {
        let (training, gradients) = (self.training.mark()?, self.gradients.mark()?);
        Ok(Marks { training, gradients, fits: self.fits.mark()? })
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn rows(&self) -> Result<Rows> {
        let gradients = GradientCurve::of_rows(self.fits.rows()?, self.gradients.rows()?);
        Ok(Rows { training: self.training.rows()?, gradients, ..Rows::default() })
    }
}
