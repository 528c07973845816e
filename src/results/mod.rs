//! The results directory: what columns there are, and how files are written and read.

mod curve;
pub mod environment;
pub mod schema;
mod store;

pub use curve::GradientCurve;
pub use store::{Rows, Store};
