//! The processor's peak rate of fused multiply-adds, measured on operands that never leave the registers.

use std::hint::black_box;
use std::time::Instant;

use crate::isa::{Isa, Job};
use crate::pool;
use crate::vector::{Vector, VectorOp};

/// The number of independent sums. They hide the latency of a multiply-add and still fit in the registers.
const SUMS: usize = 12;

/// The multiply-adds of each sum in one measurement, which takes a few milliseconds.
const REPEATS: usize = 1 << 20;

/// Measures the peak of f32 multiply-adds on `threads` threads, in GFLOP/s.
///
/// The result is the best of ten measurements with the vectors of `isa`. AMX tiles are not counted. Other
/// load on the machine makes the result smaller.
pub fn fma_peak(isa: Isa, threads: usize) -> f64 {
    isa.run(Peak { threads })
}

struct Peak {
    threads: usize,
}

impl Job<f32> for Peak {
    type Result = f64;

    fn run<S: Vector<Element = f32>>(self, s: S) -> f64 {
        let measure = || {
            let start = Instant::now();
            pool::run(self.threads, |_| s.vectorize(MultiplyAdds));
            start.elapsed().as_secs_f64()
        };
        let best = (0..10).map(|_| measure()).fold(f64::INFINITY, f64::min);
        (2 * SUMS * REPEATS * S::LANES * self.threads) as f64 / best / 1e9
    }
}

struct MultiplyAdds;

impl VectorOp<f32> for MultiplyAdds {
    #[inline(always)]
    fn run<S: Vector<Element = f32>>(self, s: S) {
        let (factor, term) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
        let mut sums = [s.splat(black_box(0.0)); SUMS];
        for _ in 0..REPEATS {
            for sum in &mut sums {
                *sum = s.mul_add(*sum, factor, term);
            }
        }
        for sum in sums {
            black_box(s.to_array(sum));
        }
    }
}
