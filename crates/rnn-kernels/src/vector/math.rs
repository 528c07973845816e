//! Sigmoid and tanh on vectors. The error is a few units in the last place for every number, including small
//! results.

use super::coefficients::Coefficients;
use super::traits::Vector;

/// Returns (eʳ − 1, n) with eˣ = 2ⁿ·eʳ and |r| ≤ ln 2 / 2, for |x| ≤ 170 in f32, or |x| ≤ 1400 in f64.
#[inline(always)]
fn exp_reduced<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
    let n = s.round(s.mul(x, s.splat(<S::Element>::LOG2_E)));
    let r = s.neg_mul_add(n, s.splat(<S::Element>::LN_2[0]), x);
    let r = s.neg_mul_add(n, s.splat(<S::Element>::LN_2[1]), r);
    (s.mul_add(s.mul(r, r), polynomial(s, <S::Element>::TAYLOR, r), r), n)
}

/// Returns the polynomial with these coefficients, the highest power first.
#[inline(always)]
fn polynomial<S: Vector>(s: S, coefficients: &[S::Element], x: S::V) -> S::V {
    let mut sum = s.splat(coefficients[0]);
    for factor in &coefficients[1..] {
        sum = s.mul_add(sum, x, s.splat(*factor));
    }
    sum
}

/// Returns 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<S: Vector>(s: S, x: S::V) -> S::V {
    let bounded = s.clamp(x, <S::Element>::SIGMOID_BOUND);
    let (exp_minus_one, n) = exp_reduced(s, s.sub(s.zero(), bounded));
    s.reciprocal(s.add(s.one(), s.scale(s.add(s.one(), exp_minus_one), n)))
}

/// Returns tanh x as 1 − 2 / (e²ˣ + 1), or as x + x³·p(x²) near 0, where the difference would cancel.
#[inline(always)]
pub fn tanh<S: Vector>(s: S, x: S::V) -> S::V {
    let (one, square) = (s.one(), s.mul(x, x));
    let near = s.mul_add(s.mul(x, square), polynomial(s, <S::Element>::TANH, square), x);
    let bounded = s.clamp(x, <S::Element>::TANH_BOUND);
    let (exp_minus_one, n) = exp_reduced(s, s.add(bounded, bounded));
    let power = s.scale(s.add(one, exp_minus_one), n);
    let far = s.neg_mul_add(s.add(one, one), s.reciprocal(s.add(power, one)), one);
    s.select_small(x, <S::Element>::TANH_NEAR, near, far)
}

/// Returns the sigmoid of x and of −x. Each has full precision, where 1 less the other would cancel.
#[inline(always)]
pub fn sigmoid_and_complement<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
    (sigmoid(s, x), sigmoid(s, s.sub(s.zero(), x)))
}

/// Returns tanh x and its derivative 4·σ(2x)·σ(−2x), in full precision at any saturation.
#[inline(always)]
pub fn tanh_and_derivative<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
    let (one, other) = sigmoid_and_complement(s, s.add(x, x));
    let two = s.add(s.one(), s.one());
    (tanh(s, x), s.mul(s.mul(two, one), s.mul(two, other)))
}

/// Returns 1 − x², the derivative of tanh at the output x.
#[inline(always)]
pub fn tanh_derivative<S: Vector>(s: S, x: S::V) -> S::V {
    s.neg_mul_add(x, x, s.one())
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
    use crate::number::Number;
    use crate::vector::VectorOp;

    /// The comparison of both functions with reference values at each of the numbers.
    ///
    /// A row has x, tanh x and the sigmoid of x. The absolute error allowed is that of the results that are
    /// subnormal: the sigmoid is 0 once e⁻ˣ overflows.
    #[derive(Clone)]
    struct Check<E> {
        rows: Vec<(E, [f64; 2])>,
        epsilon: f64,
        smallest: [f64; 2],
    }

    impl<E: Number> Job<E> for Check<E> {
        type Result = ();

        fn run<S: Vector<Element = E>>(self, s: S) {
            s.vectorize(self);
        }
    }

    impl<E: Number> VectorOp<E> for Check<E> {
        fn run<S: Vector<Element = E>>(self, s: S) {
            for (x, expected) in &self.rows {
                let found = [tanh(s, s.splat(*x)), sigmoid(s, s.splat(*x))].map(|v| s.to_array(v)[0].into());
                for ((found, expected), absolute) in found.into_iter().zip(expected).zip(self.smallest) {
                    let found: f64 = found;
                    assert_eq!(found.is_nan(), expected.is_nan(), "{x:?}");
                    let allowed = expected.abs() * 4.0 * self.epsilon + absolute;
                    let holds = expected.is_nan() || (found - expected).abs() <= allowed;
                    assert!(holds, "{x:?}: {found:e} {expected:e}");
                }
            }
        }
    }

    /// Returns numbers of all magnitudes and both signs.
    fn numbers() -> impl Iterator<Item = f64> {
        let special = [0.0, f64::INFINITY, f64::NAN, f64::MAX, 1e-45, 1e-40, f64::MIN_POSITIVE, 1e-320];
        let even = (0..20_000).map(|n| f64::from(n) * 0.007);
        let small = (0..2_000).map(|n| (f64::from(n) * -0.02).exp());
        let large = (0..2_000).map(|n| f64::from(n) * 0.51);
        special.into_iter().chain(even).chain(small).chain(large).flat_map(|x| [x, -x])
    }

    fn exact(x: f64) -> [f64; 2] {
        [x.tanh(), 1.0 / (1.0 + (-x).exp())]
    }

    #[test]
    fn tanh_and_sigmoid_over_all_magnitudes_are_within_4_units_in_the_last_place() {
        let single = Check {
            rows: numbers().map(|x| (x as f32, exact(f64::from(x as f32)))).collect(),
            epsilon: f64::from(f32::EPSILON),
            smallest: [1e-44, f64::from(f32::MIN_POSITIVE)],
        };
        let double = Check {
            rows: numbers().map(|x| (x, exact(x))).collect(),
            epsilon: f64::EPSILON,
            smallest: [1e-322, f64::MIN_POSITIVE],
        };
        for isa in Isa::available() {
            isa.run(single.clone());
            isa.run(double.clone());
        }
    }
}
