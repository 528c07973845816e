//! Learning: batches in, parameters and rows out.

pub mod checkpoint;
mod evaluate;
mod optimizer;
mod profile;
mod progress;
mod run;
mod sample;
mod schedule;

pub use optimizer::State as OptimizerState;
pub use progress::{ProfileRecord, Progress, Record};
pub use run::{Outcome, Setting, estimate, train};
pub use sample::{Request, Sampler};
