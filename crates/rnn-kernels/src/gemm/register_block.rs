//! The innermost part of a product: a block of the result that stays in registers while its terms are added.

use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{Ordering, compiler_fence};

use super::packed_left::{CHUNK, PackedLeft};
use super::panels::{Columns, width};
use super::types::{Product, Start};
use crate::number::Number;
use crate::vector::{MAX_ROWS, Vector};

/// The number of terms in the body of the loop. A core that two programs share decodes half as many
/// instructions, and fewer of them then count the loop.
pub const UNROLL: usize = 4;

/// Returns true if a block with this number of rows prefetches its result and rows of B. With fewer rows, the
/// loads of B take most of the time, and the processor prefetches them itself.
const fn prefetches(rows: usize) -> bool {
    rows > 4
}

/// Some terms of a block of the result, for up to [`Vector::COLUMNS`] vectors of columns.
pub struct RegisterBlock<'a, E> {
    pub product: &'a Product<'a, E>,
    pub left: &'a PackedLeft<E>,
    /// The vectors of columns, all of one group of the panels.
    pub vectors: Range<usize>,
    pub terms: Range<usize>,
    pub start: Start<'a, E>,
    /// The first row of the block among the packed rows.
    pub row: usize,
    /// The rows of B that the block prefetches, one for each [`UNROLL`] terms.
    pub ahead: *const E,
}

impl<E: Number> RegisterBlock<'_, E> {
    /// Computes `rows` rows of the result, from row `first` on.
    #[inline(always)]
    pub fn rows<S: Vector<Element = E>, const C: usize>(&self, s: S, first: usize, rows: usize) {
        match rows {
            1 => self.run::<S, 1, C>(s, first),
            2 => self.run::<S, 2, C>(s, first),
            3 => self.run::<S, 3, C>(s, first),
            4 if S::ROWS > 3 => self.run::<S, 4, C>(s, first),
            5 if S::ROWS > 4 => self.run::<S, 5, C>(s, first),
            6 if S::ROWS > 5 => self.run::<S, MAX_ROWS, C>(s, first),
            larger => unreachable!("{larger} rows in a block"),
        }
    }

    /// Computes R rows of C vectors of columns.
    #[inline(always)]
    fn run<S: Vector<Element = E>, const R: usize, const C: usize>(&self, s: S, first: usize) {
        let columns: &[Columns; C] =
            self.product.right.columns[self.vectors.clone()].try_into().expect("C vectors");
        let rows: [*mut E; R] = std::array::from_fn(|r| self.product.result.ptr(first + r, 0));
        if prefetches(R) {
            for row in rows {
                for Columns { at, .. } in columns {
                    s.prefetch(row.wrapping_add(*at));
                }
            }
        }
        let sums = self.sums::<S, R, C>(s);
        let whole = columns.iter().all(|columns| columns.lanes == S::LANES);
        // The start is added last: a sum loses less precision if its small terms are added first.
        for (r, row) in sums.iter().enumerate() {
            for n in 0..C {
                let Columns { at, lanes } = columns[n];
                let to = rows[r].wrapping_add(at);
                let start = match self.start {
                    Start::Zero => None,
                    Start::Result => Some(to.cast_const()),
                    Start::Row(row) => Some(row.as_ptr().wrapping_add(at).cast_const()),
                    Start::Rows(rows) => Some(rows.ptr(first + r, at).cast_const()),
                };
                let mut sum = row[n];
                // SAFETY: all rows with all their columns were checked to be in bounds.
                unsafe {
                    if whole {
                        sum = start.map_or(sum, |start| s.add(sum, s.load(start)));
                        s.store(to, sum);
                    } else {
                        sum = start.map_or(sum, |start| s.add(sum, s.load_first(start, lanes)));
                        s.store_first(to, lanes, sum);
                    }
                }
            }
        }
    }

    /// Returns the sums of the terms.
    #[inline(always)]
    fn sums<S: Vector<Element = E>, const R: usize, const C: usize>(&self, s: S) -> [[S::V; C]; R] {
        let mut sums = [[s.zero(); C]; R];
        let left = self.left.block(self.row, R, self.terms.start);
        let mut b = self.product.right.line::<S>(self.vectors.start, self.terms.start);
        let mut a = [std::ptr::null(); R];
        for (r, a) in a.iter_mut().enumerate() {
            // Without `black_box`, the compiler adds the distance of the rows in the loop and runs out of
            // registers.
            *a = black_box(left.start.wrapping_add(r * left.row));
        }
        let (mut ahead, width) = (self.ahead, width::<S>());
        let mut rest = self.terms.len();
        while rest > 0 {
            let count = CHUNK.min(rest);
            // SAFETY: all rows and panels were checked to be in bounds; the terms end with the depth of the
            // panels.
            unsafe {
                for k in (0..count / UNROLL * UNROLL).step_by(UNROLL) {
                    if prefetches(R) {
                        // A closure that is not inlined would be a call, around which all sums are stored.
                        for line in 0..width / E::CACHE_LINE {
                            s.prefetch(ahead.wrapping_add(line * E::CACHE_LINE));
                        }
                        ahead = ahead.wrapping_add(width);
                    }
                    for k in k..k + UNROLL {
                        add_term(s, a, b, k, &mut sums);
                        // Without this, the compiler loads the next terms early and runs out of registers.
                        compiler_fence(Ordering::SeqCst);
                    }
                }
                for k in count / UNROLL * UNROLL..count {
                    add_term(s, a, b, k, &mut sums);
                }
            }
            a = a.map(|a| a.wrapping_add(left.chunk));
            b = b.wrapping_add(count * width);
            rest -= count;
        }
        sums
    }
}

/// Adds one term of each sum: number k of each row of A times row k of B.
///
/// # Safety
/// The numbers are in bounds.
#[inline(always)]
unsafe fn add_term<S: Vector, const R: usize, const C: usize>(
    s: S,
    a: [*const S::Element; R],
    b: *const S::Element,
    k: usize,
    sums: &mut [[S::V; C]; R],
) {
    // SAFETY: by this function's contract.
    unsafe {
        let b = b.add(k * width::<S>());
        let mut line = [s.zero(); C];
        for (n, vector) in line.iter_mut().enumerate() {
            *vector = s.load(b.add(n * S::LANES));
        }
        for r in 0..R {
            let factor = s.splat(*a[r].add(k));
            for n in 0..C {
                sums[r][n] = s.mul_add(factor, line[n], sums[r][n]);
            }
        }
    }
}
