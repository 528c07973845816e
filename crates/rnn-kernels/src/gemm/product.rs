//! The product on vectors. Products on AMX run in [`tiles`].
//!
//! The loops, from the outside in: a part of A that stays in the second-level cache, panels of columns of B,
//! and blocks of rows that stay in the registers.

use std::any::TypeId;
use std::ops::Range;

use super::blocks::Blocks;
use super::packed_left::{CHUNK, PackedLeft};
use super::panels::width;
use super::register_block::{RegisterBlock, UNROLL};
use super::rows::Rows;
use super::tiles;
use super::types::{Left, Product, Start};
use crate::caches::second_level_cache;
use crate::number::Number;
use crate::partition::chunk;
use crate::vector::{MAX_COLUMNS, Vector, VectorOp};

/// The number of rows of A in one pass. Fewer rows would read B more often. More rows would read the result
/// more often.
const ROWS_AT_ONCE: usize = 128;

impl<E: Number> Product<'_, E> {
    /// Computes the product.
    pub fn run<S: Vector<Element = E>>(self, s: S) {
        s.vectorize(self);
    }

    /// Checks that all operands are in bounds, once for all blocks.
    fn check<S: Vector<Element = E>>(&self) {
        let columns = &self.right.columns[self.vectors.clone()];
        let width = columns.iter().map(|columns| columns.at + columns.lanes).max().unwrap_or_default();
        self.left.check(self.count, self.right.depth);
        self.result.check(self.count, width);
        match self.start {
            Start::Zero | Start::Result => (),
            Start::Row(row) => _ = row.range(0, width),
            Start::Rows(rows) => rows.check(self.count, width),
        }
        self.right.check::<S>();
    }

    /// Returns the product as one of f32, if `E` is f32.
    fn as_f32(&self) -> Option<&Product<'_, f32>> {
        let is_f32 = TypeId::of::<E>() == TypeId::of::<f32>();
        // SAFETY: both are the same type.
        is_f32.then(|| unsafe { &*(&raw const *self).cast() })
    }

    /// Multiplies some terms of the rows of some blocks with all columns.
    #[inline(always)]
    fn multiply_part<S: Vector<Element = E>>(
        &self,
        s: S,
        left: &Rows<E>,
        blocks: Blocks,
        terms: Range<usize>,
    ) {
        let left = &PackedLeft::new(s, left, blocks, terms.clone());
        let start = if terms.start > 0 { Start::Result } else { self.start };
        let panel = |vectors: &Range<usize>| self.right.line::<S>(vectors.start, terms.start);
        let part = terms.len() / UNROLL * width::<S>();
        let others = blocks.iter().len().saturating_sub(UNROLL);
        let mut groups = self.groups(S::COLUMNS).peekable();
        while let Some(vectors) = groups.next() {
            // Each of the last blocks prefetches a part of the next panel. The other blocks prefetch the
            // present panel, which is in the cache.
            let (present, next) = (panel(&vectors), groups.peek().map(panel));
            for (n, (first, rows)) in blocks.iter().enumerate() {
                let next = next.zip(n.checked_sub(others));
                let block = RegisterBlock {
                    product: self,
                    left,
                    vectors: vectors.clone(),
                    terms: terms.clone(),
                    start,
                    row: first - blocks.first_row(),
                    ahead: next.map_or(present, |(next, n)| next.wrapping_add(n * part)),
                };
                // The constants leave out the code of blocks that are too large.
                match vectors.len() {
                    1 => block.rows::<S, 1>(s, first, rows),
                    2 => block.rows::<S, 2>(s, first, rows),
                    3 if S::COLUMNS > 2 => block.rows::<S, 3>(s, first, rows),
                    4 if S::COLUMNS > 3 => block.rows::<S, MAX_COLUMNS>(s, first, rows),
                    wider => unreachable!("{wider} vectors in a block"),
                }
            }
        }
    }
}

/// Returns the number of passes over the `count` rows of A, and the terms of a pass, out of `depth`.
///
/// A's rows and terms of a pass take half of the second-level cache, and the terms of a panel of B take an
/// eighth.
fn passes_and_terms<S: Vector>(count: usize, depth: usize) -> (usize, usize) {
    let numbers = second_level_cache() / size_of::<S::Element>();
    let passes = count.div_ceil(ROWS_AT_ONCE.max(numbers / 2 / depth));
    let most = (numbers / 2 / count.div_ceil(passes)).min(numbers / 8 / width::<S>());
    let slices = depth.div_ceil((most / CHUNK).max(1) * CHUNK);
    (passes, depth.div_ceil(slices).next_multiple_of(CHUNK))
}

