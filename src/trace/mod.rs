//! A trace: sequences through given layers, with the outputs, every gradient and the gradient norms at
//! each step. A trace makes this program comparable with any other.

mod file_names;
mod input;
mod layers;
mod layout;
mod libraries;
mod named;
mod output;
mod prefixes;
mod stack;

pub use file_names::FileNames;
pub use input::{TraceInput, TraceOptions};
pub use layout::Layout;
pub use output::TraceOutput;
pub use stack::{StackOptions, read_stack};
