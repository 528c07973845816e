//! Training: optimizer, learning-rate schedule, checkpoints, evaluation, the loop, and sampling of language
//! models.

pub mod checkpoint;
mod context;
mod evaluate;
mod flossing;
mod optimizer;
mod penalty;
mod positions;
mod probe;
mod progress;
mod recorder;
mod resume;
mod row_files;
mod run;
mod sampler;
mod schedule;
mod trainer;
mod truncated;
mod update;
mod written;

pub use context::TrainContext;
pub use optimizer::{OptimizerState, clip};
pub use penalty::orthogonal_penalty;
pub use progress::Progress;
pub use row_files::OnRows;
pub use run::{Outcome, estimate, train};
pub use sampler::{Sampler, SamplingRequest};
pub use update::loss_and_gradient;
