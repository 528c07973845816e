//! The largest magnitude in a slice, which decides whether its products can run on AMX tiles.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::isa::{Isa, Job};
use crate::pool;
use crate::vector::{Vector, VectorOp};

/// Returns the largest magnitude. The result is infinite or NaN if any number is.
pub fn max_magnitude(isa: Isa, threads: usize, numbers: &[f32]) -> f32 {
    // Without the sign bit, floats are ordered like their bits, with infinity and NaN last.
    let max = AtomicU32::new(0);
    isa.run(MaxMagnitude { threads, numbers, max: &max });
    f32::from_bits(max.into_inner())
}

struct MaxMagnitude<'a> {
    threads: usize,
    numbers: &'a [f32],
    max: &'a AtomicU32,
}

impl Job<f32> for MaxMagnitude<'_> {
    type Result = ();

    fn run<S: Vector<Element = f32>>(self, s: S) {
        pool::run(self.threads, |worker| {
            let numbers = &self.numbers[worker.chunk(self.numbers.len())];
            s.vectorize(MaxOfChunk { numbers, max: self.max });
        });
    }
}

struct MaxOfChunk<'a> {
    numbers: &'a [f32],
    max: &'a AtomicU32,
}

impl VectorOp<f32> for MaxOfChunk<'_> {
    #[inline(always)]
    fn run<S: Vector<Element = f32>>(self, _: S) {
        let bits = |x: f32| x.to_bits() & !(1 << 31);
        let mut max = [0_u32; 64];
        let chunks = self.numbers.chunks_exact(64);
        let rest = chunks.remainder().iter().map(|x| bits(*x));
        for chunk in chunks {
            for (max, x) in max.iter_mut().zip(chunk) {
                *max = bits(*x).max(*max);
            }
        }
        self.max.fetch_max(max.into_iter().chain(rest).max().unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_magnitude_finds_the_largest_number_at_any_position() {
        for isa in Isa::available() {
            for len in [1, 64, 150, 1000] {
                for at in [0, len / 2, len - 1] {
                    let mut numbers = vec![0.5; len];
                    numbers[at] = -3.0;
                    assert_eq!(max_magnitude(isa, 3, &numbers), 3.0, "{isa:?}, number {at} of {len}");
                    numbers[at] = f32::NAN;
                    assert!(max_magnitude(isa, 3, &numbers).is_nan());
                }
            }
        }
    }
}
