//! Random numbers: every one comes from a run's seed.
//!
//! They are drawn here and not by libtorch, so that they are the same for every dtype, device and thread
//! count, and so that one purpose never shifts the numbers of another.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use tch::{Device, Kind, Tensor};

/// What numbers are drawn for; each purpose has a stream of its own.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Weights and biases of the recurrent layers.
    Parameters = 0,
    /// The input sequences.
    Input = 1,
    /// The vector that the loss multiplies the output with.
    Loss = 2,
    /// The vectors of an embedding.
    Embedding = 3,
    /// The readout from states to classes.
    Readout = 4,
    /// Batches of the split `train`.
    Train = 5,
    /// Sequences of the split `valid`.
    Valid = 6,
    /// Sequences of the split `test`.
    Test = 7,
    /// The order of the training data in each epoch.
    Order = 8,
    /// What dropout sets to 0.
    Dropout = 9,
    /// The one order of an image's pixels.
    Pixels = 10,
    /// The characters of a sampled text.
    Sample = 11,
}

/// The stream of one purpose under one seed.
pub fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose as u64);
    rng
}

/// The part of that stream that belongs to one step of training: what a step draws hangs on its number alone, so that a
/// run goes on after an interruption as if there had been none.
pub fn at_step(seed: u64, purpose: Purpose, step: usize) -> ChaCha8Rng {
    let mut rng = stream(seed, purpose);
    // 2^36 words of 32 bits are more than a step draws, and leave room for 2^32 steps.
    rng.set_word_pos((step as u128) << 36);
    rng
}

/// Standard normal numbers of the given shape.
pub fn normal(rng: &mut ChaCha8Rng, shape: &[i64], kind: Kind, device: Device) -> Tensor {
    tensor(shape, kind, device, || StandardNormal.sample(rng))
}

/// Numbers from U(low, high) of the given shape; `low < high`.
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

/// As many numbers as a tensor of that shape has, one after the other.
///
/// # Panics
/// Where there is not enough memory, as libtorch's own allocations do; a run then fails, not the program.
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
    fn a_seed_and_a_purpose_fix_the_numbers_whatever_the_dtype() {
        let draw = |seed, purpose, kind| normal(&mut stream(seed, purpose), &[3, 4], kind, cpu());
        let first = draw(7, Purpose::Input, Kind::Double);
        assert_eq!(first, draw(7, Purpose::Input, Kind::Double));
        assert_eq!(first.to_kind(Kind::Float), draw(7, Purpose::Input, Kind::Float));
        assert_ne!(first, draw(7, Purpose::Loss, Kind::Double));
        assert_ne!(first, draw(8, Purpose::Input, Kind::Double));
    }
}
