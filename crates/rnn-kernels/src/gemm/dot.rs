//! The product of a few rows with weights as they lie in memory.
//!
//! Packing the weights takes as long as a few products with them, so it does not pay for a few rows.

use std::hint::black_box;
use std::ops::Range;

use super::panels::Columns;
use super::rows::Rows;
use super::types::Start;
use crate::memory::Shared;
use crate::number::Number;
use crate::vector::{MAX_LANES, Vector, VectorOp};

/// The number of adjacent rows of W that are read from one pointer.
const ROWS_OF_POINTER: usize = 4;

/// A pointer for each [`ROWS_OF_POINTER`] rows of W.
type Pointers<E> = [*const E; MAX_LANES / ROWS_OF_POINTER];

/// The product C = A·Wᵀ + start for a few rows of A. Each number of the product is a sum over vectors of
/// terms.
pub struct DotProduct<'a, E, F> {
    /// A.
    pub left: Rows<'a, E>,
    /// W, `[rows, depth]`, with at least as many rows as a vector has lanes.
    pub weights: Shared<'a, E>,
    /// The number of columns of A and W.
    pub depth: usize,
    /// Returns the row of W that gives the first column of a vector of columns, and the number of rows from
    /// it on that W has. Columns without a row become those of the start.
    pub weight_rows: F,
    /// The position in C of each vector of columns.
    pub columns: &'a [Columns],
    /// The vectors of columns to compute.
    pub vectors: Range<usize>,
    /// C.
    pub result: Rows<'a, E>,
    /// The number of rows of A and C.
    pub count: usize,
    /// The start.
    pub start: Start<'a, E>,
}

/// A vector of columns of the result, and the rows of W that give it.
#[derive(Clone, Copy)]
struct Columnwise {
    /// The first column.
    at: usize,
    /// The first row of W.
    row: usize,
    /// The number of rows of W, at least 1.
    rows: usize,
}

impl<E: Number, F: Fn(usize) -> (usize, usize)> VectorOp<E> for DotProduct<'_, E, F> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        if self.count == 0 {
            return;
        }
        self.left.check(self.count, self.depth);
        assert!(self.weights.len() >= S::LANES * self.depth, "a matrix of fewer rows than lanes");
        for vector in self.vectors.clone() {
            let (row, rows) = (self.weight_rows)(vector);
            self.weights.range(row * self.depth, rows * self.depth);
            let columns = Columnwise { at: self.columns[vector].at, row, rows };
            let mut first = 0;
            while first < self.count {
                // One sum for each lane of a vector: few rows with many columns, or more rows with fewer.
                first += match self.count - first {
                    1 => self.block::<S, 1>(s, first, columns),
                    2 | 3 => self.block::<S, 2>(s, first, columns),
                    _ => self.block::<S, 4>(s, first, columns),
                };
            }
        }
    }
}

