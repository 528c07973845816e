//! A trace: one sequence through given layers, with the outputs, every gradient and the gradient norms at
//! each step. A trace makes this program comparable with any other.

mod input;
mod named;
mod output;

pub use input::TraceInput;
pub use output::TraceOutput;
