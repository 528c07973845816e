//! Vectors without intrinsics, for all other processors. They are arrays, which the compiler turns into
//! vector code.

use super::traits::{Square, Vector, VectorOp};

/// Vectors of `LANES` numbers as arrays. No proof is needed.
#[derive(Clone, Copy)]
pub struct Portable<const LANES: usize>;

/// Returns f(x, y) of every lane.
#[inline(always)]
fn zip<const LANES: usize>(
    mut x: [f32; LANES],
    y: [f32; LANES],
    f: impl Fn(f32, f32) -> f32,
) -> [f32; LANES] {
    for (x, y) in x.iter_mut().zip(y) {
        *x = f(*x, y);
    }
    x
}

/// Returns a·b + c. The result is rounded once if the target has a fused instruction. On other targets the
/// fused operation would be a slow call.
#[inline(always)]
fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c }
}

impl<const LANES: usize> Vector for Portable<LANES> {
    const LANES: usize = LANES;
    const ROWS: usize = 3;
    const COLUMNS: usize = 4;
    type V = [f32; LANES];

    fn vectorize(self, op: impl VectorOp) {
        op.run(self);
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, mut c: Self::V) -> Self::V {
        for ((sum, a), b) in c.iter_mut().zip(a).zip(b) {
            *sum = mul_add(a, b, *sum);
        }
        c
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.mul_add(a.map(|a| -a), b, c)
    }

    #[inline(always)]
    fn clamp(self, x: Self::V, bound: f32) -> Self::V {
        // `f32::clamp` keeps NaN.
        x.map(|x| x.clamp(-bound, bound))
    }

    #[inline(always)]
    fn round(self, x: Self::V) -> Self::V {
        // A number near 1.5·2²³ has no fraction bits.
        const NO_FRACTION: f32 = 12_582_912.0;
        x.map(|x| (x + NO_FRACTION) - NO_FRACTION)
    }

    #[inline(always)]
    fn scale(self, x: Self::V, n: Self::V) -> Self::V {
        // 2ⁿ itself may overflow or underflow, so it is applied in two halves.
        let power_of_two = |n: i32| f32::from_bits(((n + 127) << 23) as u32);
        zip(x, n, |x, n| {
            let n = n as i32;
            let half = n >> 1;
            x * power_of_two(half) * power_of_two(n - half)
        })
    }

    #[inline(always)]
    fn select_small(self, x: Self::V, bound: f32, small: Self::V, mut large: Self::V) -> Self::V {
        for ((chosen, x), small) in large.iter_mut().zip(x).zip(small) {
            *chosen = if x.abs() < bound { small } else { *chosen };
        }
        large
    }

    #[inline(always)]
    fn transpose(self, square: Square<Self>) -> Square<Self> {
        let mut columns = square;
        for (n, column) in columns.iter_mut().enumerate().take(LANES) {
            for (number, row) in column.iter_mut().zip(square) {
                *number = row[n];
            }
        }
        columns
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        // SAFETY: by the trait's contract.
        unsafe { from.cast::<Self::V>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: Self::V) {
        // SAFETY: by the trait's contract.
        unsafe { to.cast::<Self::V>().write_unaligned(x) }
    }
}
