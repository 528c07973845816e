//! The equations of the cells on vectors of units, forward and backward.

mod derivatives;
mod gru;
mod kernel;
mod lstm;
mod rnn;

pub use derivatives::{FromOutputs, FromPreactivations};
pub use gru::Gru;
pub use kernel::{CellKernel, MAX_BLOCKS, StepCache};
pub use lstm::Lstm;
pub use rnn::Rnn;
