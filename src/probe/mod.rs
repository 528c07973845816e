//! What is measured on a run without changing it.

pub mod adjoint;
pub mod exact;
mod norm;

pub use norm::{Norm, norms};
