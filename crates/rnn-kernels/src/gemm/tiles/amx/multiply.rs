//! The product on tiles. The sums of up to four vectors of columns stay in tiles while their terms are
//! added.

use std::arch::x86_64::*;
use std::ops::Range;

use super::config::Configured;
use super::instructions::{columns, load, load_left, square, store, zero};
use crate::amx::Tiles;
use crate::gemm::rows::Rows;
use crate::gemm::tiles::bf16_split::{Bf16Split, with_scratch};
use crate::gemm::tiles::packed::packed_len;
use crate::gemm::tiles::shape::{DEPTH, NUMBERS, PARTS, SIDE};
use crate::gemm::types::{Left, Product, Start};

/// The largest part of the left factor, in numbers, for one pass over the columns. Its bf16 terms stay in
/// the second-level cache together with the panels.
const NUMBERS_AT_ONCE: usize = 1 << 17;

/// The number of rows of the left factor in one pass. Fewer rows would read the panels more often. More
/// rows would read the sums more often.
const ROWS_AT_ONCE: usize = 256;

/// The number of tiles of sums: four vectors of columns for one block of rows, or two vectors for two
/// blocks. Two blocks read each tile of the right factor half as often, and most of that factor is outside
/// the cache.
const SUMS: usize = 4;

/// Computes a product.
///
/// # Safety
/// The bounds are checked as in [`Product::run`]. The panels are filled by
/// [`put`](crate::gemm::tiles::put). A left factor in split form has its numbers.
pub unsafe fn multiply(tiles: Tiles, product: &Product<f32>) {
    let Product { count, right, .. } = *product;
    // The blocks have nearly equal sizes, because the time of an instruction grows with the rows of its
    // tile.
    let block_rows = count.div_ceil(count.div_ceil(SIDE));
    let rows = count.min(((ROWS_AT_ONCE / block_rows) & !1) * block_rows);
    let terms = NUMBERS_AT_ONCE / rows / DEPTH * DEPTH;
    for from in (0..right.depth).step_by(terms) {
        let terms = from..right.depth.min(from + terms);
        let start = if from > 0 { Start::Result } else { product.start };
        let slice = Slice { tiles, product, start, terms: terms.clone(), block_rows };
        let passes = (0..count).step_by(rows).map(|first| first..count.min(first + rows));
        // SAFETY: by this function's contract; `Tiles` proves that the processor has the instructions.
        match product.left {
            Left::Split(split) => passes.for_each(|rows| unsafe {
                slice.run(split.from(rows.start, terms.start), rows);
            }),
            Left::Rows(left) => with_scratch(tiles, rows, terms.len(), |split| {
                passes.for_each(|rows| {
                    split.split(&left.from(0, terms.start), rows.clone(), terms.len());
                    // SAFETY: as above.
                    unsafe { slice.run(split, rows) };
                });
            }),
        }
    }
}

/// A slice of the terms.
struct Slice<'a> {
    tiles: Tiles,
    product: &'a Product<'a, f32>,
    start: Start<'a, f32>,
    terms: Range<usize>,
    /// The number of rows of each block except the last one.
    block_rows: usize,
}

impl Slice<'_> {
    /// Computes some rows, which `split` holds in split form.
    ///
    /// # Safety
    /// As for [`multiply`].
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn run(&self, split: Bf16Split, rows: Range<usize>) {
        let block_rows = self.block_rows;
        let scaled = split.scales(rows.len()).iter().any(|scale| *scale != 1.0 && *scale != 0.0);
        let block = |n: usize| {
            let at = n * block_rows;
            let count = block_rows.min(rows.len() - at);
            Block { slice: self, split: split.from(at, 0), first: rows.start + at, rows: count, scaled }
        };
        let pairs = |numbers: Range<usize>, last: usize| {
            let shape = [block_rows, block_rows, last, last, block_rows, last, SIDE, SIDE];
            let _configured = Configured::new(self.tiles, shape);
            for vectors in self.product.groups(SUMS) {
                for n in numbers.clone() {
                    // SAFETY: by this function's contract.
                    unsafe { pair(&[block(2 * n), block(2 * n + 1)], vectors.clone()) };
                }
            }
        };
        let whole = rows.len() / block_rows / 2;
        if whole > 0 {
            pairs(0..whole, block_rows);
        }
        match rows.len() - 2 * whole * block_rows {
            0 => (),
            rows if rows <= block_rows => {
                let _configured =
                    Configured::new(self.tiles, [rows, rows, rows, rows, rows, rows, rows, SIDE]);
                for vectors in self.product.groups(SUMS) {
                    // SAFETY: by this function's contract.
                    unsafe { one(&block(2 * whole), vectors) };
                }
            }
            rows => pairs(whole..whole + 1, rows - block_rows),
        }
    }
}

