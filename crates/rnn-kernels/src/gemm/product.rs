//! The product on vectors. Blocks of the result stay in registers while their terms are added. Products on
//! AMX run in [`tiles`].

use std::ops::Range;

use super::panels::Columns;
use super::rows::Rows;
use super::tiles;
use super::types::{Left, Product, Start};
use crate::vector::{MAX_COLUMNS, MAX_ROWS, Vector, VectorOp};

/// The number of terms in a slice. A panel of this many rows of B stays in the cache while it is
/// multiplied with all rows of A.
const DEPTH: usize = 256;

impl Product<'_> {
    /// Computes the product.
    pub fn run<S: Vector>(self, s: S) {
        s.vectorize(self);
    }

    /// Checks that all operands are in bounds, once for all blocks.
    fn check<S: Vector>(&self) {
        let columns = &self.right.columns[self.vectors.clone()];
        let width = columns.iter().map(|columns| columns.at + columns.lanes).max().unwrap_or_default();
        self.left.check(self.count, self.right.depth);
        self.result.check(self.count, width);
        match self.start {
            Start::Zero | Start::Result => (),
            Start::Row(row) => _ = row.range(0, width),
            Start::Rows(rows) => rows.check(self.count, width),
        }
        self.right.numbers.range(0, self.right.len::<S>(self.vectors.end));
    }
}

impl VectorOp for Product<'_> {
    #[inline(always)]
    fn run<S: Vector>(self, s: S) {
        let depth = self.right.depth;
        if self.count == 0 || self.vectors.is_empty() {
            return;
        }
        self.check::<S>();
        if let Some(tiles) = self.right.tiles {
            // SAFETY: `check` has checked all bounds, and panels are filled before they are used.
            unsafe { tiles::multiply(tiles, &self) };
            return;
        }
        let Left::Rows(left) = self.left else { unreachable!("rows are split only for tiles") };
        for vectors in self.groups(S::COLUMNS) {
            for from in (0..depth).step_by(DEPTH) {
                let terms = from..depth.min(from + DEPTH);
                let start = if from > 0 { Start::Result } else { self.start };
                let panel = Panel { product: &self, left, vectors: vectors.clone(), terms, start };
                // The constants leave out the code of blocks that are too large.
                match vectors.len() {
                    1 => panel.run::<S, 1>(s),
                    2 => panel.run::<S, 2>(s),
                    3 if S::COLUMNS > 2 => panel.run::<S, 3>(s),
                    4 if S::COLUMNS > 3 => panel.run::<S, MAX_COLUMNS>(s),
                    wider => unreachable!("{wider} vectors in a block"),
                }
            }
        }
    }
}

/// A slice of the terms, for up to [`COLUMNS`] vectors of columns.
struct Panel<'a> {
    product: &'a Product<'a>,
    left: Rows<'a>,
    vectors: Range<usize>,
    terms: Range<usize>,
    start: Start<'a>,
}

impl Panel<'_> {
    /// Computes all rows, in blocks of nearly equal size.
    #[inline(always)]
    fn run<S: Vector, const C: usize>(self, s: S) {
        let count = self.product.count;
        let blocks = count.div_ceil(S::ROWS);
        let (min_rows, larger) = (count / blocks, count % blocks);
        let mut first = 0;
        for n in 0..blocks {
            let rows = min_rows + usize::from(n < larger);
            match rows {
                1 => self.block::<S, 1, C>(s, first),
                2 => self.block::<S, 2, C>(s, first),
                3 => self.block::<S, 3, C>(s, first),
                4 if S::ROWS > 3 => self.block::<S, 4, C>(s, first),
                5 if S::ROWS > 4 => self.block::<S, 5, C>(s, first),
                6 if S::ROWS > 5 => self.block::<S, MAX_ROWS, C>(s, first),
                larger => unreachable!("{larger} rows in a block"),
            }
            first += rows;
        }
    }

    /// Computes a block of the result: the R rows from `first` on times C vectors of columns.
    #[inline(always)]
    fn block<S: Vector, const R: usize, const C: usize>(&self, s: S, first: usize) {
        let sums = self.sums::<S, R, C>(s, first);
        let columns: &[Columns; C] =
            self.product.right.columns[self.vectors.clone()].try_into().expect("C vectors");
        let whole = columns.iter().all(|columns| columns.lanes == S::LANES);
        // The start is added last: a sum loses less precision if its small terms are added first.
        for (r, row) in sums.iter().enumerate() {
            for n in 0..C {
                let Columns { at, lanes } = columns[n];
                let to = self.product.result.ptr(first + r, at);
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

    /// Returns the sums of the slice's terms for a block.
    #[inline(always)]
    fn sums<S: Vector, const R: usize, const C: usize>(&self, s: S, first: usize) -> [[S::V; C]; R] {
        let right = &self.product.right;
        let panel = right.depth * S::LANES;
        let mut a = [std::ptr::null(); R];
        for (r, a) in a.iter_mut().enumerate() {
            *a = self.left.ptr(first + r, self.terms.start).cast_const();
        }
        let b = right.numbers.as_ptr().wrapping_add(self.vectors.start * panel + self.terms.start * S::LANES);
        let mut sums = [[s.splat(0.0); C]; R];
        for k in 0..self.terms.len() {
            // SAFETY: all rows and panels were checked to be in bounds; the terms end with the depth of
            // the panels.
            unsafe {
                let mut line = [s.splat(0.0); C];
                for (n, vector) in line.iter_mut().enumerate() {
                    *vector = s.load(b.add(n * panel + k * S::LANES));
                }
                for r in 0..R {
                    let factor = s.splat(*a[r].add(k));
                    for n in 0..C {
                        sums[r][n] = s.mul_add(factor, line[n], sums[r][n]);
                    }
                }
            }
        }
        sums
    }
}
