//! Plain Rust, for every other machine: arrays that the compiler makes vectors of.

use super::{Op, Simd};

/// No proof is needed.
#[derive(Clone, Copy)]
pub struct Portable;

type V = [f32; 8];

/// f(x, y) in every lane.
#[inline(always)]
fn each(x: V, y: V, f: impl Fn(f32, f32) -> f32) -> V {
    let mut all = x;
    for (x, y) in all.iter_mut().zip(y) {
        *x = f(*x, y);
    }
    all
}

/// a b + c, rounded once where that is an instruction: elsewhere it would be a call.
#[inline(always)]
fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c }
}

impl Simd for Portable {
    const LANES: usize = 8;
    const ROWS: usize = 3;
    type V = V;

    fn vectorize(self, op: impl Op) {
        op.run(self);
    }

    #[inline(always)]
    fn splat(self, x: f32) -> V {
        [x; 8]
    }

    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: V, b: V) -> V {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: V, b: V) -> V {
        each(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: V, b: V, c: V) -> V {
        let mut all = c;
        for ((sum, a), b) in all.iter_mut().zip(a).zip(b) {
            *sum = mul_add(a, b, *sum);
        }
        all
    }

    #[inline(always)]
    fn mul_sub_from(self, a: V, b: V, c: V) -> V {
        self.mul_add(each(a, a, |a, _| -a), b, c)
    }

    #[inline(always)]
    fn clamp(self, x: V, bound: f32) -> V {
        // `f32::clamp` keeps NaN.
        each(x, x, |x, _| x.clamp(-bound, bound))
    }

    #[inline(always)]
    fn round(self, x: V) -> V {
        // Beside 1.5 · 2²³ there is no room for a fraction.
        const ALL_WHOLE: f32 = 12_582_912.0;
        each(x, x, |x, _| (x + ALL_WHOLE) - ALL_WHOLE)
    }

    #[inline(always)]
    fn scale(self, x: V, n: V) -> V {
        // In two halves: 2ⁿ itself may be too large or too small for a number.
        let power_of_two = |n: i32| f32::from_bits(((n + 127) << 23) as u32);
        each(x, n, |x, n| {
            let n = n as i32;
            let half = n >> 1;
            x * power_of_two(half) * power_of_two(n - half)
        })
    }

    #[inline(always)]
    fn where_small(self, x: V, bound: f32, small: V, large: V) -> V {
        let mut all = large;
        for ((chosen, x), small) in all.iter_mut().zip(x).zip(small) {
            *chosen = if x.abs() < bound { small } else { *chosen };
        }
        all
    }

    #[inline(always)]
    fn transpose(self, tile: [V; 16]) -> [V; 16] {
        let mut columns = tile;
        for (n, column) in columns.iter_mut().enumerate().take(Self::LANES) {
            for (number, row) in column.iter_mut().zip(tile) {
                *number = row[n];
            }
        }
        columns
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> V {
        // SAFETY: by the trait's contract.
        unsafe { from.cast::<V>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: V) {
        // SAFETY: by the trait's contract.
        unsafe { to.cast::<V>().write_unaligned(x) }
    }
}