/// A block of rows of the left factor and of the result.
struct Block<'a> {
    slice: &'a Slice<'a>,
    split: Bf16Split<'a>,
    first: usize,
    rows: usize,
    /// True if the products of at least one row have to be multiplied by a scale.
    scaled: bool,
}

/// Memory for a tile of sums.
#[repr(C, align(64))]
struct Sums([[f32; SIDE]; SIDE]);

/// Computes one block of rows times up to four vectors of columns.
///
/// # Safety
/// As for [`multiply`], and the tiles are configured.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn one(block: &Block, vectors: Range<usize>) {
    // SAFETY: the rows and panels are in bounds.
    unsafe {
        if block.split.scales(block.rows).iter().all(|scale| *scale == 0.0) {
            // A state of zeros at the first step, for example.
            return vectors.for_each(|vector| block.only_start(vector));
        }
        let right = block.panel(vectors.start);
        let panel = packed_len(block.slice.product.right.depth);
        vectors.clone().enumerate().for_each(|(n, vector)| block.begin(n, vector));
        for n in 0..block.slice.terms.len().div_ceil(DEPTH) {
            let b = right.add(n * PARTS * NUMBERS);
            load_left(block.left(n));
            match vectors.len() {
                1 => columns::<1>(b, panel),
                2 => columns::<2>(b, panel),
                3 => columns::<3>(b, panel),
                _ => columns::<4>(b, panel),
            }
        }
        vectors.enumerate().for_each(|(n, vector)| block.end(n, vector));
    }
}

/// Computes two blocks of rows times up to four vectors of columns, two at a time.
///
/// # Safety
/// As for [`multiply`], and the tiles are configured.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair(blocks: &[Block; 2], vectors: Range<usize>) {
    let [a, b] = blocks;
    let lines = a.slice.terms.len().div_ceil(DEPTH);
    for first in vectors.clone().step_by(2) {
        // The last of an odd number of vectors is computed twice, which avoids a special case.
        let second = (first + 1).min(vectors.end - 1);
        // SAFETY: the rows and panels are in bounds.
        unsafe {
            let right = [a.panel(first), a.panel(second)];
            a.begin(0, first);
            a.begin(1, second);
            b.begin(2, first);
            b.begin(3, second);
            for n in 0..lines {
                square([a.left(n), b.left(n)], right.map(|panel| panel.add(n * PARTS * NUMBERS)));
            }
            a.end(0, first);
            b.end(2, first);
            if second > first {
                a.end(1, second);
                b.end(3, second);
            }
        }
    }
}

