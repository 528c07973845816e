//! Dropout (Srivastava et al. 2014).

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// Sets a share of the values to 0 and scales the others, so that the mean is unchanged. Does nothing
/// without random numbers.
pub fn dropout(values: Tensor, share: f64, rng: &mut Option<ChaCha8Rng>) -> Tensor {
    let Some(rng) = rng.as_mut().filter(|_| share > 0.0) else { return values };
    let threshold = (share * 2f64.powi(32)) as u32;
    let keep = |_| f32::from(u8::from(rng.random::<u32>() >= threshold));
    let mask: Vec<f32> = (0..values.numel()).map(keep).collect();
    let mask = Tensor::from_slice(&mask).reshape(values.size()).to_device(values.device());
    // A mask of the values' type that has the scale already: each pass is then one product.
    let mask = mask.to_kind(values.kind()).g_mul_scalar_(1.0 / (1.0 - share));
    values * mask
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device::cpu;
    use crate::random::{Purpose, stream};

    fn ones() -> Tensor {
        Tensor::ones([100, 100], (Kind::Double, cpu()))
    }

    #[test]
    fn dropout_scales_kept_values_to_keep_the_mean() {
        let mut rng = Some(stream(1, Purpose::Dropout));
        for (share, scale) in [(0.5, 2.0), (0.75, 4.0)] {
            let found = dropout(ones(), share, &mut rng);
            let values = Vec::<f64>::try_from(found.reshape([-1])).unwrap();
            assert!(values.iter().all(|value| *value == 0.0 || *value == scale), "{share}");
            // The mean of 10 000 has a standard deviation below 0.02.
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - 1.0).abs() < 0.08, "{share}: {mean}");
            assert_ne!(dropout(ones(), share, &mut rng), found, "the mask is drawn for each call");
        }
    }

    #[test]
    fn dropout_without_rng_or_share_changes_nothing() {
        assert_eq!(dropout(ones(), 0.5, &mut None), ones());
        assert_eq!(dropout(ones(), 0.0, &mut Some(stream(1, Purpose::Dropout))), ones());
    }
}
