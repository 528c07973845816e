//! The right factor: panels of f32 lines as tiles of their three parts, neighbouring terms side by side as the unit
//! reads them.

use std::arch::x86_64::*;

use super::{DEPTH, NUMBERS, PARTS, SIDE, Tiles};

/// f32 numbers that a vector of columns of so many terms takes as tiles.
pub fn room(depth: usize) -> usize {
    depth.div_ceil(DEPTH) * PARTS * NUMBERS
}

/// Puts terms k … k + 15 of a vector of columns into its tiles: for each [`DEPTH`] terms there is one of the highest parts, of
/// the middle and of the lowest. k is a multiple of 16, and lines beyond the depth are 0.
pub fn put(_: Tiles, to: &mut [f32], depth: usize, k: usize, lines: &[[f32; SIDE]; SIDE]) {
    let mut half = |k: usize, lines: &[[f32; SIDE]; SIDE]| {
        let at = k / DEPTH * PARTS * NUMBERS + k % DEPTH / 2 * SIDE;
        // SAFETY: `Tiles` is the proof of the instructions.
        unsafe { split(lines, &mut to[at..]) };
    };
    half(k, lines);
    if k.is_multiple_of(DEPTH) && k + SIDE >= depth {
        half(k + SIDE, &[[0.0; SIDE]; SIDE]);
    }
}

/// Splits 16 lines: half a tile of each part.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn split(lines: &[[f32; SIDE]; SIDE], to: &mut [f32]) {
    for (n, pair) in lines.chunks_exact(2).enumerate() {
        // SAFETY: a line is a vector.
        let mut rest = unsafe { [_mm512_loadu_ps(pair[0].as_ptr()), _mm512_loadu_ps(pair[1].as_ptr())] };
        for part in 0..PARTS {
            let wide = rest.map(|x| {
                // SAFETY: both are 16 numbers of 16 bits.
                let narrow: __m256i = unsafe { std::mem::transmute(_mm512_cvtneps_pbh(x)) };
                _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(narrow))
            });
            let both = _mm512_or_si512(_mm512_srli_epi32::<16>(wide[0]), wide[1]);
            let at = &mut to[part * NUMBERS + n * SIDE..][..SIDE];
            // SAFETY: a vector's room.
            unsafe { _mm512_storeu_si512(at.as_mut_ptr().cast(), both) };
            rest = [0, 1].map(|n| _mm512_sub_ps(rest[n], _mm512_castsi512_ps(wide[n])));
        }
    }
}
