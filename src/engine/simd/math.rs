//! The activations, on vectors. Over all floats each is within a few units in the last place, of small results too.

use super::vector::Simd;

/// (eʳ − 1, n) with eˣ = 2ⁿ eʳ and |r| ≤ ln 2 / 2, for |x| ≤ 170.
#[inline(always)]
fn split_exp<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    // ln 2 in two parts, the first so short that its multiples by n are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // 1/k! for k = 7 … 2: what is left out is below 1e-8 of the result.
    const TAYLOR: [f32; 6] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.mul_sub_from(n, s.splat(LN_2[0]), x);
    let r = s.mul_sub_from(n, s.splat(LN_2[1]), r);
    let mut sum = s.splat(TAYLOR[0]);
    for factor in &TAYLOR[1..] {
        sum = s.mul_add(sum, r, s.splat(*factor));
    }
    (s.mul_add(s.mul(r, r), sum, r), n)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    // From 104 on, e⁻ˣ is 0; from −104 on, infinite.
    let (less_one, n) = split_exp(s, s.sub(s.splat(0.0), s.clamp(x, 104.0)));
    s.reciprocal(s.add(one, s.scale(s.add(one, less_one), n)))
}

/// tanh x = 1 − 2 / (e²ˣ + 1), or near 0, where little would be left of the difference, x + x³ p(x²).
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    const NEAR: f32 = 0.625;
    // p interpolates (tanh x / x − 1) / x² at the Chebyshev nodes of 0 … NEAR²: tanh is then right to 2e-8.
    const P: [f32; 5] = [-0.006_096_714, 0.020_997_18, -0.053_850_908, 0.133_327_7, -0.333_333_28];
    let one = s.splat(1.0);
    let square = s.mul(x, x);
    let mut p = s.splat(P[0]);
    for factor in &P[1..] {
        p = s.mul_add(p, square, s.splat(*factor));
    }
    let near = s.mul_add(s.mul(x, square), p, x);
    // From 10 on, tanh is 1.
    let bounded = s.clamp(x, 10.0);
    let (less_one, n) = split_exp(s, s.add(bounded, bounded));
    let power = s.scale(s.add(one, less_one), n);
    let far = s.mul_sub_from(s.splat(2.0), s.reciprocal(s.add(power, one)), one);
    s.where_small(x, NEAR, near, far)
}
