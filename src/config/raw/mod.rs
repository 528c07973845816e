//! The tables of a config as serde reads them: values are typed, unknown keys are refused. Swept
//! settings are removed from the tables first.

mod claim;
mod config;
mod plot;
mod published;
mod task;
mod training;

pub use claim::{Claim, Test};
pub use config::Config;
pub use plot::Plot;
pub use published::{Publication, PublishedResult};
pub use task::Task;
pub use training::Training;
