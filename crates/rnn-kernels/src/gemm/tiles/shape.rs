//! The sizes of tiles, and the range of numbers that they hold.

use crate::amx::Tiles;
use crate::vector::Vector;

/// The number of rows of a tile, and of columns of a tile of sums.
pub const SIDE: usize = 16;

/// The number of bf16 values in a row of a tile (64 bytes).
pub const DEPTH: usize = 32;

/// The number of bf16 terms of an f32 number.
pub const PARTS: usize = 3;

/// The size of one tile, in f32 numbers.
pub const NUMBERS: usize = 256;

/// The size of a row of a tile, in f32 numbers.
pub const LINE: usize = 16;

/// The distance between rows of a [`Bf16Split`](super::Bf16Split), in f32 numbers. The three terms of a
/// row are adjacent.
pub const ROW: usize = PARTS * LINE;

/// Sixteen rows of 32 f32 numbers.
pub type Terms = [[f32; DEPTH]; SIDE];

/// 2⁻⁶⁰ and 2⁶⁰. No bf16 term of a number in this range is subnormal, and no product of two overflows.
pub const MIN: f32 = 8.7e-19;
pub const MAX: f32 = 1.1e18;

/// Returns the proof of AMX if tiles are faster for a product of `rows` rows.
///
/// `rows` is the smaller of the number of rows and the number of terms. With few rows, the time goes into
/// reading the weights, and tiles take 1.5 times the bytes of the weights.
pub fn tiles_for<S: Vector>(s: S, rows: usize) -> Option<Tiles> {
    const MIN_ROWS: usize = 4;
    s.tiles().filter(|_| rows >= MIN_ROWS)
}

/// Returns true if products of numbers with this largest magnitude are exact enough on tiles. Returns
/// false for infinity and NaN.
pub fn fits_bf16_split(max_magnitude: f32) -> bool {
    max_magnitude == 0.0 || (MIN..=MAX).contains(&max_magnitude)
}
