//! What is measured on a run without changing it.

pub mod adjoint;
mod norm;

pub use norm::{Norm, norms};
