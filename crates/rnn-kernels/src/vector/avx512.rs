//! AVX-512: 32 registers of 16 lanes of f32.

use std::arch::x86_64::*;

use super::intrinsics::intrinsics;
use super::traits::{Square, Vector, VectorOp};
use crate::amx::Tiles;

/// A proof that the processor has AVX-512F, and a proof of AMX if products are to run on it.
#[derive(Clone, Copy)]
pub struct Avx512(Option<Tiles>);

impl Avx512 {
    /// Returns the proof if the processor has AVX-512F.
    pub fn detect() -> Option<Avx512> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(None))
    }

    /// Returns the proof if the processor has AVX-512F and AMX.
    pub fn detect_with_tiles() -> Option<Avx512> {
        let tiles = Tiles::detect()?;
        Avx512::detect().map(|_| Avx512(Some(tiles)))
    }

    /// Returns the same vectors without AMX.
    pub fn without_tiles(self) -> Avx512 {
        Avx512(None)
    }
}

#[target_feature(enable = "avx512f")]
fn vectorize(s: Avx512, op: impl VectorOp<f32>) {
    op.run(s);
}

impl Vector for Avx512 {
    type Element = f32;

    const LANES: usize = 16;
    const ROWS: usize = 6;
    const COLUMNS: usize = 4;
    type V = __m512;

    fn vectorize(self, op: impl VectorOp<f32>) {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { vectorize(self, op) }
    }

    fn tiles(self) -> Option<Tiles> {
        self.0
    }

    intrinsics! { __m512:
        add(a, b) = _mm512_add_ps;
        sub(a, b) = _mm512_sub_ps;
        mul(a, b) = _mm512_mul_ps;
        div(a, b) = _mm512_div_ps;
        mul_add(a, b, c) = _mm512_fmadd_ps;
        neg_mul_add(a, b, c) = _mm512_fnmadd_ps;
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn reciprocal(self, x: __m512) -> __m512 {
        // A 14-bit estimate and one step of Newton's method take a third of the time of a division.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let estimate = _mm512_rcp14_ps(x);
            let error = _mm512_fnmadd_ps(x, estimate, _mm512_set1_ps(1.0));
            // For infinity the estimate is 0 and the error is NaN.
            let finite = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x, _mm512_set1_ps(f32::INFINITY));
            _mm512_maskz_fmadd_ps(finite, estimate, error, estimate)
        }
    }

    #[inline(always)]
    fn clamp(self, x: __m512, bound: f32) -> __m512 {
        // If one operand is NaN, min and max return the second operand.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_max_ps(_mm512_set1_ps(-bound), _mm512_min_ps(_mm512_set1_ps(bound), x)) }
    }

    #[inline(always)]
    fn round(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT }>(x) }
    }

    #[inline(always)]
    fn scale(self, x: __m512, n: __m512) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_scalef_ps(x, n) }
    }

    #[inline(always)]
    fn select_small(self, x: __m512, bound: f32, small: __m512, large: __m512) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let is_small = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_abs_ps(x), _mm512_set1_ps(bound));
            _mm512_mask_blend_ps(is_small, large, small)
        }
    }

    #[inline(always)]
    fn transpose(self, mut square: Square<Self>) -> Square<Self> {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let mut pairs = square;
            for n in 0..8 {
                let (a, b) = (square[2 * n], square[2 * n + 1]);
                (pairs[2 * n], pairs[2 * n + 1]) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            }
            // Quarter q of row 4n + j holds column 4q + j of rows 4n … 4n + 3.
            let mut fours = square;
            let pd = |x| _mm512_castps_pd(x);
            for n in (0..16).step_by(4) {
                for (half, pair) in [(0, n), (2, n + 1)] {
                    let (a, b) = (pd(pairs[pair]), pd(pairs[pair + 2]));
                    fours[n + half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    fours[n + half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
            }
            const EVEN: i32 = 0b10_00_10_00;
            const ODD: i32 = 0b11_01_11_01;
            for j in 0..4 {
                let (a, b, c, d) = (fours[j], fours[4 + j], fours[8 + j], fours[12 + j]);
                let (x, y) = (_mm512_shuffle_f32x4::<EVEN>(a, b), _mm512_shuffle_f32x4::<EVEN>(c, d));
                square[j] = _mm512_shuffle_f32x4::<EVEN>(x, y);
                square[8 + j] = _mm512_shuffle_f32x4::<ODD>(x, y);
                let (x, y) = (_mm512_shuffle_f32x4::<ODD>(a, b), _mm512_shuffle_f32x4::<ODD>(c, d));
                square[4 + j] = _mm512_shuffle_f32x4::<EVEN>(x, y);
                square[12 + j] = _mm512_shuffle_f32x4::<ODD>(x, y);
            }
        }
        square
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a prefetch of any address is without effect on memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, lanes: usize) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_maskz_loadu_ps(mask(lanes), from) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, lanes: usize, x: __m512) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_mask_storeu_ps(to, mask(lanes), x) }
    }

    #[inline(always)]
    fn keep_first(self, x: __m512, lanes: usize) -> __m512 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_maskz_mov_ps(mask(lanes), x) }
    }
}

/// Returns a mask of the first `lanes` lanes.
#[inline(always)]
fn mask(lanes: usize) -> __mmask16 {
    ((1_u32 << lanes) - 1) as u16
}
