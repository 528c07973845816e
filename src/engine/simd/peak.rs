//! What the processor could do at most: the rate of fused multiply-adds whose operands never leave the registers.

use std::hint::black_box;
use std::time::Instant;

use super::isa::{Isa, Task};
use super::pool;
use super::vector::{Op, Simd};

/// Sums that are under way at once: enough to hide how long each takes, few enough for the registers.
const SUMS: usize = 12;

/// Multiply-adds of each sum in one measurement, a few milliseconds.
const TIMES: usize = 1 << 20;

/// GFLOP/s in f32 on so many threads, with vectors (tiles are not counted): the best of some measurements.
pub fn fma_peak(threads: usize) -> f64 {
    Isa::best().run(Peak { threads })
}

/// The instruction set that the engine works with here, in words.
pub fn instructions() -> &'static str {
    match Isa::best() {
        #[cfg(target_arch = "x86_64")]
        Isa::Amx(_) => "AVX-512, with products on AMX tiles",
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512(_) => "AVX-512",
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(_) => "AVX2 with FMA",
        Isa::Portable => "plain Rust",
    }
}

struct Peak {
    threads: usize,
}

impl Task for Peak {
    type Result = f64;

    fn run<S: Simd>(self, s: S) -> f64 {
        let measure = || {
            let start = Instant::now();
            pool::run(self.threads, |_| s.vectorize(Spin));
            start.elapsed().as_secs_f64()
        };
        let best = (0..10).map(|_| measure()).fold(f64::INFINITY, f64::min);
        (2 * SUMS * TIMES * S::LANES * self.threads) as f64 / best / 1e9
    }
}

/// Multiply-adds and nothing else.
struct Spin;

impl Op for Spin {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (factor, term) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
        let mut sums = [s.splat(black_box(0.0)); SUMS];
        for _ in 0..TIMES {
            for sum in &mut sums {
                *sum = s.mul_add(*sum, factor, term);
            }
        }
        let mut all = [0.0; 16];
        for sum in sums {
            // SAFETY: no vector is longer than 16.
            unsafe { s.store(all.as_mut_ptr(), sum) };
            black_box(all);
        }
    }
}
