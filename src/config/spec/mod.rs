//! Checked experiments: every name is known, every number is in range, every required value is present.

mod answer;
mod claim;
mod experiment;
mod grid;
mod measure;
mod metric;
mod plot;
mod published;
mod selector;
mod task;
mod training;

pub use answer::AnswerPart;
pub use claim::{Bound, CLAIM_SEEDS, Claim, Comparison, MIN_SEEDS, Test, Tests};
pub use experiment::{About, Part, Spec};
pub use grid::{Grid, Sweep, Value};
pub use measure::{Gradients, Jacobian, Measure, Speed, StepTiming};
pub use metric::{ClaimMetric, Reading};
pub use plot::Plot;
pub use published::{Publication, Published, PublishedNumber, Rule};
pub use selector::Selector;
pub use task::{CorpusSpec, TaskSpec, TextSource};
pub use training::{Length, Optimizer, Probe, Schedule, Solved, TrainingSpec};
