//! The results directory: its tables and columns, and how they are written and read.

mod curve;
pub mod environment;
pub mod schema;
mod store;

pub use curve::GradientCurve;
pub use store::{Rows, Store};
