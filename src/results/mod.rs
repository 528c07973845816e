//! The results directory: what columns there are, and how files are written and read.

pub mod schema;
