//! AVX-512: 32 registers of 8 lanes of f64.

use std::arch::x86_64::*;

use super::avx512::Avx512;
use super::intrinsics::intrinsics;
use super::traits::{Square, Vector, VectorOp};

/// A proof that the processor has AVX-512F, for vectors of f64. AMX has no products of f64.
#[derive(Clone, Copy)]
pub struct Avx512F64(());

impl From<Avx512> for Avx512F64 {
    fn from(_: Avx512) -> Avx512F64 {
        Avx512F64(())
    }
}

#[target_feature(enable = "avx512f")]
fn vectorize(s: Avx512F64, op: impl VectorOp<f64>) {
    op.run(s);
}

impl Vector for Avx512F64 {
    type Element = f64;

    const LANES: usize = 8;
    const ROWS: usize = Avx512::ROWS;
    const COLUMNS: usize = Avx512::COLUMNS;
    type V = __m512d;

    fn vectorize(self, op: impl VectorOp<f64>) {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { vectorize(self, op) }
    }

    intrinsics! { __m512d:
        add(a, b) = _mm512_add_pd;
        sub(a, b) = _mm512_sub_pd;
        mul(a, b) = _mm512_mul_pd;
        div(a, b) = _mm512_div_pd;
        mul_add(a, b, c) = _mm512_fmadd_pd;
        neg_mul_add(a, b, c) = _mm512_fnmadd_pd;
    }

    #[inline(always)]
    fn splat(self, x: f64) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_set1_pd(x) }
    }

    #[inline(always)]
    fn reciprocal(self, x: __m512d) -> __m512d {
        // A 14-bit estimate and two steps of Newton's method.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let one = _mm512_set1_pd(1.0);
            let estimate = _mm512_rcp14_pd(x);
            let better = _mm512_fmadd_pd(estimate, _mm512_fnmadd_pd(x, estimate, one), estimate);
            let error = _mm512_fnmadd_pd(x, better, one);
            // For infinity the estimate is 0 and the error is NaN.
            let finite = _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(x, _mm512_set1_pd(f64::INFINITY));
            _mm512_maskz_fmadd_pd(finite, better, error, better)
        }
    }

    #[inline(always)]
    fn clamp(self, x: __m512d, bound: f64) -> __m512d {
        // If one operand is NaN, min and max return the second operand.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_max_pd(_mm512_set1_pd(-bound), _mm512_min_pd(_mm512_set1_pd(bound), x)) }
    }

    #[inline(always)]
    fn round(self, x: __m512d) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_roundscale_pd::<{ _MM_FROUND_TO_NEAREST_INT }>(x) }
    }

    #[inline(always)]
    fn scale(self, x: __m512d, n: __m512d) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_scalef_pd(x, n) }
    }

    #[inline(always)]
    fn select_small(self, x: __m512d, bound: f64, small: __m512d, large: __m512d) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let is_small = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(_mm512_abs_pd(x), _mm512_set1_pd(bound));
            _mm512_mask_blend_pd(is_small, large, small)
        }
    }

    #[inline(always)]
    fn transpose(self, mut square: Square<Self>) -> Square<Self> {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            // Quarter q of row 2n + j holds column 2q + j of rows 2n and 2n + 1.
            let mut pairs = square;
            for n in 0..4 {
                let (a, b) = (square[2 * n], square[2 * n + 1]);
                (pairs[2 * n], pairs[2 * n + 1]) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
            }
            for j in 0..2 {
                let (a, b, c, d) = (pairs[j], pairs[2 + j], pairs[4 + j], pairs[6 + j]);
                let (x, y) = (_mm512_shuffle_f64x2::<EVEN>(a, b), _mm512_shuffle_f64x2::<EVEN>(c, d));
                square[j] = _mm512_shuffle_f64x2::<EVEN>(x, y);
                square[4 + j] = _mm512_shuffle_f64x2::<ODD>(x, y);
                let (x, y) = (_mm512_shuffle_f64x2::<ODD>(a, b), _mm512_shuffle_f64x2::<ODD>(c, d));
                square[2 + j] = _mm512_shuffle_f64x2::<EVEN>(x, y);
                square[6 + j] = _mm512_shuffle_f64x2::<ODD>(x, y);
            }
        }
        square
    }

    #[inline(always)]
    fn prefetch(self, at: *const f64) {
        // SAFETY: a prefetch of any address is without effect on memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f64) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_loadu_pd(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64, x: __m512d) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_storeu_pd(to, x) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f64, lanes: usize) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_maskz_loadu_pd(mask(lanes), from) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f64, lanes: usize, x: __m512d) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm512_mask_storeu_pd(to, mask(lanes), x) }
    }

    #[inline(always)]
    fn keep_first(self, x: __m512d, lanes: usize) -> __m512d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm512_maskz_mov_pd(mask(lanes), x) }
    }
}

/// Returns a mask of the first `lanes` lanes.
#[inline(always)]
fn mask(lanes: usize) -> __mmask8 {
    ((1_u32 << lanes) - 1) as u8
}
