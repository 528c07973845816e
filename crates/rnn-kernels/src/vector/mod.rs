//! Vectors of f32 and f64, with one implementation for each instruction set.
//!
//! A value of an implementing type is a proof that the processor has the instructions: detection is the
//! only way to construct one. Every operation is inlined into [`Vector::vectorize`], the only function
//! that is compiled for these instructions.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_f64;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_f64;
mod coefficients;
#[cfg(target_arch = "x86_64")]
mod intrinsics;
pub mod math;
mod portable;
mod traits;
mod vectors;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use traits::{MAX_COLUMNS, MAX_LANES, MAX_ROWS, Vector, VectorOp};
pub use vectors::Vectors;
