//! The left factor: some rows of f32 as tiles of their three parts.

use std::arch::x86_64::*;

use super::super::product::Rows;
use super::{DEPTH, LEAST, MOST, PARTS, SIDE};

/// A row of a tile.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Line([u16; DEPTH]);

impl Line {
    const ZERO: Line = Line([0; DEPTH]);
}

/// Lines that a block of up to [`SIDE`] rows of so many terms takes.
pub fn lines(depth: usize) -> usize {
    depth.div_ceil(DEPTH) * PARTS * SIDE
}

/// Room for blocks, kept by each thread.
pub fn with_room<R>(count: usize, work: impl FnOnce(&mut [Line]) -> R) -> R {
    thread_local! {
        static ROOM: std::cell::RefCell<Vec<Line>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    ROOM.with_borrow_mut(|room| {
        if room.len() < count {
            room.resize(count, Line::ZERO);
        }
        work(&mut room[..count])
    })
}

/// Splits `count` rows from `first` on, up to [`SIDE`], into `to`: for each [`DEPTH`] terms a tile of the highest parts, of
/// the middle and of the lowest. Gives by what the products have to be multiplied, 0 where all rows are 0.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub fn split(left: &Rows, first: usize, count: usize, depth: usize, to: &mut [Line]) -> f32 {
    let largest = split_scaled(left, first, count, depth, to, 1.0);
    // NaN is none of these: it spreads whatever the scale.
    let scale = match largest {
        0.0 => return 0.0,
        x if x < LEAST => FAR,
        x if x > MOST => 1.0 / FAR,
        _ => return 1.0,
    };
    split_scaled(left, first, count, depth, to, scale);
    1.0 / scale
}

/// Splits rows times `scale`; gives the largest magnitude before that, of which NaN is the largest.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn split_scaled(left: &Rows, first: usize, count: usize, depth: usize, to: &mut [Line], scale: f32) -> f32 {
    assert!(to.len() >= lines(depth) && count <= SIDE);
    let scale = _mm512_set1_ps(scale);
    // As integers, so that NaN is the largest.
    let mut largest = _mm512_setzero_si512();
    for r in 0..count {
        let row = left.numbers.part(left.at(first + r), depth).cast_const();
        for k in (0..depth).step_by(DEPTH) {
            // SAFETY: `part` has checked that the row is there.
            let pair = unsafe { [load(row, k, depth), load(row, k + SIDE, depth)] };
            for x in pair {
                largest = _mm512_max_epu32(largest, _mm512_castps_si512(_mm512_abs_ps(x)));
            }
            let mut rest = pair.map(|x| _mm512_mul_ps(x, scale));
            for part in 0..PARTS {
                let both = _mm512_cvtne2ps_pbh(rest[1], rest[0]);
                // SAFETY: a vector of 32 bf16 numbers has a line's size and alignment, and `to` has the lines.
                unsafe {
                    let both: __m512i = std::mem::transmute(both);
                    let line = to.as_mut_ptr().add((k / DEPTH * PARTS + part) * SIDE + r);
                    _mm512_store_si512(line.cast(), both);
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
    }
    f32::from_bits(_mm512_reduce_max_epu32(largest))
}

/// A power of two that brings the smallest numbers, and the largest, among the tame.
const FAR: f32 = (1_u128 << 90) as f32;

/// A vector from k on, 0 beyond the depth.
///
/// # Safety
/// The row has `depth` numbers.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load(row: *const f32, k: usize, depth: usize) -> __m512 {
    let lanes = depth.saturating_sub(k).min(SIDE);
    // SAFETY: only the lanes within the row are read.
    unsafe { _mm512_maskz_loadu_ps(((1_u32 << lanes) - 1) as u16, row.wrapping_add(k)) }
}
