//! Norms of gradients at each step, at any magnitude.

use tch::{Kind, Tensor};

use super::scaled::{Scaled, to_vec};

/// The size of a gradient at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// The gradient is exactly zero in every component of every sequence.
    Zero,
    /// log10 of the mean L2 norm over the sequences of the batch. Infinite or NaN if the gradient is.
    Log10(f64),
}

impl Norm {
    /// Returns the logarithm, or `None` for zero.
    pub fn log10(self) -> Option<f64> {
        match self {
            Norm::Zero => None,
            Norm::Log10(log10) => Some(log10),
        }
    }
}

/// Returns the norm of a gradient `[T, B, F]` at every step: L2 over F, mean over B.
pub fn norms(gradient: &Tensor) -> Vec<Norm> {
    norms_scaled(&Scaled::new(&gradient.to_kind(Kind::Double)))
}

/// Returns the norms of a gradient whose rows `[F]` have separate exponents.
pub fn norms_scaled(gradient: &Scaled) -> Vec<Norm> {
    let Scaled { mantissa, exponent } = gradient;
    let lengths = mantissa.square().sum_dim_intlist([-1].as_slice(), true, Kind::Double).sqrt();
    let largest = exponent.amax([1], true);
    let mean =
        (&lengths * Scaled::factor(exponent, &largest)).mean_dim([1, 2].as_slice(), false, Kind::Double);
    let log10 = mean.log10() + largest.flatten(0, 2) * std::f64::consts::LOG10_2;
    let norm = |(mean, log10): (&f64, &f64)| if *mean == 0.0 { Norm::Zero } else { Norm::Log10(*log10) };
    to_vec(&mean).iter().zip(&to_vec(&log10)).map(norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log10(norm: Norm) -> f64 {
        norm.log10().expect("the norm is not zero")
    }

    #[test]
    fn norms_of_a_batch_are_the_mean_over_sequences() {
        // Sequences with norms 5 and 0, then 5 and 13.
        let gradient = Tensor::from_slice(&[3.0, 4.0, 0.0, 0.0, 3.0, 4.0, 5.0, 12.0]).reshape([2, 2, 2]);
        let norms = norms(&gradient);
        assert!((log10(norms[0]) - 2.5f64.log10()).abs() < 1e-15);
        assert!((log10(norms[1]) - 9f64.log10()).abs() < 1e-15);
    }

    #[test]
    fn norms_of_tiny_and_huge_gradients_neither_underflow_nor_overflow() {
        for size in [1e-322f64, 1e-300, 1e300] {
            let gradient = Tensor::from_slice(&[3.0 * size, 4.0 * size]).reshape([1, 1, 2]);
            let (a, b) = (3.0 * size, 4.0 * size);
            let expected = (a / b).hypot(1.0).log10() + b.log10();
            assert!((log10(norms(&gradient)[0]) - expected).abs() < 1e-12, "{size}");
        }
    }

    #[test]
    fn norms_distinguish_zero_infinity_and_nan() {
        let gradient = Tensor::from_slice(&[0.0, f64::INFINITY, f64::NAN]).reshape([3, 1, 1]);
        let norms = norms(&gradient);
        assert_eq!(norms[0], Norm::Zero);
        assert!(!log10(norms[1]).is_finite());
        assert!(log10(norms[2]).is_nan());
    }

    #[test]
    fn norms_scaled_accepts_exponents_beyond_f64() {
        let gradient = Scaled {
            mantissa: Tensor::from_slice(&[0.5, 0.5]).reshape([1, 2, 1]),
            exponent: Tensor::from_slice(&[-10_000.0, -20_000.0]).reshape([1, 2, 1]),
        };
        let expected = 0.25f64.log10() - 10_000.0 * 2f64.log10();
        assert!((log10(norms_scaled(&gradient)[0]) - expected).abs() < 1e-10);
    }
}
