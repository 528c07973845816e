//! The results directory: its tables and columns, and how they are written and read.

mod curve;
mod decay;
pub mod environment;
#[cfg(test)]
mod fixtures;
mod record;
pub mod schema;
mod store;
pub mod table;
mod unplanned;

pub use curve::GradientCurve;
pub use decay::Decay;
pub use record::{RunRecord, program};
pub use store::{Rows, Store};
pub use unplanned::Unplanned;
