//! The one product of matrices that everything is made of: rows times packed columns, in blocks that fit the registers.

use std::ops::Range;

use super::panels::{Column, SharedPanels};
use super::rows::{Left, Rows};
use super::shared::Shared;
use super::tiles;
use super::vector::{COLUMNS, MOST_ROWS, Op, Simd};

/// So many rows of the right factor are used before the next ones: a panel of them stays in the cache while all rows
/// of the left factor pass.
const DEPTH: usize = 256;

/// What is added to a product.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// Nothing.
    Zero,
    /// What the result has.
    Result,
    /// The same row for every row.
    Row(Shared<'a>),
    /// Another matrix.
    Rows(Rows<'a>),
}

/// C = A B plus what it starts from, for some rows and some vectors of columns.
pub struct Product<'a> {
    /// A.
    pub left: Left<'a>,
    /// B.
    pub right: SharedPanels<'a>,
    /// Which vectors of B's columns.
    pub vectors: Range<usize>,
    /// C.
    pub result: Rows<'a>,
    /// How many rows of A and C.
    pub count: usize,
    /// What C starts from.
    pub start: Start<'a>,
    /// Whether the last columns come first: where B does not fit the cache, every other step then finds there what the
    /// one before used last.
    pub backwards: bool,
}

impl Product<'_> {
    /// The vectors of columns in groups of up to `size`, in the order that is asked for.
    pub fn groups(&self, size: usize) -> impl Iterator<Item = Range<usize>> {
        let Range { start, end } = self.vectors.clone();
        let count = (end - start).div_ceil(size);
        (0..count).map(move |n| {
            let from = start + size * if self.backwards { count - 1 - n } else { n };
            from..end.min(from + size)
        })
    }

    /// Computes it.
    pub fn run<S: Simd>(self, s: S) {
        s.vectorize(self);
    }
}

impl Op for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let depth = self.right.depth;
        if self.count == 0 || self.vectors.is_empty() {
            return;
        }
        // Once for all blocks, which do not check again.
        let columns = &self.right.columns[self.vectors.clone()];
        let width = columns.iter().map(|column| column.at + column.lanes).max().unwrap_or_default();
        self.left.check(self.count, depth);
        self.result.check(self.count, width);
        match self.start {
            Start::Zero | Start::Result => (),
            Start::Row(row) => _ = row.part(0, width),
            Start::Rows(rows) => rows.check(self.count, width),
        }
        self.right.numbers.part(0, self.right.len::<S>(self.vectors.end));
        if let Some(tiles) = self.right.tiles {
            // SAFETY: all was checked to be there, and panels are filled before they are used.
            unsafe { tiles::multiply(tiles, &self) };
            return;
        }
        let Left::Rows(left) = self.left else { unreachable!("only tiles take rows that are split") };
        for vectors in self.groups(COLUMNS) {
            for from in (0..depth).step_by(DEPTH) {
                let slice = from..depth.min(from + DEPTH);
                let start = if from > 0 { Start::Result } else { self.start };
                let panel = Panel { product: &self, left, vectors: vectors.clone(), slice, start };
                match vectors.len() {
                    1 => panel.run::<S, 1>(s),
                    2 => panel.run::<S, 2>(s),
                    3 => panel.run::<S, 3>(s),
                    _ => panel.run::<S, COLUMNS>(s),
                }
            }
        }
    }
}

/// A slice of up to [`COLUMNS`] vectors of B.
struct Panel<'a> {
    product: &'a Product<'a>,
    left: Rows<'a>,
    vectors: Range<usize>,
    slice: Range<usize>,
    start: Start<'a>,
}

impl Panel<'_> {
    /// All rows, in blocks as equal as can be.
    #[inline(always)]
    fn run<S: Simd, const C: usize>(self, s: S) {
        let count = self.product.count;
        let blocks = count.div_ceil(S::ROWS);
        let (least, larger) = (count / blocks, count % blocks);
        let mut first = 0;
        for n in 0..blocks {
            let rows = least + usize::from(n < larger);
            match rows {
                1 => self.block::<S, 1, C>(s, first),
                2 => self.block::<S, 2, C>(s, first),
                3 => self.block::<S, 3, C>(s, first),
                4 => self.block::<S, 4, C>(s, first),
                5 => self.block::<S, 5, C>(s, first),
                _ => self.block::<S, MOST_ROWS, C>(s, first),
            }
            first += rows;
        }
    }

    /// R rows from `first` on times C vectors.
    #[inline(always)]
    fn block<S: Simd, const R: usize, const C: usize>(&self, s: S, first: usize) {
        let (left, Product { right, result, .. }) = (&self.left, self.product);
        let depth = self.slice.len();
        let columns: &[Column; C] = right.columns[self.vectors.clone()].try_into().expect("C vectors");
        let whole = columns.iter().all(|column| column.lanes == S::LANES);
        let panel = right.depth * S::LANES;
        let mut a = [std::ptr::null(); R];
        let mut c = [[std::ptr::null_mut(); C]; R];
        // SAFETY: all rows, with all their columns, and all panels were checked to be there.
        let b = unsafe {
            for r in 0..R {
                a[r] = left.numbers.start().add(left.at(first + r) + self.slice.start).cast_const();
                let row = result.numbers.start().add(result.at(first + r));
                for n in 0..C {
                    c[r][n] = row.add(columns[n].at);
                }
            }
            right.numbers.start().add(self.vectors.start * panel + self.slice.start * S::LANES).cast_const()
        };
        let mut sum = [[s.splat(0.0); C]; R];
        // SAFETY: as above; the slice ends with the depth of the panels.
        unsafe {
            for k in 0..depth {
                let mut line = [s.splat(0.0); C];
                for (n, vector) in line.iter_mut().enumerate() {
                    *vector = s.load(b.add(n * panel + k * S::LANES));
                }
                for r in 0..R {
                    let factor = s.splat(*a[r].add(k));
                    for n in 0..C {
                        sum[r][n] = s.mul_add(factor, line[n], sum[r][n]);
                    }
                }
            }
            // What C starts from is added last: small terms first lose less.
            for r in 0..R {
                for n in 0..C {
                    let (to, lanes, mut sum) = (c[r][n], columns[n].lanes, sum[r][n]);
                    let start = match self.start {
                        Start::Zero => None,
                        Start::Result => Some(to.cast_const()),
                        Start::Row(row) => Some(row.start().add(columns[n].at).cast_const()),
                        Start::Rows(rows) => Some(rows.place(first + r, columns[n].at)),
                    };
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
}
