//! Products of f32 matrices on AMX, the processor's unit for tiles of bf16, with nothing of f32's precision lost.
//!
//! An f32 number is the sum of three bf16 numbers of 8 digits each, exactly. Of the nine products of two such sums the
//! six largest are taken; what is left out is below 2⁻²⁶ of the whole, less than one rounding of f32. The unit multiplies
//! exactly and adds in f32, 32 terms before they meet the sum: the error is smaller than that of a chain of f32's fused
//! multiply-adds, which is held against f64 in the tests. Six products of bf16 take about a third of the time of one of
//! f32, since the unit is so much wider. (The splitting: Henry, Tang & Heinecke, ARITH 2019.)
//!
//! bf16 has f32's exponents, but the unit takes subnormal numbers for 0. So rows of small or large numbers are multiplied
//! by a power of two before ([`left`]), and a layer whose inputs are extreme is not given to the unit at all ([`tame`]).

mod instructions;
mod left;
mod multiply;
mod right;
mod unit;

pub use left::{Parts, SharedParts, Terms};
pub use multiply::multiply;
pub use right::{put, room};
pub use unit::Tiles;

use super::vector::Simd;

/// Rows of a tile, and columns of a tile of sums.
const SIDE: usize = 16;

/// Terms that a tile's row holds: bf16 numbers in 64 bytes.
pub const DEPTH: usize = 32;

/// bf16 numbers that an f32 number is split into.
const PARTS: usize = 3;

/// f32 numbers in the memory of one tile.
const NUMBERS: usize = 256;

/// Magnitudes between these, and 0, are tame: no part of them, and no product of two, is subnormal or infinite.
const LEAST: f32 = 8.7e-19; // 2⁻⁶⁰
const MOST: f32 = 1.1e18; // 2⁶⁰

/// The unit, for a product with so many rows (or terms, where those are few): with fewer it would do no more than read the
/// weights, of which tiles are half as many bytes again.
pub fn of<S: Simd>(s: S, rows: usize) -> Option<Tiles> {
    const LEAST_ROWS: usize = 4;
    s.tiles().filter(|_| rows >= LEAST_ROWS)
}

/// Whether the largest magnitude of these numbers is tame, or all are 0. One that is not finite is not.
pub fn tame(largest: f32) -> bool {
    largest == 0.0 || (LEAST..=MOST).contains(&largest)
}
