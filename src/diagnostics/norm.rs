//! Norms of gradients, exact far below what a float can hold: a gradient is numbers near 1 times powers of two.

use tch::{Kind, Tensor};

/// The size of a gradient at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// Exactly zero in every component of every sequence.
    Zero,
    /// log10 of the batch mean of the sequences' L2 norms; infinite or NaN where the gradient is.
    Log10(f64),
}

impl Norm {
    /// The logarithm; `None` for zero, which has none.
    pub fn log10(self) -> Option<f64> {
        match self {
            Norm::Zero => None,
            Norm::Log10(log10) => Some(log10),
        }
    }
}

/// The exponent of what is exactly zero: below every other, and finite, so that differences stay numbers.
const NOTHING: f64 = -1e18;

/// Numbers times powers of two: the value is `mantissa · 2^exponent`.
#[derive(Debug)]
pub struct Scaled {
    /// `[…, F]`, the largest of each row between ½ and 1, or the row 0.
    pub mantissa: Tensor,
    /// `[…, 1]`, whole numbers as f64, one for each row.
    pub exponent: Tensor,
}

impl Scaled {
    /// Takes the power of two out of each row (the last dimension). No digit is lost.
    pub fn new(rows: &Tensor) -> Scaled {
        let exponent = Tensor::zeros([1], (Kind::Double, rows.device()));
        Scaled { mantissa: rows.shallow_clone(), exponent }.normalised_rows()
    }

    /// The same value with the power of two of `largest`, `[…, 1]`, moved from the mantissa into the exponent.
    pub fn normalised(&self, largest: &Tensor) -> Scaled {
        let power = powers_of(largest);
        Scaled {
            // In two halves, since 2^1074 itself is no number.
            mantissa: halves(&self.mantissa, &power.neg()),
            exponent: (&self.exponent + &power)
                .where_self(&largest.not_equal(0.0), &power.full_like(NOTHING)),
        }
    }

    /// The same value with each row's own power of two in the exponent.
    pub fn normalised_rows(&self) -> Scaled {
        self.normalised(&self.mantissa.abs().amax([-1], true))
    }

    /// The sum of two, row by row.
    pub fn plus(&self, other: &Scaled) -> Scaled {
        let exponent = self.exponent.maximum(&other.exponent);
        let brought = |to: &Scaled| &to.mantissa * Scaled::factor(&to.exponent, &exponent);
        let mantissa = (brought(self) + brought(other)).to_kind(self.mantissa.kind());
        Scaled { mantissa, exponent }.normalised_rows()
    }

    /// Another handle on the same value.
    pub fn shallow_clone(&self) -> Scaled {
        Scaled { mantissa: self.mantissa.shallow_clone(), exponent: self.exponent.shallow_clone() }
    }

    /// Whether all of it is exactly zero.
    pub fn is_zero(&self) -> bool {
        self.exponent.max().double_value(&[]) <= NOTHING
    }

    /// The exponent of zero, in the shape of another.
    pub fn nothing(like: &Tensor) -> Tensor {
        like.full_like(NOTHING)
    }

    /// The factor that brings a value of this exponent to another, larger one: 2^(from − to), 0 where that is too
    /// small to matter.
    pub fn factor(from: &Tensor, to: &Tensor) -> Tensor {
        (from - to).exp2()
    }
}

/// The binary exponent of each number, as f64; 0 for 0, infinity and NaN.
fn powers_of(numbers: &Tensor) -> Tensor {
    let (_, power) = numbers.frexp();
    let finite = numbers.isfinite();
    power.to_kind(Kind::Double).where_self(&finite, &Tensor::zeros([1], (Kind::Double, numbers.device())))
}

/// `numbers · 2^power`, exactly.
fn halves(numbers: &Tensor, power: &Tensor) -> Tensor {
    let half = (power / 2.0).floor();
    (numbers * half.exp2() * (power - &half).exp2()).to_kind(numbers.kind())
}

/// The norm at every step of a gradient `[T, B, F]`: L2 over F, mean over B.
pub fn norms(gradient: &Tensor) -> Vec<Norm> {
    norms_scaled(&Scaled::new(&gradient.to_kind(Kind::Double)))
}

/// The same of a gradient whose every row `[F]` has a power of two of its own.
pub fn norms_scaled(gradient: &Scaled) -> Vec<Norm> {
    let Scaled { mantissa, exponent } = gradient;
    let lengths = mantissa.square().sum_dim_intlist([-1].as_slice(), true, Kind::Double).sqrt();
    let largest = exponent.amax([1], true);
    let mean =
        (&lengths * Scaled::factor(exponent, &largest)).mean_dim([1, 2].as_slice(), false, Kind::Double);
    let log10 = mean.log10() + largest.flatten(0, 2) * std::f64::consts::LOG10_2;
    let norm = |(mean, log10): (&f64, &f64)| if *mean == 0.0 { Norm::Zero } else { Norm::Log10(*log10) };
    numbers(&mean).iter().zip(&numbers(&log10)).map(norm).collect()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.contiguous()).expect("a tensor of one dimension and 64-bit floats")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log10(norm: Norm) -> f64 {
        norm.log10().expect("the norm is not zero")
    }

    #[test]
    fn the_batch_mean_of_the_sequences_norms() {
        // Sequences with norms 5 and 0, then 5 and 13.
        let gradient = Tensor::from_slice(&[3.0, 4.0, 0.0, 0.0, 3.0, 4.0, 5.0, 12.0]).reshape([2, 2, 2]);
        let norms = norms(&gradient);
        assert!((log10(norms[0]) - 2.5f64.log10()).abs() < 1e-15);
        assert!((log10(norms[1]) - 9f64.log10()).abs() < 1e-15);
    }

    #[test]
    fn neither_tiny_nor_huge_gradients_are_lost_by_squaring() {
        for size in [1e-322f64, 1e-300, 1e300] {
            let gradient = Tensor::from_slice(&[3.0 * size, 4.0 * size]).reshape([1, 1, 2]);
            let (a, b) = (3.0 * size, 4.0 * size);
            let expected = (a / b).hypot(1.0).log10() + b.log10();
            assert!((log10(norms(&gradient)[0]) - expected).abs() < 1e-12, "{size}");
        }
    }

    #[test]
    fn exact_zero_is_told_apart_from_infinity_and_nan() {
        let gradient = Tensor::from_slice(&[0.0, f64::INFINITY, f64::NAN]).reshape([3, 1, 1]);
        let norms = norms(&gradient);
        assert_eq!(norms[0], Norm::Zero);
        assert!(!log10(norms[1]).is_finite());
        assert!(log10(norms[2]).is_nan());
    }

    #[test]
    fn exponents_far_beyond_floats_count() {
        let gradient = Scaled {
            mantissa: Tensor::from_slice(&[0.5, 0.5]).reshape([1, 2, 1]),
            exponent: Tensor::from_slice(&[-10_000.0, -20_000.0]).reshape([1, 2, 1]),
        };
        let expected = 0.25f64.log10() - 10_000.0 * 2f64.log10();
        assert!((log10(norms_scaled(&gradient)[0]) - expected).abs() < 1e-10);
    }
}
