//! The tables of a config as serde reads them: typed values, unknown keys refused. Swept settings are taken out before.

mod claim;
mod config;
mod published;
mod task;
mod training;

pub use claim::{Claim, Test};
pub use config::Config;
pub use published::{Publication, PublishedResult};
pub use task::Task;
pub use training::Training;
