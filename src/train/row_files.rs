//! The rows of a training run, in files beside its checkpoints. A checkpoint says which part is its own.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::results::schema::{FitRow, GateRow, GradientRow, JacobianRow, Row, TrainingRow};
use crate::results::{GradientCurve, GrowingTable, Mark, Rows};
use crate::support::error::Result;

/// The function that is given rows about the training: those of a checkpoint first, then each new one.
pub type OnRows<'a> = &'a dyn Fn(&[TrainingRow]);

/// The files with the rows of a run, in the format of its tables.
pub struct RowFiles<'a> {
    training: GrowingTable,
    gradients: GrowingTable,
    fits: GrowingTable,
    jacobian: GrowingTable,
    gates: GrowingTable,
    on_rows: OnRows<'a>,
}

/// The rows that belong to a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    training: Mark,
    gradients: Mark,
    fits: Mark,
    jacobian: Mark,
    gates: Mark,
}

impl<'a> RowFiles<'a> {
    /// Opens the files of a checkpoint in its directory. Later rows are cut off.
    ///
    /// # Errors
    /// The rows of the checkpoint are not there, or were changed.
    pub fn open(dir: &Path, marks: &Marks, on_rows: OnRows<'a>) -> Result<RowFiles<'a>> {
        let files = RowFiles {
            training: GrowingTable::open(&dir.join(TrainingRow::FILE), &marks.training)?,
            gradients: GrowingTable::open(&dir.join(GradientRow::FILE), &marks.gradients)?,
            fits: GrowingTable::open(&dir.join(FitRow::FILE), &marks.fits)?,
            jacobian: GrowingTable::open(&dir.join(JacobianRow::FILE), &marks.jacobian)?,
            gates: GrowingTable::open(&dir.join(GateRow::FILE), &marks.gates)?,
            on_rows,
        };
        if !files.is_empty() {
            on_rows(&files.training.rows()?);
        }
        Ok(files)
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
        self.training.append(rows)?;
        (self.on_rows)(rows);
        Ok(())
    }

    /// Appends the rows of a probe.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn add_probe(&mut self, run_id: &str, rows: &Rows) -> Result<()> {
        self.gradients.append(rows.gradients.iter().flat_map(|curve| curve.rows(run_id)))?;
        self.fits.append(&rows.fits)?;
        self.jacobian.append(&rows.jacobian)?;
        self.gates.append(&rows.gates)
    }

    /// Waits until all rows are on the disk, and marks them.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn marks(&self) -> Result<Marks> {
        Ok(Marks {
            training: self.training.mark()?,
            gradients: self.gradients.mark()?,
            fits: self.fits.mark()?,
            jacobian: self.jacobian.mark()?,
            gates: self.gates.mark()?,
        })
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn rows(&self) -> Result<Rows> {
        Ok(Rows {
            training: self.training.rows()?,
            gradients: GradientCurve::of_rows(self.gradients.rows()?),
            fits: self.fits.rows()?,
            jacobian: self.jacobian.rows()?,
            gates: self.gates.rows()?,
            ..Rows::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn open_gives_the_rows_of_the_checkpoint_then_each_new_one() {
        let row = |step: usize| TrainingRow {
            run_id: "a".into(),
            step,
            sequences: step,
            split: "valid".into(),
            metric: "loss".into(),
            value: 0.5,
            unit: "mse".into(),
            chance: None,
            length: None,
            over_chance_low: None,
            over_chance_high: None,
            position: None,
        };
        let dir = tempfile::tempdir().unwrap();
        let seen = RefCell::new(Vec::new());
        let on_rows = |rows: &[TrainingRow]| seen.borrow_mut().extend(rows.iter().map(|row| row.step));
        let mut files = RowFiles::open(dir.path(), &Marks::default(), &on_rows).unwrap();
        files.add(&[row(1)]).unwrap();
        let marks = files.marks().unwrap();
        files.add(&[row(2)]).unwrap();
        assert_eq!(seen.take(), [1, 2]);
        drop(files);
        let mut resumed = RowFiles::open(dir.path(), &marks, &on_rows).unwrap();
        resumed.add(&[row(3)]).unwrap();
        assert_eq!(seen.take(), [1, 3], "the row after the checkpoint is made again");
    }
}
