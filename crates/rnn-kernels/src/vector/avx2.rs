//! AVX2 with FMA: 16 registers of 8 lanes of f32.

use std::arch::x86_64::*;

use super::intrinsics::intrinsics;
use super::traits::{Square, Vector, VectorOp};

/// A proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// Returns the proof if the processor has both.
    pub fn detect() -> Option<Avx2> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn vectorize(s: Avx2, op: impl VectorOp<f32>) {
    op.run(s);
}

impl Vector for Avx2 {
    type Element = f32;

    const LANES: usize = 8;
    // 6 × 2 sums. One line of 2 vectors and one factor leave a register free. With 3 × 4 sums the compiler
    // writes one of them to memory in every step.
    const ROWS: usize = 6;
    const COLUMNS: usize = 2;
    type V = __m256;

    fn vectorize(self, op: impl VectorOp<f32>) {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { vectorize(self, op) }
    }

    intrinsics! { __m256:
        add(a, b) = _mm256_add_ps;
        sub(a, b) = _mm256_sub_ps;
        mul(a, b) = _mm256_mul_ps;
        div(a, b) = _mm256_div_ps;
        mul_add(a, b, c) = _mm256_fmadd_ps;
        neg_mul_add(a, b, c) = _mm256_fnmadd_ps;
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    fn clamp(self, x: __m256, bound: f32) -> __m256 {
        // If one operand is NaN, min and max return the second operand.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_max_ps(_mm256_set1_ps(-bound), _mm256_min_ps(_mm256_set1_ps(bound), x)) }
    }

    #[inline(always)]
    fn round(self, x: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }

    #[inline(always)]
    fn scale(self, x: __m256, n: __m256) -> __m256 {
        // 2ⁿ itself may overflow or underflow, so it is applied in two halves.
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let n = _mm256_cvtps_epi32(n);
            let half = _mm256_srai_epi32::<1>(n);
            let rest = _mm256_sub_epi32(n, half);
            _mm256_mul_ps(_mm256_mul_ps(x, power_of_two(half)), power_of_two(rest))
        }
    }

    #[inline(always)]
    fn select_small(self, x: __m256, bound: f32, small: __m256, large: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), x);
            let is_small = _mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, _mm256_set1_ps(bound));
            _mm256_blendv_ps(large, small, is_small)
        }
    }

    #[inline(always)]
    fn transpose(self, mut square: Square<Self>) -> Square<Self> {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let mut pairs = square;
            for n in 0..4 {
                let (a, b) = (square[2 * n], square[2 * n + 1]);
                (pairs[2 * n], pairs[2 * n + 1]) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            }
            // Half q of row 4n + j holds column 4q + j of rows 4n … 4n + 3.
            let mut fours = square;
            let pd = |x| _mm256_castps_pd(x);
            for n in [0, 4] {
                for (half, pair) in [(0, n), (2, n + 1)] {
                    let (a, b) = (pd(pairs[pair]), pd(pairs[pair + 2]));
                    fours[n + half] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
                    fours[n + half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
                }
            }
            for j in 0..4 {
                square[j] = _mm256_permute2f128_ps::<0x20>(fours[j], fours[4 + j]);
                square[4 + j] = _mm256_permute2f128_ps::<0x31>(fours[j], fours[4 + j]);
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
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m256) {
        // SAFETY: `self` proves that the processor has the instructions; the memory is valid by the
        // trait's contract.
        unsafe { _mm256_storeu_ps(to, x) }
    }
}

/// Returns 2ⁿ for −126 ≤ n ≤ 127 by setting the exponent bits.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn power_of_two(n: __m256i) -> __m256 {
    // SAFETY: by this function's contract.
    unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(n, _mm256_set1_epi32(127)))) }
}
