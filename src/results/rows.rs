//! The rows of one run, and the files that they are written to.

use std::path::Path;

use serde::Serialize;

use super::curve::GradientCurve;
use super::schema::{
    FitRow, GateRow, GradientRow, JacobianRow, Row, SampleRow, SpeedRow, TrainingRow, WeightRow,
};
use crate::support::error::Result;
use crate::support::file::write_csv;

/// The rows of one run, by table. Most kinds fill one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// `gradients.csv`.
    pub gradients: Vec<GradientCurve>,
    /// `fits.csv`.
    pub fits: Vec<FitRow>,
    /// `jacobian.csv`.
    pub jacobian: Vec<JacobianRow>,
    /// `gates.csv`.
    pub gates: Vec<GateRow>,
    /// `weights.csv`.
    pub weights: Vec<WeightRow>,
    /// `speed.csv`.
    pub speed: Vec<SpeedRow>,
    /// `training.csv`.
    pub training: Vec<TrainingRow>,
    /// `samples.csv`.
    pub samples: Vec<SampleRow>,
}

impl Rows {
    /// The number of rows in all tables.
    pub fn count(&self) -> usize {
        let of_curves: usize = self.gradients.iter().map(|curve| curve.norms.len()).sum();
        of_curves
            + self.fits.len()
            + self.jacobian.len()
            + self.gates.len()
            + self.weights.len()
            + self.speed.len()
            + self.training.len()
            + self.samples.len()
    }

    /// Writes the tables that have rows into the directory of a run.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&self, dir: &Path, run_id: &str) -> Result<()> {
        write::<GradientRow>(dir, self.gradients.iter().flat_map(|curve| curve.rows(run_id)))?;
        write::<FitRow>(dir, &self.fits)?;
        write::<JacobianRow>(dir, &self.jacobian)?;
        write::<GateRow>(dir, &self.gates)?;
        write::<WeightRow>(dir, &self.weights)?;
        write::<SpeedRow>(dir, &self.speed)?;
        write::<TrainingRow>(dir, &self.training)?;
        write::<SampleRow>(dir, &self.samples)
    }
}

/// Writes the rows of one table, if there are any.
fn write<R: Row>(dir: &Path, rows: impl IntoIterator<Item = impl Serialize>) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() { Ok(()) } else { write_csv(&dir.join(R::FILE), rows) }
}
