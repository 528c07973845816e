//! What the kernels are written in: vectors of f32, one implementation for each instruction set.
//!
//! A value of such a type is the proof that this machine has the instructions: it can only be had where they were
//! detected. Every operation is inlined into [`Simd::vectorize`], the one function that is compiled for them.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use super::tiles::Tiles;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use portable::Portable;

/// Columns of a register block, in vectors: one line of weights times [`Simd::ROWS`] rows of states.
pub const COLUMNS: usize = 4;

/// Rows of the largest register block of any instruction set.
pub const MOST_ROWS: usize = 6;

/// A square of numbers, a vector a row; no vector is longer, and rows beyond its length are not used.
pub type Tile<S> = [<S as Simd>::V; 16];

/// Work that is to be compiled for an instruction set.
pub trait Op {
    /// Does it. To be marked `#[inline(always)]`.
    fn run<S: Simd>(self, s: S);
}

/// The operations of an instruction set on its vectors.
pub trait Simd: Copy + Send + Sync {
    /// Numbers in a vector.
    const LANES: usize;
    /// Rows of a register block: so many that sums, a line of weights and a factor fit the registers.
    const ROWS: usize;
    /// A vector.
    type V: Copy;

    /// Runs an operation with everything in it compiled for this instruction set.
    fn vectorize(self, op: impl Op);

    /// The unit for products of tiles, where there is one and it is to be used.
    fn tiles(self) -> Option<Tiles> {
        None
    }

    /// The same number in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// a + b.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a − b.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// a b.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a / b.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// 1 / x for x of at least 1, within a unit in the last place or 1e-38.
    #[inline(always)]
    fn reciprocal(self, x: Self::V) -> Self::V {
        self.div(self.splat(1.0), x)
    }
    /// a b + c.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a b.
    fn mul_sub_from(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// x within −bound … bound; NaN stays NaN.
    fn clamp(self, x: Self::V, bound: f32) -> Self::V;
    /// The nearest whole number, for |x| < 2²².
    fn round(self, x: Self::V) -> Self::V;
    /// x 2ⁿ for whole |n| ≤ 250.
    fn scale(self, x: Self::V, n: Self::V) -> Self::V;

    /// `small` where |x| < bound, else `large`; that too for NaN.
    fn where_small(self, x: Self::V, bound: f32, small: Self::V, large: Self::V) -> Self::V;

    /// Makes rows of columns.
    fn transpose(self, tile: Tile<Self>) -> Tile<Self>;

    /// Reads a vector.
    ///
    /// # Safety
    /// `LANES` numbers can be read there.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// Writes a vector.
    ///
    /// # Safety
    /// `LANES` numbers can be written there.
    unsafe fn store(self, to: *mut f32, x: Self::V);

    /// Reads `lanes` ≤ `LANES` numbers; the other lanes are 0.
    ///
    /// # Safety
    /// So many can be read there.
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, lanes: usize) -> Self::V {
        let mut all = [0.0; 16];
        // SAFETY: by this function's own contract; no vector is longer than 16.
        unsafe {
            std::ptr::copy_nonoverlapping(from, all.as_mut_ptr(), lanes);
            self.load(all.as_ptr())
        }
    }

    /// Writes the first `lanes` ≤ `LANES` numbers.
    ///
    /// # Safety
    /// So many can be written there.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, lanes: usize, x: Self::V) {
        let mut all = [0.0; 16];
        // SAFETY: by this function's own contract; no vector is longer than 16.
        unsafe {
            self.store(all.as_mut_ptr(), x);
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, lanes);
        }
    }

    /// x with 0 in all lanes but the first `lanes`.
    #[inline(always)]
    fn keep_first(self, x: Self::V, lanes: usize) -> Self::V {
        if lanes == Self::LANES {
            return x;
        }
        let mut all = [0.0; 16];
        // SAFETY: no vector is longer than 16.
        unsafe {
            self.store(all.as_mut_ptr(), x);
            self.load_first(all.as_ptr(), lanes)
        }
    }
}
