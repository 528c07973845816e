//! Norms of gradients, without underflow on the way from the gradient to its logarithm.

use tch::{Kind, Tensor};

/// The size of a gradient at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// Exactly zero in every component of every sequence.
    Zero,
    /// log10 of the batch mean of the sequences' L2 norms; infinite or NaN where the gradient is.
    Log10(f64),
}

/// The norm at every step of a gradient `[T, B, F]`: L2 over F, mean over B.
///
/// Each step is first divided by its largest absolute value, so that squares neither underflow nor overflow.
pub fn norms(gradient: &Tensor) -> Vec<Norm> {
    let gradient = gradient.to_kind(Kind::Double);
    let largest = gradient.abs().amax([1, 2], true);
    let scale = largest.where_self(&largest.greater(0.0), &largest.ones_like());
    let scaled = (&gradient / &scale).square().sum_dim_intlist([2].as_slice(), false, Kind::Double).sqrt();
    let mean = scaled.mean_dim([1].as_slice(), false, Kind::Double);
    let log10 = mean.log10() + scale.flatten(0, 2).log10();
    let (log10, largest) = (numbers(&log10), numbers(&largest.flatten(0, 2)));
    log10
        .iter()
        .zip(largest)
        .map(|(log, max)| if max == 0.0 { Norm::Zero } else { Norm::Log10(*log) })
        .collect()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.contiguous()).expect("a tensor of one dimension and 64-bit floats")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log10(norm: Norm) -> f64 {
        match norm {
            Norm::Log10(log10) => log10,
            Norm::Zero => panic!("the norm is not zero"),
        }
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
        for size in [1e-300f64, 1e300] {
            let gradient = Tensor::from_slice(&[3.0 * size, 4.0 * size]).reshape([1, 1, 2]);
            assert!((log10(norms(&gradient)[0]) - (5.0 * size).log10()).abs() < 1e-12);
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
}
