//! Sigmoid and tanh on vectors. The error is a few units in the last place for every f32, including small
//! results.

use super::traits::Vector;

/// Returns (eʳ − 1, n) with eˣ = 2ⁿ·eʳ and |r| ≤ ln 2 / 2, for |x| ≤ 170.
#[inline(always)]
fn exp_reduced<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
    // ln 2 as a sum of two terms. The first has so few bits that its product with n is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // 1/k! for k = 7 … 2. The later terms of the series are below 1e-8 of the result.
    const TAYLOR: [f32; 6] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.neg_mul_add(n, s.splat(LN_2[0]), x);
    let r = s.neg_mul_add(n, s.splat(LN_2[1]), r);
    let mut sum = s.splat(TAYLOR[0]);
    for factor in &TAYLOR[1..] {
        sum = s.mul_add(sum, r, s.splat(*factor));
    }
    (s.mul_add(s.mul(r, r), sum, r), n)
}

/// Returns 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<S: Vector>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    // e⁻ˣ is 0 for x ≥ 104 and infinite for x ≤ −104.
    let (exp_minus_one, n) = exp_reduced(s, s.sub(s.splat(0.0), s.clamp(x, 104.0)));
    s.reciprocal(s.add(one, s.scale(s.add(one, exp_minus_one), n)))
}

/// Returns tanh x as 1 − 2 / (e²ˣ + 1), or as x + x³·p(x²) near 0, where the difference would cancel.
#[inline(always)]
pub fn tanh<S: Vector>(s: S, x: S::V) -> S::V {
    const NEAR: f32 = 0.625;
    // p interpolates (tanh x / x − 1) / x² at the Chebyshev nodes of 0 … NEAR². The error of tanh is then
    // 2e-8.
    const P: [f32; 5] = [-0.006_096_714, 0.020_997_18, -0.053_850_908, 0.133_327_7, -0.333_333_28];
    let one = s.splat(1.0);
    let square = s.mul(x, x);
    let mut p = s.splat(P[0]);
    for factor in &P[1..] {
        p = s.mul_add(p, square, s.splat(*factor));
    }
    let near = s.mul_add(s.mul(x, square), p, x);
    // tanh x is 1 in f32 for x ≥ 10.
    let bounded = s.clamp(x, 10.0);
    let (exp_minus_one, n) = exp_reduced(s, s.add(bounded, bounded));
    let power = s.scale(s.add(one, exp_minus_one), n);
    let far = s.neg_mul_add(s.splat(2.0), s.reciprocal(s.add(power, one)), one);
    s.select_small(x, NEAR, near, far)
}

/// Returns 1 − x², the derivative of tanh at the output x.
#[inline(always)]
pub fn tanh_derivative<S: Vector>(s: S, x: S::V) -> S::V {
    s.neg_mul_add(x, x, s.splat(1.0))
}

/// Returns x − x², the derivative of the sigmoid at the output x.
#[inline(always)]
pub fn sigmoid_derivative<S: Vector>(s: S, x: S::V) -> S::V {
    s.neg_mul_add(x, x, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{Isa, Job};
    use crate::vector::VectorOp;

    /// The comparison of both functions with f64 at each of the numbers.
    #[derive(Clone)]
    struct Check(Vec<f32>);

    impl Job for Check {
        type Result = ();

        fn run<S: Vector>(self, s: S) {
            s.vectorize(self);
        }
    }

    impl VectorOp for Check {
        fn run<S: Vector>(self, s: S) {
            for &x in &self.0 {
                let exact = f64::from(x);
                let found =
                    [tanh(s, s.splat(x)), sigmoid(s, s.splat(x))].map(|v| f64::from(s.to_array(v)[0]));
                // The sigmoid is 0 once e⁻ˣ overflows.
                let expected =
                    [(exact.tanh(), 1e-44), (1.0 / (1.0 + (-exact).exp()), f64::from(f32::MIN_POSITIVE))];
                for (found, (expected, absolute)) in found.into_iter().zip(expected) {
                    assert_eq!(found.is_nan(), x.is_nan(), "{x}");
                    let allowed = expected.abs() * 4.0 * f64::from(f32::EPSILON) + absolute;
                    assert!(x.is_nan() || (found - expected).abs() <= allowed, "{x}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn tanh_and_sigmoid_over_all_magnitudes_are_within_4_units_in_the_last_place() {
        let mut numbers = vec![0.0, f32::INFINITY, f32::NAN, f32::MAX, 1e-45, 1e-40, f32::MIN_POSITIVE];
        numbers.extend((0..20_000).map(|n| n as f32 * 0.007));
        numbers.extend((0..2_000).map(|n| (n as f32 * -0.02).exp()));
        let negative: Vec<f32> = numbers.iter().map(|x| -x).collect();
        numbers.extend(negative);
        for isa in Isa::available() {
            isa.run(Check(numbers.clone()));
        }
    }
}
