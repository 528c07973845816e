//! Spec × inputs → runs.

pub mod expand;
pub mod run;
pub mod sizing;

pub use expand::Plan;
