//! The right factor as tiles of its bf16 terms, with adjacent rows interleaved as the unit reads them.

use super::amx::split_lines;
use super::shape::{DEPTH, NUMBERS, PARTS, SIDE};
use crate::amx::Tiles;

/// Returns the number of f32 values that a vector of columns with `depth` rows takes as tiles.
pub fn packed_len(depth: usize) -> usize {
    depth.div_ceil(DEPTH) * PARTS * NUMBERS
}

/// Stores rows k … k + 15 of a vector of columns in its tiles.
///
/// Each [`DEPTH`] rows have one tile of the high terms, one of the middle terms and one of the low terms.
/// k is a multiple of 16. Lines beyond the depth are 0.
pub fn put(tiles: Tiles, to: &mut [f32], depth: usize, k: usize, lines: &[[f32; SIDE]; SIDE]) {
    let mut half = |k: usize, lines: &[[f32; SIDE]; SIDE]| {
        let at = k / DEPTH * PARTS * NUMBERS + k % DEPTH / 2 * SIDE;
        split_lines(tiles, lines, &mut to[at..]);
    };
    half(k, lines);
    if k.is_multiple_of(DEPTH) && k + SIDE >= depth {
        half(k + SIDE, &[[0.0; SIDE]; SIDE]);
    }
}
