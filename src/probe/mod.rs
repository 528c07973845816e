//! Diagnostics of a network as rows of tables: for the kinds `gradients` and `jacobian`, for probes during
//! training, and for traces.

mod curve;
mod gates;
mod jacobian;
mod weights;

pub use curve::curve;
pub use gates::gate_rows;
pub use jacobian::{jacobian_rows, observation};
pub use weights::weight_rows;

/// The run and the moment of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Parameter updates before the measurement; `None` outside training.
    pub step: Option<usize>,
}
