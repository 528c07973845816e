//! Helpers that several tests share.

pub mod cli;
#[cfg(target_os = "linux")]
pub mod faults;
mod inputs;
mod near;
mod planned;
pub mod snapshot;

pub use cli::{lab, with_config};
pub use inputs::{Case, DERIVED, EXACT, engines, results};
pub use near::{assert_close, assert_near, assert_same, log10, norms_of, off};
pub use planned::PlannedRun;
