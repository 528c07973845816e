//! The largest magnitude of a tensor: whether its products fit the unit for tiles.

use std::sync::atomic::{AtomicU32, Ordering};

use super::isa::{Isa, Task};
use super::pool;
use super::split::part;
use super::vector::{Op, Simd};

/// The largest magnitude; not finite where a number is not. On so many threads.
pub fn largest(isa: Isa, threads: usize, numbers: &[f32]) -> f32 {
    // Without the sign, numbers are in the order of their bits, infinity and NaN at the end.
    let most = AtomicU32::new(0);
    isa.run(Largest { threads, numbers, most: &most });
    f32::from_bits(most.into_inner())
}

struct Largest<'a> {
    threads: usize,
    numbers: &'a [f32],
    most: &'a AtomicU32,
}

impl Task for Largest<'_> {
    type Result = ();

    fn run<S: Simd>(self, s: S) {
        pool::run(self.threads, |worker| {
            let numbers = &self.numbers[part(self.numbers.len(), worker.index, worker.count)];
            s.vectorize(OfPart { numbers, most: self.most });
        });
    }
}

struct OfPart<'a> {
    numbers: &'a [f32],
    most: &'a AtomicU32,
}

impl Op for OfPart<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let bits = |x: f32| x.to_bits() & !(1 << 31);
        let mut most = [0_u32; 64];
        let chunks = self.numbers.chunks_exact(64);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (most, x) in most.iter_mut().zip(chunk) {
                *most = bits(*x).max(*most);
            }
        }
        let rest = rest.iter().map(|x| bits(*x));
        self.most.fetch_max(most.into_iter().chain(rest).max().unwrap_or(0), Ordering::Relaxed);
    }
}
