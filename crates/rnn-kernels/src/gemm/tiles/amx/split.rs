//! The split of f32 numbers into bf16 terms.

use std::arch::x86_64::*;

use crate::amx::Tiles;
use crate::gemm::rows::Rows;
use crate::gemm::tiles::shape::{DEPTH, LINE, NUMBERS, PARTS, ROW, SIDE, Terms};

/// Splits a row times `scale`. Returns the largest magnitude of the row before the scale. NaN counts as
/// the largest.
///
/// # Safety
/// The lines are writable from `to` on. Each is `stride` numbers after the previous one and aligned to 64
/// bytes.
pub unsafe fn split_row(_: Tiles, row: &[f32], to: *mut f32, stride: usize, scale: f32) -> f32 {
    // SAFETY: `Tiles` proves that the processor has the instructions; the memory is valid by this
    // function's contract.
    unsafe { split_row_avx512(row, to, stride, scale) }
}

/// Splits 32 columns of 16 rows, times `scale`. `to` is aligned to 64 bytes.
pub fn split_square(_: Tiles, terms: &Terms, to: &mut [f32], scale: f32) {
    let to = to[..SIDE * ROW].as_mut_ptr();
    // SAFETY: `Tiles` proves that the processor has the instructions; the slice has the length.
    unsafe { split_square_avx512(terms, to, scale) };
}

/// Splits 16 lines of the right factor into half a tile of each term.
pub fn split_lines(_: Tiles, lines: &[[f32; SIDE]; SIDE], to: &mut [f32]) {
    // SAFETY: `Tiles` proves that the processor has the instructions.
    unsafe { split_lines_avx512(lines, to) };
}

/// Returns the largest magnitude in a vector of columns of `count` rows, which are in bounds. NaN counts
/// as the largest.
pub fn max_magnitude(_: Tiles, columns: &Rows<f32>, count: usize) -> f32 {
    // SAFETY: `Tiles` proves that the processor has the instructions.
    unsafe { max_magnitude_avx512(columns, count) }
}

/// The body of [`split_row`].
///
/// # Safety
/// As for [`split_row`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split_row_avx512(row: &[f32], to: *mut f32, stride: usize, scale: f32) -> f32 {
    let mut max = _mm512_setzero_si512();
    for (line, terms) in row.chunks(DEPTH).enumerate() {
        let pair = if terms.len() == DEPTH {
            // SAFETY: `terms` has 32 numbers.
            unsafe { [_mm512_loadu_ps(terms.as_ptr()), _mm512_loadu_ps(terms.as_ptr().add(SIDE))] }
        } else {
            [load_first(terms), load_first(terms.get(SIDE..).unwrap_or_default())]
        };
        max = larger(larger(max, pair[0]), pair[1]);
        // SAFETY: by this function's contract.
        unsafe { split_pair(pair, to.add(line * stride), scale) };
    }
    f32::from_bits(_mm512_reduce_max_epu32(max))
}

/// The body of [`split_square`].
///
/// # Safety
/// 16 rows are writable at `to`, aligned to 64 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split_square_avx512(terms: &Terms, to: *mut f32, scale: f32) {
    for (n, terms) in terms.iter().enumerate() {
        // SAFETY: `terms` has 32 numbers, and `to` has room by this function's contract.
        unsafe {
            let pair = [_mm512_loadu_ps(terms.as_ptr()), _mm512_loadu_ps(terms.as_ptr().add(SIDE))];
            split_pair(pair, to.add(n * ROW), scale);
        }
    }
}

/// Splits 32 numbers times `scale` into one line for each term.
///
/// # Safety
/// The lines are writable at `to`, aligned to 64 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
unsafe fn split_pair(pair: [__m512; 2], to: *mut f32, scale: f32) {
    let scale = _mm512_set1_ps(scale);
    let mut rest = pair.map(|x| _mm512_mul_ps(x, scale));
    for part in 0..PARTS {
        let both = _mm512_cvtne2ps_pbh(rest[1], rest[0]);
        // SAFETY: a vector of 32 bf16 numbers has the size of a line, and there is room by this function's
        // contract.
        unsafe {
            let both: __m512i = std::mem::transmute(both);
            _mm512_store_si512(to.add(part * LINE).cast(), both);
            if part + 1 < PARTS {
                let halves = [_mm512_castsi512_si256(both), _mm512_extracti64x4_epi64::<1>(both)];
                for (rest, half) in rest.iter_mut().zip(halves) {
                    let wide = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(half));
                    *rest = _mm512_sub_ps(*rest, _mm512_castsi512_ps(wide));
                }
            }
        }
    }
}

/// The body of [`split_lines`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn split_lines_avx512(lines: &[[f32; SIDE]; SIDE], to: &mut [f32]) {
    for (n, pair) in lines.chunks_exact(2).enumerate() {
        // SAFETY: a line has the length of a vector.
        let mut rest = unsafe { [_mm512_loadu_ps(pair[0].as_ptr()), _mm512_loadu_ps(pair[1].as_ptr())] };
        for part in 0..PARTS {
            let wide = rest.map(|x| {
                // SAFETY: both types are 16 numbers of 16 bits.
                let narrow: __m256i = unsafe { std::mem::transmute(_mm512_cvtneps_pbh(x)) };
                _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(narrow))
            });
            let both = _mm512_or_si512(_mm512_srli_epi32::<16>(wide[0]), wide[1]);
            let at = &mut to[part * NUMBERS + n * SIDE..][..SIDE];
            // SAFETY: the slice has the length of a vector.
            unsafe { _mm512_storeu_si512(at.as_mut_ptr().cast(), both) };
            rest = [0, 1].map(|n| _mm512_sub_ps(rest[n], _mm512_castsi512_ps(wide[n])));
        }
    }
}

/// The body of [`max_magnitude`].
#[target_feature(enable = "avx512f")]
fn max_magnitude_avx512(columns: &Rows<f32>, count: usize) -> f32 {
    let mut max = _mm512_setzero_si512();
    for n in 0..count {
        // SAFETY: the caller has checked that the rows are in bounds.
        max = larger(max, unsafe { _mm512_loadu_ps(columns.ptr(n, 0)) });
    }
    f32::from_bits(_mm512_reduce_max_epu32(max))
}

/// Returns the larger magnitude of each lane. Magnitudes compare as integers, so that NaN is the largest.
#[target_feature(enable = "avx512f")]
#[inline]
fn larger(max: __m512i, x: __m512) -> __m512i {
    _mm512_max_epu32(max, _mm512_castps_si512(_mm512_abs_ps(x)))
}

/// Returns a vector of up to 16 numbers, with zeros after them.
#[target_feature(enable = "avx512f")]
#[inline]
fn load_first(numbers: &[f32]) -> __m512 {
    let lanes = numbers.len().min(SIDE);
    // SAFETY: the mask limits the read to the length of the slice.
    unsafe { _mm512_maskz_loadu_ps(((1_u32 << lanes) - 1) as u16, numbers.as_ptr()) }
}
