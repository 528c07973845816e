//! Facts about CUDA devices, and settings of libtorch for them, for which tch has no binding.
//!
//! The program also links a libtorch without CUDA. So it names no function of CUDA's libraries.

mod driver;
mod libtorch;

pub use driver::{Card, Driver, LIBRARY, card_memory};
pub use libtorch::{cudnn_version, forbid_tf32, is_tf32_allowed, peak_memory, reset_peak_memory};
