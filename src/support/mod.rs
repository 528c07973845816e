//! Small helpers that know nothing of recurrent networks.

pub mod error;
pub mod file;
pub mod names;
pub mod panic;
pub mod progress;
pub mod stats;
pub mod text;
