//! Random numbers from a seed.
//!
//! libtorch draws none of these numbers. The numbers are therefore the same for every dtype, device and
//! number of threads. Each purpose has its own stream, so that the numbers of one purpose never shift the
//! numbers of another.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use tch::{Device, Kind, Tensor};

/// The purpose of random numbers. Each purpose has its own stream.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Weights and biases of the recurrent layers.
    Parameters = 0,
    /// The input sequences.
    Input = 1,
    /// The random vector of the loss: the output is multiplied with it.
    Loss = 2,
    /// The vectors of an embedding.
    Embedding = 3,
    /// The weights of the readout.
    Readout = 4,
    /// Batches of the split `train`.
    Train = 5,
    /// Sequences of the split `valid`.
    Valid = 6,
    /// Sequences of the split `test`.
    Test = 7,
    /// The order of the training data in each epoch.
    Order = 8,
    /// The masks of dropout.
    Dropout = 9,
    /// The permutation of the pixels, one for all images.
    Pixels = 10,
    /// The characters of a sampled text.
    Sample = 11,
    /// Noise on the weights in training.
    WeightNoise = 12,
    /// The order of the engines in each round of timings.
    Turns = 13,
    /// The masks of recurrent dropout.
    RecurrentDropout = 14,
    /// The units that zoneout keeps.
    Zoneout = 15,
    /// The steps at which the gradient of h is cut.
    Detach = 16,
    /// The first vectors of the products of Jacobians in gradient flossing.
    Flossing = 17,
}

/// Returns the stream of a purpose under a seed.
pub fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose as u64);
    rng
}

/// Returns the part of [`stream`] for one training step. A step draws the same numbers whether or not the
/// run was interrupted before the step.
pub fn at_step(seed: u64, purpose: Purpose, step: usize) -> ChaCha8Rng {
    let mut rng = stream(seed, purpose);
    // A step draws fewer than 2^36 words of 32 bits, and the stream is long enough for 2^32 steps.
    rng.set_word_pos((step as u128) << 36);
    rng
}

/// Returns the stream of another purpose at the place of `rng`, such as the same training step.
pub fn beside(rng: &ChaCha8Rng, purpose: Purpose) -> ChaCha8Rng {
    let mut other = rng.clone();
    other.set_stream(purpose as u64);
    other
}

/// Draws standard normal numbers of the given shape.
pub fn normal(rng: &mut ChaCha8Rng, shape: &[i64], kind: Kind, device: Device) -> Tensor {
    tensor(shape, kind, device, || StandardNormal.sample(rng))
}

/// Draws numbers from U(low, high) of the given shape.
///
/// # Panics
/// If `low` is not below `high`.
pub fn uniform(
    rng: &mut ChaCha8Rng,
    low: f64,
    high: f64,
    shape: &[i64],
    kind: Kind,
    device: Device,
) -> Tensor {
    let distribution = Uniform::new(low, high).expect("low is below high");
    tensor(shape, kind, device, || distribution.sample(rng))
}

fn tensor(shape: &[i64], kind: Kind, device: Device, draw: impl FnMut() -> f64) -> Tensor {
    let numbers = filled(shape, draw);
    Tensor::from_slice(&numbers).reshape(shape).to_device(device).to_kind(kind)
}

/// Returns numbers for a tensor of the given shape, drawn one after the other.
///
/// # Panics
/// If there is not enough memory. A run then fails as with libtorch's own allocations.
pub fn filled<T>(shape: &[i64], draw: impl FnMut() -> T) -> Vec<T> {
    let count = shape.iter().map(|size| *size as u128).product::<u128>();
    let mut numbers = Vec::new();
    let room = usize::try_from(count).ok().and_then(|count| numbers.try_reserve_exact(count).ok());
    assert!(room.is_some(), "there is not enough memory for {count} numbers {shape:?}");
    numbers.extend(std::iter::repeat_with(draw).take(count as usize));
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu;

    #[test]
    fn normal_same_seed_and_purpose_gives_same_numbers_in_every_dtype() {
        let draw = |seed, purpose, kind| normal(&mut stream(seed, purpose), &[3, 4], kind, cpu());
        let first = draw(7, Purpose::Input, Kind::Double);
        assert_eq!(first, draw(7, Purpose::Input, Kind::Double));
        assert_eq!(first.to_kind(Kind::Float), draw(7, Purpose::Input, Kind::Float));
        assert_ne!(first, draw(7, Purpose::Loss, Kind::Double));
        assert_ne!(first, draw(8, Purpose::Input, Kind::Double));
    }
}
