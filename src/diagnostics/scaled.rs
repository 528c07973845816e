//! Numbers with an extended exponent: a float near 1 times a power of two, far beyond the range of f64.

use tch::{Kind, Tensor};

/// The exponent of an exact zero. It is below every other exponent, and finite, so that differences of
/// exponents are finite.
pub const ZERO_EXPONENT: f64 = -1e18;

/// Numbers with an extended exponent: the value is `mantissa · 2^exponent`.
#[derive(Debug)]
pub struct Scaled {
    /// The mantissa, `[…, F]`. The largest absolute value of a row is between ½ and 1, or the row is 0.
    pub mantissa: Tensor,
    /// The exponent, `[…, 1]`: one whole number for each row, in f64.
    pub exponent: Tensor,
}

impl Scaled {
    /// Returns the numbers with the power of two of each row (the last dimension) moved into the exponent.
    /// This is exact.
    pub fn new(rows: &Tensor) -> Scaled {
        let exponent = Tensor::zeros([1], (Kind::Double, rows.device()));
        Scaled { mantissa: rows.shallow_clone(), exponent }.normalised_rows()
    }

    /// Returns zeros in the shape and type of `like`.
    pub fn zeros_like(like: &Tensor) -> Scaled {
        let exponent = like.narrow(-1, 0, 1).to_kind(Kind::Double).full_like(ZERO_EXPONENT);
        Scaled { mantissa: like.zeros_like(), exponent }
    }

    /// Returns the values along the first dimension.
    pub fn unbind(&self) -> Vec<Scaled> {
        let parts = self.mantissa.unbind(0).into_iter().zip(self.exponent.unbind(0));
        parts.map(|(mantissa, exponent)| Scaled { mantissa, exponent }).collect()
    }

    /// Returns the values of consecutive steps as one. The steps are given from the last to the first.
    pub fn stack_reversed(mut steps: Vec<Scaled>) -> Scaled {
        steps.reverse();
        let stack =
            |part: fn(&Scaled) -> &Tensor| Tensor::stack(&steps.iter().map(part).collect::<Vec<_>>(), 0);
        Scaled { mantissa: stack(|s| &s.mantissa), exponent: stack(|s| &s.exponent) }
    }

    /// Returns the values with `change`, which moves or selects rows, applied to mantissas and exponents.
    pub fn map(&self, change: impl Fn(&Tensor) -> Tensor) -> Scaled {
        Scaled { mantissa: change(&self.mantissa), exponent: change(&self.exponent) }
    }

    /// Returns the values of several tensors as one, joined along an axis before the last.
    pub fn cat(parts: &[Scaled], axis: i64) -> Scaled {
        let cat =
            |part: fn(&Scaled) -> &Tensor| Tensor::cat(&parts.iter().map(part).collect::<Vec<_>>(), axis);
        Scaled { mantissa: cat(|s| &s.mantissa), exponent: cat(|s| &s.exponent) }
    }

    /// Returns the sum of two values of one shape.
    pub fn plus(&self, other: &Scaled) -> Scaled {
        let exponent = self.exponent.maximum(&other.exponent);
        let aligned = |part: &Scaled| &part.mantissa * Scaled::factor(&part.exponent, &exponent);
        let mantissa = (aligned(self) + aligned(other)).to_kind(self.mantissa.kind());
        Scaled { mantissa, exponent }.normalised_rows()
    }

    /// Returns the same value with the power of two of `largest`, `[…, 1]`, moved from the mantissa into
    /// the exponent.
    pub fn normalised(&self, largest: &Tensor) -> Scaled {
        let power = exponents_of(largest);
        Scaled {
            mantissa: times_power_of_two(&self.mantissa, &power.neg()),
            exponent: (&self.exponent + &power).masked_fill(&largest.eq(0.0), ZERO_EXPONENT),
        }
    }

    /// Returns the same value with the power of two of each row moved from the mantissa into the exponent.
    pub fn normalised_rows(&self) -> Scaled {
        self.normalised(&self.mantissa.abs().amax([-1], true))
    }

    /// Returns true if all rows are exactly zero.
    pub fn is_zero(&self) -> bool {
        self.exponent.max().double_value(&[]) <= ZERO_EXPONENT
    }

    /// Returns the factor 2^(from − to), which aligns a mantissa with a larger exponent. The factor
    /// underflows to 0 where the value is negligible.
    pub fn factor(from: &Tensor, to: &Tensor) -> Tensor {
        (from - to).exp2()
    }
}

/// Returns the binary exponent of each number, in f64. It is 0 for 0, infinity and NaN.
fn exponents_of(numbers: &Tensor) -> Tensor {
    let (_, power) = numbers.frexp();
    power.to_kind(Kind::Double).masked_fill(&numbers.isfinite().logical_not(), 0.0)
}

/// Returns `numbers · 2^power`, exactly. The power is split into halves, because 2^1074 itself overflows.
pub fn times_power_of_two(numbers: &Tensor, power: &Tensor) -> Tensor {
    let half = (power / 2.0).floor();
    (numbers * half.exp2() * (power - &half).exp2()).to_kind(numbers.kind())
}

/// Returns the numbers of a tensor of one dimension in f64.
pub fn to_vec(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.contiguous()).expect("a tensor of one dimension and 64-bit floats")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plus_agrees_with_f64(
            mantissas in prop::array::uniform4(-1.0f64..1.0),
            powers in prop::array::uniform4(-250i32..250),
        ) {
            let numbers: [f64; 4] = std::array::from_fn(|n| mantissas[n] * 10f64.powi(powers[n]));
            let [a, b, c, d] = numbers;
            let rows = |numbers: [f64; 2]| Scaled::new(&Tensor::from_slice(&numbers).view([2, 1]));
            let sum = rows([a, b]).plus(&rows([c, d]));
            let found = to_vec(&times_power_of_two(&sum.mantissa, &sum.exponent).view([-1]));
            for (found, (x, y)) in found.into_iter().zip([(a, c), (b, d)]) {
                let allowed = f64::EPSILON * (x.abs() + y.abs());
                prop_assert!((found - (x + y)).abs() <= allowed, "{x} + {y} is {found}");
            }
        }
    }
}
