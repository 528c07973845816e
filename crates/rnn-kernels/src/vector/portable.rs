//! Vectors without intrinsics, for all other processors. They are arrays, which the compiler turns into
//! vector code.

use std::marker::PhantomData;

use super::coefficients::Coefficients;
use super::traits::{Square, Vector, VectorOp};
use crate::number::Number;

/// Vectors of `LANES` numbers as arrays. No proof is needed.
#[derive(Clone, Copy, Default)]
pub struct Portable<E, const LANES: usize>(PhantomData<E>);

/// Returns f(x, y) of every lane.
#[inline(always)]
fn zip<E: Copy, const LANES: usize>(mut x: [E; LANES], y: [E; LANES], f: impl Fn(E, E) -> E) -> [E; LANES] {
    for (x, y) in x.iter_mut().zip(y) {
        *x = f(*x, y);
    }
    x
}

/// Returns a·b + c. The result is rounded once if the target has a fused instruction. On other targets the
/// fused operation would be a slow call.
#[inline(always)]
fn mul_add<E: Number>(a: E, b: E, c: E) -> E {
    if cfg!(target_arch = "aarch64") { a.fused_mul_add(b, c) } else { a * b + c }
}

impl<E: Number + Coefficients, const LANES: usize> Vector for Portable<E, LANES> {
    type Element = E;

    const LANES: usize = LANES;
    const ROWS: usize = 3;
    const COLUMNS: usize = 4;
    type V = [E; LANES];

    fn vectorize(self, op: impl VectorOp<E>) {
        op.run(self);
    }

    #[inline(always)]
    fn splat(self, x: E) -> Self::V {
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
    fn clamp(self, x: Self::V, bound: E) -> Self::V {
        x.map(|x| x.clamped(bound))
    }

    #[inline(always)]
    fn round(self, x: Self::V) -> Self::V {
        x.map(|x| (x + E::NO_FRACTION) - E::NO_FRACTION)
    }

    #[inline(always)]
    fn scale(self, x: Self::V, n: Self::V) -> Self::V {
        zip(x, n, E::scaled)
    }

    #[inline(always)]
    fn select_small(self, x: Self::V, bound: E, small: Self::V, mut large: Self::V) -> Self::V {
        for ((chosen, x), small) in large.iter_mut().zip(x).zip(small) {
            *chosen = if x.magnitude() < bound { small } else { *chosen };
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
    unsafe fn load(self, from: *const E) -> Self::V {
        // SAFETY: by the trait's contract.
        unsafe { from.cast::<Self::V>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut E, x: Self::V) {
        // SAFETY: by the trait's contract.
        unsafe { to.cast::<Self::V>().write_unaligned(x) }
    }
}
