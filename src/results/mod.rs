//! The results directory: what columns there are, and how files are written and read.

mod curve;
pub mod environment;
mod file;
pub mod schema;
mod store;

pub use curve::GradientCurve;
pub use file::{read, sweep, write_csv, write_whole};
pub use store::{Rows, Store};
