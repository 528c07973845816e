//! Diagnostics of a network as rows of tables: for the kinds `gradients` and `jacobian`, for probes during
//! training, and for traces.

mod gates;
mod gradients;
mod jacobian;
mod weights;

pub use gates::gate_rows;
pub use gradients::add_gradients;
pub use jacobian::{add_jacobian, observation};
pub use weights::add_weights;

use crate::results::schema::FitRow;

/// The run and the moment of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Parameter updates before the measurement; `None` outside training.
    pub step: Option<usize>,
}

impl At<'_> {
    /// A row of `fits.csv` without its numbers.
    fn fit_row(&self, quantity: &str, layer: usize) -> FitRow {
        let (run_id, quantity) = (self.run_id.to_string(), quantity.to_string());
        FitRow { run_id, quantity, layer, step: self.step, ..FitRow::default() }
    }
}
