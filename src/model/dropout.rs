//! Dropout (Srivastava et al. 2014).

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// Sets a share of the values to 0 and scales the others, so that the mean is unchanged. Does nothing
/// without random numbers.
pub fn dropout(values: Tensor, share: f64, rng: &mut Option<ChaCha8Rng>) -> Tensor {
    let Some(rng) = rng.as_mut().filter(|_| share > 0.0) else { return values };
    let mask = dropout_mask(&values, share, rng);
    values * mask
}

/// The mask of dropout for values like these: 0 for a share of them, and the scale for the others.
pub fn dropout_mask(like: &Tensor, share: f64, rng: &mut ChaCha8Rng) -> Tensor {
    // A mask of the values' type that has the scale already: each pass is then one product.
    let mut kept: Tensor = 1.0 - events(like, share, rng);
    kept.g_mul_scalar_(1.0 / (1.0 - share))
}

/// Independent events of the given probability for values like these: 1 where one happens, else 0.
pub fn events(like: &Tensor, probability: f64, rng: &mut ChaCha8Rng) -> Tensor {
    let threshold = (probability * 2f64.powi(32)) as u32;
    let happens = |_| f32::from(u8::from(rng.random::<u32>() < threshold));
    let events: Vec<f32> = (0..like.numel()).map(happens).collect();
    Tensor::from_slice(&events).reshape(like.size()).to_device(like.device()).to_kind(like.kind())
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