impl<E: Number, F> DotProduct<'_, E, F> {
    /// Computes R rows of a vector of columns, and returns R.
    #[inline(always)]
    fn block<S: Vector<Element = E>, const R: usize>(
        &self,
        s: S,
        first: usize,
        columns: Columnwise,
    ) -> usize {
        let together = S::LANES / R;
        for from in (0..S::LANES).step_by(together) {
            let sums = s.to_array(self.sums::<S, R>(s, first, from, columns));
            let known = columns.rows.saturating_sub(from).min(together);
            let skipped = columns.row + from - self.first_weight_row(columns.row + from, together);
            for r in 0..R {
                let mut row = [E::ZERO; MAX_LANES];
                row[..known].copy_from_slice(&sums[r * together + skipped.min(together - known)..][..known]);
                self.put(first + r, columns.at + from, &row[..together]);
            }
        }
        R
    }

    /// Returns the products of R rows of A with `LANES / R` rows of W, from row `from` of the columns on.
    #[inline(always)]
    fn sums<S: Vector<Element = E>, const R: usize>(
        &self,
        s: S,
        first: usize,
        from: usize,
        columns: Columnwise,
    ) -> S::V {
        let together = S::LANES / R;
        let mut a = [std::ptr::null(); R];
        for (r, a) in a.iter_mut().enumerate() {
            *a = black_box(self.left.ptr(first + r, 0).cast_const());
        }
        let row = self.first_weight_row(columns.row + from, together);
        // Few pointers, so that they stay in registers: each serves the rows of W at small multiples of the
        // depth from it.
        let mut w: Pointers<E> = [std::ptr::null(); MAX_LANES / ROWS_OF_POINTER];
        for (n, w) in w.iter_mut().enumerate() {
            let row = row + n * ROWS_OF_POINTER;
            // Without `black_box`, the compiler makes a pointer for each row.
            *w = black_box(self.weights.as_ptr().wrapping_add(row * self.depth).cast_const());
        }
        let depth = black_box(self.depth);
        let of_row =
            |w: &Pointers<E>, n: usize| w[n / ROWS_OF_POINTER].wrapping_add(n % ROWS_OF_POINTER * depth);
        let mut sums = [s.zero(); MAX_LANES];
        // SAFETY: `run` has checked the rows of A and W.
        unsafe {
            for _ in 0..self.depth / S::LANES {
                add_terms::<S, R>(s, &mut sums, |r| s.load(a[r]), |n| s.load(of_row(&w, n)));
                a = a.map(|a| a.wrapping_add(S::LANES));
                w = w.map(|w| opaque(w.wrapping_add(S::LANES)));
            }
            let rest = self.depth % S::LANES;
            if rest > 0 {
                let a = |r: usize| s.load_first(a[r], rest);
                add_terms::<S, R>(s, &mut sums, a, |n| s.load_first(of_row(&w, n), rest));
            }
        }
        let lanes = s.transpose(sums);
        let mut sum = lanes[0];
        for lane in &lanes[1..S::LANES] {
            sum = s.add(sum, *lane);
        }
        sum
    }

    /// Returns the first of `together` rows of W that are read for the rows from `row` on. The last rows of W
    /// are read with the rows before them.
    #[inline(always)]
    fn first_weight_row(&self, row: usize, together: usize) -> usize {
        row.min(self.weights.len() / self.depth - together)
    }

    /// Stores some numbers of a row of the result, plus their start.
    #[inline(always)]
    fn put(&self, row: usize, column: usize, sums: &[E]) {
        let to = self.result.numbers.slice_mut(self.result.offset(row) + column, sums.len());
        let start = match self.start {
            Start::Zero => return to.copy_from_slice(sums),
            Start::Result => &*to,
            Start::Row(start) => start.slice(column, sums.len()),
            Start::Rows(rows) => rows.numbers.slice(rows.offset(row) + column, sums.len()),
        };
        let mut numbers = [E::ZERO; MAX_LANES];
        for (number, (sum, start)) in numbers.iter_mut().zip(sums.iter().zip(start)) {
            *number = *sum + *start;
        }
        to.copy_from_slice(&numbers[..sums.len()]);
    }
}

/// Adds a vector of terms to each of the sums: that of row r of A and row n of W is number `r·LANES/R + n`.
#[inline(always)]
fn add_terms<S: Vector, const R: usize>(
    s: S,
    sums: &mut [S::V; MAX_LANES],
    a: impl Fn(usize) -> S::V,
    w: impl Fn(usize) -> S::V,
) {
    let together = S::LANES / R;
    let mut rows = [s.zero(); R];
    for (r, row) in rows.iter_mut().enumerate() {
        *row = a(r);
    }
    for n in 0..together {
        let w = w(n);
        for r in 0..R {
            sums[r * together + n] = s.mul_add(rows[r], w, sums[r * together + n]);
        }
    }
}

/// Returns the pointer, of which the compiler then knows nothing. Otherwise it makes a pointer for each row
/// of W, more than there are registers.
#[inline(always)]
fn opaque<E>(mut pointer: *const E) -> *const E {
    // SAFETY: no instruction is added.
    unsafe {
        std::arch::asm!("/* {} */", inout(reg) pointer, options(pure, readonly, nostack, preserves_flags))
    };
    pointer
}
