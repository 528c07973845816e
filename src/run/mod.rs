//! The execution of a plan: from its runs to the results directory.

mod allocator;
mod context;
pub mod estimate;
mod event_file;
pub mod experiment;
mod forecast;
pub mod frameworks;
pub mod isa;
pub mod kinds;
mod out_of_memory;
mod output;
pub(crate) mod process;
pub mod runner;
mod suspects;
mod tables;
mod target;
mod tensorboard;

pub use context::RunContext;
pub use output::RunOutput;
pub use target::ExecTarget;