impl Block<'_> {
    /// Returns the address of the n-th 32 terms of the rows.
    fn left(&self, n: usize) -> *const f32 {
        self.split.as_ptr().wrapping_add(n * self.split.stride())
    }

    /// Returns the address of the tiles of a vector of columns.
    ///
    /// # Safety
    /// The tiles are in bounds.
    unsafe fn panel(&self, vector: usize) -> *const f32 {
        let right = &self.slice.product.right;
        let at = vector * packed_len(right.depth) + self.slice.terms.start / DEPTH * PARTS * NUMBERS;
        // SAFETY: by this function's contract.
        unsafe { right.numbers.as_ptr().add(at).cast_const() }
    }

    /// Returns the address of the sums in the result and the bytes between rows, if a tile can be read and
    /// written there. This needs a whole vector, equally spaced rows and no scale.
    fn in_place(&self, vector: usize) -> Option<(*mut f32, usize)> {
        let Product { right, result, .. } = self.slice.product;
        let column = right.columns[vector];
        if self.scaled || column.lanes != SIDE {
            return None;
        }
        let stride = result.uniform_stride(self.first, self.rows)? * size_of::<f32>();
        Some((result.ptr(self.first, column.at), stride))
    }

    /// Sets a tile of sums to the start of the product, or to 0 with a scale, which must not apply to the
    /// start.
    ///
    /// # Safety
    /// As for [`multiply`], and the tiles are configured.
    #[target_feature(enable = "avx512f")]
    unsafe fn begin(&self, tile: usize, vector: usize) {
        let at = self.slice.product.right.columns[vector].at;
        // SAFETY: by this function's contract.
        unsafe {
            let rows_at = |rows: Rows<'_, f32>| {
                let stride = rows.uniform_stride(self.first, self.rows)? * size_of::<f32>();
                Some((rows.ptr(self.first, at).cast_const(), stride))
            };
            let from = match (self.slice.start, self.in_place(vector)) {
                (Start::Result, Some((from, stride))) => Some((from.cast_const(), stride)),
                (Start::Row(row), Some(_)) => Some((row.as_ptr().add(at).cast_const(), 0)),
                (Start::Rows(rows), Some(_)) => rows_at(rows),
                _ => None,
            };
            match (self.slice.start, from) {
                (Start::Zero, _) => zero(tile),
                (_, Some((from, stride))) => load(tile, from, stride),
                _ if self.scaled => zero(tile),
                _ => {
                    let mut sums = Sums([[0.0; SIDE]; SIDE]);
                    for r in 0..self.rows {
                        _mm512_store_ps(sums.0[r].as_mut_ptr(), self.start(r, vector));
                    }
                    load(tile, sums.0.as_ptr().cast(), 64);
                }
            }
        }
    }

    /// Returns the start of the sums of row r.
    ///
    /// # Safety
    /// As for [`multiply`].
    #[target_feature(enable = "avx512f")]
    unsafe fn start(&self, r: usize, vector: usize) -> __m512 {
        let (lanes, to) = self.place(r, vector);
        let at = self.slice.product.right.columns[vector].at;
        // SAFETY: all rows with all their columns are in bounds.
        unsafe {
            match self.slice.start {
                Start::Zero => _mm512_setzero_ps(),
                Start::Result => _mm512_maskz_loadu_ps(lanes, to),
                Start::Row(row) => _mm512_maskz_loadu_ps(lanes, row.as_ptr().add(at)),
                Start::Rows(rows) => _mm512_maskz_loadu_ps(lanes, rows.ptr(self.first + r, at)),
            }
        }
    }

    /// Returns the mask of a vector of columns, and the address of its row r in the result.
    fn place(&self, r: usize, vector: usize) -> (u16, *mut f32) {
        let column = self.slice.product.right.columns[vector];
        let to = self.slice.product.result.ptr(self.first + r, column.at);
        (((1_u32 << column.lanes) - 1) as u16, to)
    }

    /// Stores a tile of sums in the result.
    ///
    /// # Safety
    /// As for [`multiply`], and the tiles are configured.
    #[target_feature(enable = "avx512f")]
    unsafe fn end(&self, tile: usize, vector: usize) {
        if let Some((to, stride)) = self.in_place(vector) {
            // SAFETY: by this function's contract.
            unsafe { store(tile, to, stride) };
            return;
        }
        let mut sums = Sums([[0.0; SIDE]; SIDE]);
        // SAFETY: a tile of sums has at most 16 rows of 64 bytes.
        unsafe { store(tile, sums.0.as_mut_ptr().cast(), 64) };
        for (r, scale) in self.split.scales(self.rows).iter().enumerate() {
            let (lanes, to) = self.place(r, vector);
            // SAFETY: all rows with all their columns are in bounds.
            unsafe {
                let mut sum = _mm512_load_ps(sums.0[r].as_ptr());
                if self.scaled {
                    // Without a scale, the tile began with the start.
                    sum = _mm512_add_ps(_mm512_mul_ps(sum, _mm512_set1_ps(*scale)), self.start(r, vector));
                }
                _mm512_mask_storeu_ps(to, lanes, sum);
            }
        }
    }

    /// Stores the start as the result for a block of zero rows.
    ///
    /// # Safety
    /// As for [`multiply`].
    #[target_feature(enable = "avx512f")]
    unsafe fn only_start(&self, vector: usize) {
        if matches!(self.slice.start, Start::Result) {
            return;
        }
        for r in 0..self.rows {
            let (lanes, to) = self.place(r, vector);
            // SAFETY: all rows with all their columns are in bounds.
            unsafe { _mm512_mask_storeu_ps(to, lanes, self.start(r, vector)) };
        }
    }
}
