//! Matrix products of f32 on AMX, a unit that multiplies tiles of bf16, at the precision of f32.
//!
//! An f32 number is exactly the sum of three bf16 numbers of 8 significant bits each. A product of two
//! such sums has nine terms, and the six largest are computed. The others are below 2⁻²⁶ of the product,
//! which is less than one rounding of f32 (Henry, Tang & Heinecke, ARITH 2019).
//!
//! The unit multiplies exactly and adds in f32. It sums 32 terms before it adds them to the tile. The
//! error is smaller than the error of a chain of fused multiply-adds in f32. Six bf16 products take about
//! a third of the time of one f32 product.
//!
//! bf16 has the exponents of f32, but the unit reads subnormal numbers as 0. Rows of small or large numbers
//! are therefore scaled by a power of two ([`Bf16Split`]). Layers with extreme inputs do not run on the unit
//! ([`fits_bf16_split`]).
#![cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), allow(dead_code))]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "no_amx.rs"]
mod amx;
mod bf16_split;
mod packed;
mod shape;

pub use crate::amx::Tiles;
pub use amx::multiply;
pub use bf16_split::Bf16Split;
pub use packed::{packed_len, put};
pub use shape::{DEPTH, Terms, fits_bf16_split, tiles_for};
