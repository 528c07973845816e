//! The operations of an instruction set.

use super::coefficients::Coefficients;
use crate::amx::Tiles;
use crate::number::Number;

/// The number of vectors of columns in the widest register block of any instruction set.
pub const MAX_COLUMNS: usize = 4;

/// The number of rows of the largest register block of any instruction set.
pub const MAX_ROWS: usize = 6;

/// The number of lanes of the longest vector of any instruction set and type of number.
pub const MAX_LANES: usize = 16;

/// A square matrix with one vector per row. Rows beyond the number of lanes are not used.
pub type Square<S> = [<S as Vector>::V; MAX_LANES];

/// An operation on numbers of type `E` that is compiled once for each instruction set.
pub trait VectorOp<E> {
    /// Does the operation. Implementations are `#[inline(always)]`.
    fn run<S: Vector<Element = E>>(self, s: S);
}

/// The operations of an instruction set on its vectors of one type of number.
pub trait Vector: Copy + Send + Sync {
    /// The type of the numbers.
    type Element: Number + Coefficients;
    /// The number of lanes of a vector.
    const LANES: usize;
    /// The number of rows of a register block. The sums, one line of weights and one factor fit in the
    /// registers.
    const ROWS: usize;
    /// The number of vectors of columns of a register block.
    const COLUMNS: usize;
    /// The type of a vector.
    type V: Copy;

    /// Runs an operation in code that is compiled for this instruction set.
    fn vectorize(self, op: impl VectorOp<Self::Element>);

    /// Returns the proof of AMX, if matrix products are to run on it.
    fn tiles(self) -> Option<Tiles> {
        None
    }

    /// Returns a vector with `x` in every lane.
    fn splat(self, x: Self::Element) -> Self::V;
    /// Returns a vector of zeros.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(<Self::Element>::ZERO)
    }
    /// Returns a vector of ones.
    #[inline(always)]
    fn one(self) -> Self::V {
        self.splat(<Self::Element>::ONE)
    }
    /// Returns a + b.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns a − b.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns a·b.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns a / b.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns 1 / x for x ≥ 1, with an error of at most one unit in the last place or the smallest normal
    /// number.
    #[inline(always)]
    fn reciprocal(self, x: Self::V) -> Self::V {
        self.div(self.one(), x)
    }
    /// Returns a·b + c.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Returns c − a·b.
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Returns x clamped to −bound … bound. NaN stays NaN.
    fn clamp(self, x: Self::V, bound: Self::Element) -> Self::V;
    /// Returns the integer nearest to x, for |x| < 2²².
    fn round(self, x: Self::V) -> Self::V;
    /// Returns x·2ⁿ for an integer n with |n| ≤ 250 in f32, or |n| ≤ 2040 in f64.
    fn scale(self, x: Self::V, n: Self::V) -> Self::V;
    /// Returns `small` in lanes with |x| < bound, else `large`. NaN selects `large`.
    fn select_small(self, x: Self::V, bound: Self::Element, small: Self::V, large: Self::V) -> Self::V;
    /// Transposes a square.
    fn transpose(self, square: Square<Self>) -> Square<Self>;

    /// Asks for the cache line at an address, which need not be valid.
    #[inline(always)]
    fn prefetch(self, _at: *const Self::Element) {}

    /// Reads a vector.
    ///
    /// # Safety
    /// `LANES` numbers are readable at `from`.
    unsafe fn load(self, from: *const Self::Element) -> Self::V;

    /// Writes a vector.
    ///
    /// # Safety
    /// `LANES` numbers are writable at `to`.
    unsafe fn store(self, to: *mut Self::Element, x: Self::V);

    /// Reads `lanes` ≤ `LANES` numbers. The other lanes are 0.
    ///
    /// # Safety
    /// `lanes` numbers are readable at `from`.
    #[inline(always)]
    unsafe fn load_first(self, from: *const Self::Element, lanes: usize) -> Self::V {
        let mut all = [<Self::Element>::ZERO; MAX_LANES];
        // SAFETY: by this function's contract; `all` has room for the longest vector.
        unsafe {
            std::ptr::copy_nonoverlapping(from, all.as_mut_ptr(), lanes);
            self.load(all.as_ptr())
        }
    }

    /// Writes the first `lanes` ≤ `LANES` numbers.
    ///
    /// # Safety
    /// `lanes` numbers are writable at `to`.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut Self::Element, lanes: usize, x: Self::V) {
        let all = self.to_array(x);
        // SAFETY: by this function's contract; `all` has room for the longest vector.
        unsafe { std::ptr::copy_nonoverlapping(all.as_ptr(), to, lanes) };
    }

    /// Returns x with 0 in all lanes after the first `lanes`.
    #[inline(always)]
    fn keep_first(self, x: Self::V, lanes: usize) -> Self::V {
        if lanes == Self::LANES {
            return x;
        }
        // SAFETY: the array has room for the longest vector.
        unsafe { self.load_first(self.to_array(x).as_ptr(), lanes) }
    }

    /// Returns the lanes of x, then zeros.
    #[inline(always)]
    fn to_array(self, x: Self::V) -> [Self::Element; MAX_LANES] {
        let mut all = [<Self::Element>::ZERO; MAX_LANES];
        // SAFETY: the array has room for the longest vector.
        unsafe { self.store(all.as_mut_ptr(), x) };
        all
    }
}
