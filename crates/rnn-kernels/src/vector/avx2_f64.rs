//! AVX2 with FMA: 16 registers of 4 lanes of f64.

use std::arch::x86_64::*;

use super::avx2::Avx2;
use super::intrinsics::intrinsics;
use super::traits::{Square, Vector, VectorOp};

/// A proof that the processor has AVX2 and FMA, for vectors of f64.
#[derive(Clone, Copy)]
pub struct Avx2F64(());

impl From<Avx2> for Avx2F64 {
    fn from(_: Avx2) -> Avx2F64 {
        Avx2F64(())
    }
}

#[target_feature(enable = "avx2,fma")]
fn vectorize(s: Avx2F64, op: impl VectorOp<f64>) {
    op.run(s);
}

impl Vector for Avx2F64 {
    type Element = f64;

    const LANES: usize = 4;
    const ROWS: usize = Avx2::ROWS;
    const COLUMNS: usize = Avx2::COLUMNS;
    type V = __m256d;

    fn vectorize(self, op: impl VectorOp<f64>) {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { vectorize(self, op) }
    }

    intrinsics! { __m256d:
        add(a, b) = _mm256_add_pd;
        sub(a, b) = _mm256_sub_pd;
        mul(a, b) = _mm256_mul_pd;
        div(a, b) = _mm256_div_pd;
        mul_add(a, b, c) = _mm256_fmadd_pd;
        neg_mul_add(a, b, c) = _mm256_fnmadd_pd;
    }

    #[inline(always)]
    fn splat(self, x: f64) -> __m256d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_set1_pd(x) }
    }

    #[inline(always)]
    fn clamp(self, x: __m256d, bound: f64) -> __m256d {
        // If one operand is NaN, min and max return the second operand.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_max_pd(_mm256_set1_pd(-bound), _mm256_min_pd(_mm256_set1_pd(bound), x)) }
    }

    #[inline(always)]
    fn round(self, x: __m256d) -> __m256d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }

    #[inline(always)]
    fn scale(self, x: __m256d, n: __m256d) -> __m256d {
        // 2ⁿ itself may overflow or underflow, so it is applied in two halves.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let n = _mm256_cvtpd_epi32(n);
            let half = _mm_srai_epi32::<1>(n);
            let rest = _mm_sub_epi32(n, half);
            _mm256_mul_pd(_mm256_mul_pd(x, power_of_two(half)), power_of_two(rest))
        }
    }

    #[inline(always)]
    fn select_small(self, x: __m256d, bound: f64, small: __m256d, large: __m256d) -> __m256d {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
            let is_small = _mm256_cmp_pd::<_CMP_LT_OQ>(magnitude, _mm256_set1_pd(bound));
            _mm256_blendv_pd(large, small, is_small)
        }
    }

    #[inline(always)]
    fn transpose(self, mut square: Square<Self>) -> Square<Self> {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let [a, b, c, d] = [square[0], square[1], square[2], square[3]];
            // Half q of a pair holds column 2q or 2q + 1 of two rows.
            let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (next_even, next_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            square[0] = _mm256_permute2f128_pd::<0x20>(even, next_even);
            square[1] = _mm256_permute2f128_pd::<0x20>(odd, next_odd);
            square[2] = _mm256_permute2f128_pd::<0x31>(even, next_even);
            square[3] = _mm256_permute2f128_pd::<0x31>(odd, next_odd);
        }
        square
    }

    #[inline(always)]
    fn prefetch(self, at: *const f64) {
        // SAFETY: a prefetch of any address is without effect on memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f64) -> __m256d {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm256_loadu_pd(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64, x: __m256d) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm256_storeu_pd(to, x) }
    }
}

/// Returns 2ⁿ for −1022 ≤ n ≤ 1023 by setting the exponent bits.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn power_of_two(n: __m128i) -> __m256d {
    // SAFETY: by this function's contract.
    unsafe {
        let biased = _mm256_add_epi64(_mm256_cvtepi32_epi64(n), _mm256_set1_epi64x(1023));
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased))
    }
}
