//! Any cell from its forward equations alone. The forward pass keeps the states of all steps and nothing
//! else. The backward pass records each step again under autograd, and pulls the adjoint back through
//! that step.
//!
//! The diagnostics use the same step for adjoints at any magnitude: between two steps, they move a power
//! of two from the adjoint into an exponent.

mod engine;
mod forward;
mod step;

pub(crate) use engine::Recompute;
pub(crate) use forward::forward;
pub(crate) use step::StepGraph;
