//! The sizes of tiles, and the range of numbers that they hold.

use crate::amx::Tiles;
use crate::vector::Vector;

/// Rows of a tile, and columns of a tile of sums.
pub const SIDE: usize = 16;

/// bf16 numbers in a row of a tile (64 bytes).
pub const DEPTH: usize = 32;

/// bf16 terms of an f32 number.
pub const PARTS: usize = 3;

/// f32 numbers in the memory of one tile.
pub const NUMBERS: usize = 256;

/// f32 numbers in the memory of a row of a tile.
pub const LINE: usize = 16;

/// Distance between rows of a [`Bf16Split`](super::Bf16Split), whose three terms are adjacent, in f32
/// numbers.
pub const ROW: usize = PARTS * LINE;

/// Sixteen rows of 32 f32 numbers.
pub type Terms = [[f32; DEPTH]; SIDE];

/// 2⁻⁶⁰ and 2⁶⁰. No bf16 term of a number in this range is subnormal, and no product of two overflows.
pub const MIN: f32 = 8.7e-19;
pub const MAX: f32 = 1.1e18;

/// Returns the proof of AMX if tiles pay for a product of `rows` rows.
///
/// `rows` is the smaller of the rows and the terms. Few rows do little more than read the weights, and tiles
/// take 1.5 times the bytes of the weights.
pub fn tiles_for<S: Vector>(s: S, rows: usize) -> Option<Tiles> {
    const MIN_ROWS: usize = 4;
    s.tiles().filter(|_| rows >= MIN_ROWS)
}

/// Returns whether products of numbers with this largest magnitude are exact enough on tiles. It is false for
/// infinity and NaN.
pub fn fits_bf16_split(max_magnitude: f32) -> bool {
    max_magnitude == 0.0 || (MIN..=MAX).contains(&max_magnitude)
}