impl<E: Number> VectorOp<E> for Product<'_, E> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        if self.count == 0 || self.vectors.is_empty() {
            return;
        }
        self.check::<S>();
        if let Some(tiles) = self.right.tiles {
            let product = self.as_f32().expect("only f32 has tiles");
            // SAFETY: `check` has checked all bounds, and panels are filled before they are used.
            unsafe { tiles::multiply(tiles, product) };
            return;
        }
        let Left::Rows(left) = self.left else { unreachable!("rows are split only for tiles") };
        let depth = self.right.depth;
        let (passes, terms) = passes_and_terms::<S>(self.count, depth);
        for from in (0..depth).step_by(terms) {
            for rows in (0..passes).map(|n| chunk(self.count, n, passes)) {
                let blocks = Blocks::new(rows.start, rows.len(), S::ROWS);
                self.multiply_part(s, &left, blocks, from..depth.min(from + terms));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemm::panels::{Panels, columns};
    use crate::isa::{Isa, Job};
    use crate::memory::{Shared, Workspace};

    /// A product of `count` rows that are `stride` apart, added to 0.5. The first vector of columns is left
    /// out.
    #[derive(Clone, Copy, Debug)]
    struct Case {
        count: usize,
        depth: usize,
        stride: usize,
        columns: usize,
        backwards: bool,
    }

    fn left<E: Number>(row: usize, k: usize) -> E {
        E::from(((row * 31 + k * 17) % 64) as f32 / 8.0 - 4.0)
    }

    fn right<E: Number>(k: usize, column: usize) -> E {
        E::from(((k * 7 + column * 13) % 32) as f32 / 8.0 - 2.0)
    }

    impl<E: Number> Job<E> for Case {
        type Result = ();

        fn run<S: Vector<Element = E>>(self, s: S) {
            let Case { count, depth, stride, columns: width, backwards } = self;
            let mut a = vec![E::from(f32::NAN); count * stride];
            for row in 0..count {
                (0..depth).for_each(|k| a[row * stride + k] = left(row, k));
            }
            let b: Vec<Vec<E>> = (0..depth).map(|k| (0..width).map(|n| right(k, n)).collect()).collect();
            let half = E::from(0.5);
            let columns = columns::<S>(width);
            let mut c = vec![half; count * width];
            // SAFETY: one thread uses the memory.
            let (memory, result) = unsafe { (Workspace::new(), Shared::writable(Some(&mut c))) };
            let panels = Panels::new::<S>(&memory, depth, &columns, None);
            panels.fill(s, 0..columns.len(), |k| Some(&b[k][..]));
            Product {
                left: Left::Rows(Rows::plain(Shared::read_only(&a), 0, stride)),
                right: panels,
                vectors: 1..columns.len(),
                result: Rows::plain(result, 0, width),
                count,
                start: Start::Result,
                backwards,
            }
            .run(s);
            for row in 0..count {
                for n in 0..width {
                    // All sums are multiples of 1/64 below 2¹⁷, so f32 adds them exactly.
                    let terms = (0..depth).map(|k| left::<E>(row, k) * right(k, n));
                    let sum = terms.fold(E::ZERO, |sum, term| sum + term);
                    let expected = if n < S::LANES { half } else { half + sum };
                    assert_eq!(c[row * width + n], expected, "{self:?}: row {row}, column {n}");
                }
            }
        }
    }

    #[test]
    fn product_with_all_kinds_of_rows_and_columns_is_exact() {
        for isa in Isa::available() {
            for (count, depth) in [(1, 3_usize), (1, 700), (5, 64), (7, 65), (20, 300), (150, 700), (3, 4000)]
            {
                // Rows of the first stride compete for the cache, and those of the second one do not.
                for stride in [depth.next_multiple_of(1024), depth.next_multiple_of(32) + 16] {
                    for columns in [17, 64, 85] {
                        let case = Case { count, depth, stride, columns, backwards: count % 2 == 0 };
                        isa.run::<f32, _>(case);
                        isa.run::<f64, _>(case);
                    }
                }
            }
        }
    }
}
