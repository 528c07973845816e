//! The results directory: what columns there are, and how files are written and read.

pub mod environment;
pub mod schema;
mod store;

pub use store::{Rows, Store, read, write_csv, write_whole};
