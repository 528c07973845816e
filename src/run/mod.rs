//! Plan → results directory.

pub mod frameworks;
pub mod kinds;
pub mod runner;
