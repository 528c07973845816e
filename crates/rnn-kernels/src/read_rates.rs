//! The rates at which the processor reads from its caches and from memory, measured.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::caches::{second_level_cache, third_level_cache};
use crate::isa::{Isa, Job};
use crate::memory::Buffer;
use crate::pool;
use crate::vector::{Vector, VectorOp};

/// The vectors that are added in one step. Their sums hide the latency of an addition.
const SUMS: usize = 8;

/// The bytes that each thread reads in one measurement, at least. This takes about a millisecond.
const BYTES: usize = 64 << 20;

/// The least number of measurements of a rate.
const LEAST: usize = 5;

/// The time in which a rate is measured again and again. Short measurements in between other load are not
/// disturbed.
const TIME: Duration = Duration::from_millis(30);

/// The bytes of each thread that its own caches do not hold.
const BEYOND_CACHES: usize = 32 << 20;

/// The largest number of bytes of all threads that are due to [`BEYOND_CACHES`].
const MOST: usize = 1 << 30;

/// The rates at which all threads together read, in GB/s (10^9 bytes a second).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadRates {
    /// Half of the second-level cache, by each thread.
    pub l2: f64,
    /// Half of the third-level cache, divided among the threads. `None` if the size of this cache is unknown,
    /// or if a thread's part is less than twice the second-level cache.
    pub l3: Option<f64>,
    /// Memory: each thread reads 32 MiB, up to 1 GiB together, and at least twice the third-level cache.
    pub memory: f64,
}

/// Measures the rates of reading on `threads` threads with the vectors of `isa`.
///
/// Each rate is the best of several measurements. Other load on the machine makes the result smaller.
pub fn read_rates(isa: Isa, threads: usize) -> ReadRates {
    let (l2, l3) = (second_level_cache(), third_level_cache());
    let of_l3 = l3.map(|bytes| bytes / 2 / threads).filter(|bytes| *bytes >= 2 * l2);
    let of_memory = (BEYOND_CACHES * threads).min(MOST).max(2 * l3.unwrap_or(0)) / threads;
    let rate = |bytes: usize| isa.run(Rate { threads, numbers: bytes / size_of::<f32>() });
    ReadRates { l2: rate(l2 / 2), l3: of_l3.map(rate), memory: rate(of_memory) }
}

/// A measurement of `threads` threads that read `numbers` numbers of their own again and again.
struct Rate {
    threads: usize,
    numbers: usize,
}

impl Job<f32> for Rate {
    type Result = f64;

    fn run<S: Vector<Element = f32>>(self, s: S) -> f64 {
        let len = self.numbers.next_multiple_of(SUMS * S::LANES);
        let bytes = len * size_of::<f32>();
        let repeats = BYTES.div_ceil(bytes);
        let mut buffer = Buffer::new(len * self.threads);
        // Pages that were never written may all be the same page of zeros.
        buffer.as_mut_slice().fill(1.0);
        let numbers = buffer.as_slice();
        let measure = || {
            let start = Instant::now();
            pool::run(self.threads, |worker| {
                for part in worker.chunk(self.threads) {
                    s.vectorize(Sums { numbers: &numbers[part * len..][..len], repeats });
                }
            });
            start.elapsed().as_secs_f64()
        };
        let start = Instant::now();
        let more = |n: &usize| *n < LEAST || start.elapsed() < TIME;
        let best = (0..).take_while(more).map(|_| measure()).fold(f64::INFINITY, f64::min);
        (bytes * repeats * self.threads) as f64 / best / 1e9
    }
}

/// Adds all numbers, `repeats` times. Their count is a multiple of `SUMS` vectors.
struct Sums<'a> {
    numbers: &'a [f32],
    repeats: usize,
}

impl VectorOp<f32> for Sums<'_> {
    #[inline(always)]
    fn run<S: Vector<Element = f32>>(self, s: S) {
        let mut sums = [s.zero(); SUMS];
        for _ in 0..self.repeats {
            for numbers in black_box(self.numbers).chunks_exact(SUMS * S::LANES) {
                for (n, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: the chunk has `SUMS` vectors.
                    *sum = s.add(*sum, unsafe { s.load(numbers.as_ptr().add(n * S::LANES)) });
                }
            }
        }
        for sum in sums {
            black_box(s.to_array(sum));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_above_0_for_each_instruction_set_and_number_of_threads() {
        for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [(isa, 1), (isa, 3)]) {
            let rates = read_rates(isa, threads);
            assert!(rates.l2 > 0.0 && rates.memory > 0.0, "{isa:?}, {threads} threads: {rates:?}");
            assert!(rates.l3.is_none_or(|rate| rate > 0.0), "{isa:?}, {threads} threads: {rates:?}");
        }
    }
}
