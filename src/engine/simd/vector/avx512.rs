//! AVX-512: 32 registers of 16 numbers.

use std::arch::x86_64::*;

use super::{Op, Simd};
use crate::engine::simd::tiles::Tiles;

/// The proof that this machine has AVX-512F, perhaps with AMX beside it.
#[derive(Clone, Copy)]
pub struct Avx512(Option<Tiles>);

impl Avx512 {
    /// Where the machine has it.
    pub fn detect() -> Option<Avx512> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(None))
    }

    /// Where the machine has both.
    pub fn detect_with_tiles() -> Option<Avx512> {
        let tiles = Tiles::detect()?;
        Avx512::detect().map(|_| Avx512(Some(tiles)))
    }
}

#[target_feature(enable = "avx512f")]
fn vectorize(s: Avx512, op: impl Op) {
    op.run(s);
}

// SAFETY of every block below: the value is the proof that the instructions are there; where memory is touched, the
// caller answers for it.
impl Simd for Avx512 {
    const LANES: usize = 16;
    const ROWS: usize = 6;
    type V = __m512;

    fn vectorize(self, op: impl Op) {
        // SAFETY: see above.
        unsafe { vectorize(self, op) }
    }

    fn tiles(self) -> Option<Tiles> {
        self.0
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn reciprocal(self, x: __m512) -> __m512 {
        // An estimate of 14 digits and one step of Newton's: a third of the time of a division.
        // SAFETY: see above.
        unsafe {
            let estimate = _mm512_rcp14_ps(x);
            let error = _mm512_fnmadd_ps(x, estimate, _mm512_set1_ps(1.0));
            // Of infinity the estimate is 0 and the error NaN.
            let finite = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x, _mm512_set1_ps(f32::INFINITY));
            _mm512_maskz_fmadd_ps(finite, estimate, error, estimate)
        }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn mul_sub_from(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn clamp(self, x: __m512, bound: f32) -> __m512 {
        // Of a number and NaN, min and max give the second operand.
        // SAFETY: see above.
        unsafe { _mm512_max_ps(_mm512_set1_ps(-bound), _mm512_min_ps(_mm512_set1_ps(bound), x)) }
    }

    #[inline(always)]
    fn round(self, x: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT }>(x) }
    }

    #[inline(always)]
    fn scale(self, x: __m512, n: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_scalef_ps(x, n) }
    }

    #[inline(always)]
    fn where_small(self, x: __m512, bound: f32, small: __m512, large: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe {
            let is_small = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_abs_ps(x), _mm512_set1_ps(bound));
            _mm512_mask_blend_ps(is_small, large, small)
        }
    }

    #[inline(always)]
    fn transpose(self, mut tile: [__m512; 16]) -> [__m512; 16] {
        // SAFETY: see above.
        unsafe {
            let mut pairs = tile;
            for n in 0..8 {
                let (a, b) = (tile[2 * n], tile[2 * n + 1]);
                (pairs[2 * n], pairs[2 * n + 1]) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            }
            // Quarter q of row 4n + j: the numbers of column 4q + j in rows 4n … 4n + 3.
            let mut fours = tile;
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
                tile[j] = _mm512_shuffle_f32x4::<EVEN>(x, y);
                tile[8 + j] = _mm512_shuffle_f32x4::<ODD>(x, y);
                let (x, y) = (_mm512_shuffle_f32x4::<ODD>(a, b), _mm512_shuffle_f32x4::<ODD>(c, d));
                tile[4 + j] = _mm512_shuffle_f32x4::<EVEN>(x, y);
                tile[12 + j] = _mm512_shuffle_f32x4::<ODD>(x, y);
            }
        }
        tile
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, lanes: usize) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_maskz_loadu_ps(mask(lanes), from) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, lanes: usize, x: __m512) {
        // SAFETY: see above.
        unsafe { _mm512_mask_storeu_ps(to, mask(lanes), x) }
    }

    #[inline(always)]
    fn keep_first(self, x: __m512, lanes: usize) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_maskz_mov_ps(mask(lanes), x) }
    }
}

/// A bit for each of the first `lanes`.
#[inline(always)]
fn mask(lanes: usize) -> __mmask16 {
    ((1_u32 << lanes) - 1) as u16
}
