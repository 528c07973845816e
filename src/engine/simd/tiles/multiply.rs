//! The product itself: sums of up to four vectors of columns stay in tiles while the terms pass.

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::product::{Product, Start};
use super::instructions::{columns, load, load_left, square, store, zero};
use super::left::{Line, lines, split, with_room};
use super::unit::Configured;
use super::{DEPTH, NUMBERS, PARTS, SIDE, Tiles, room};

/// Lines of the left factor that are split at once: they stay in the second cache beside the panels that pass.
const MOST_LINES: usize = 8192;

/// Tiles of sums of a block: four blocks of columns beside one of rows, or two beside two. The latter reads each tile of
/// the right factor, which mostly comes from afar, half as often.
const SUMS: usize = 4;

/// The product, of which all rows, columns and panels were checked to be there.
///
/// # Safety
/// As checked by [`Product::run`], with panels that were filled by [`super::put`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn multiply(tiles: Tiles, product: &Product) {
    let depth = product.right.depth;
    let blocks = product.count.div_ceil(SIDE);
    // Blocks as equal as can be: the unit takes as long as a tile has rows.
    let rows = product.count.div_ceil(blocks);
    let of_block = lines(depth);
    let at_once = (MOST_LINES / of_block).max(2) & !1;
    with_room(at_once.min(blocks) * of_block, |left| {
        let mut scales = [0.0; MOST_LINES / SIDE / PARTS];
        for some in (0..blocks).step_by(at_once) {
            let some = some..blocks.min(some + at_once);
            let block = |n: usize| {
                let first = (some.start + n) * rows;
                (first, rows.min(product.count.saturating_sub(first)))
            };
            for n in 0..some.len() {
                let (first, count) = block(n);
                scales[n] = split(&product.left, first, count, depth, &mut left[n * of_block..][..of_block]);
            }
            let of = |n: usize| {
                let ((first, count), left) = (block(n), left[n * of_block..].as_ptr());
                Block { product, first, rows: count, of_tile: rows, scale: scales[n], left }
            };
            let pairs = some.len() / 2;
            if pairs > 0 {
                let _configured = Configured::new(tiles, rows, 6);
                for vectors in product.groups(SUMS) {
                    for n in 0..pairs {
                        // SAFETY: by this function's own contract.
                        unsafe { pair(&[of(2 * n), of(2 * n + 1)], vectors.clone()) };
                    }
                }
            }
            if 2 * pairs < some.len() {
                let _configured = Configured::new(tiles, rows, 7);
                for vectors in product.groups(SUMS) {
                    // SAFETY: by this function's own contract.
                    unsafe { one(&of(2 * pairs), vectors) };
                }
            }
        }
    });
}

/// Some rows of the left factor, split.
struct Block<'a> {
    product: &'a Product<'a>,
    first: usize,
    rows: usize,
    /// Rows of a tile.
    of_tile: usize,
    scale: f32,
    left: *const Line,
}

/// Where a tile of sums is put, to be added.
#[repr(C, align(64))]
struct Sums([[f32; SIDE]; SIDE]);

/// One block of rows times up to four vectors of columns.
///
/// # Safety
/// As [`multiply`] has it; the tiles are configured.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn one(block: &Block, vectors: Range<usize>) {
    // SAFETY: the panels are there; so are the rows.
    unsafe {
        if block.scale != 0.0 {
            let right = block.panel(vectors.start);
            let panel = room(block.product.right.depth);
            vectors.clone().enumerate().for_each(|(n, vector)| block.begin(n, vector));
            for n in 0..block.product.right.depth.div_ceil(DEPTH) {
                let b = right.add(n * PARTS * NUMBERS);
                load_left(block.left.add(n * PARTS * SIDE));
                match vectors.len() {
                    1 => columns::<1>(b, panel),
                    2 => columns::<2>(b, panel),
                    3 => columns::<3>(b, panel),
                    _ => columns::<4>(b, panel),
                }
            }
        }
        vectors.enumerate().for_each(|(n, vector)| block.end(n, vector));
    }
}

/// Two blocks of rows times up to four vectors of columns, two at a time.
///
/// # Safety
/// As [`multiply`] has it; the tiles are configured.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair(blocks: &[Block; 2], vectors: Range<usize>) {
    let [a, b] = blocks;
    let depth = a.product.right.depth;
    for first in vectors.clone().step_by(2) {
        // The last one alone is read twice rather than having a way of its own.
        let second = (first + 1).min(vectors.end - 1);
        // SAFETY: the panels are there; so are the rows.
        unsafe {
            let right = [a.panel(first), a.panel(second)];
            a.begin(0, first);
            a.begin(1, second);
            b.begin(2, first);
            b.begin(3, second);
            for n in 0..depth.div_ceil(DEPTH) {
                let (left, right_at) = (n * PARTS * SIDE, n * PARTS * NUMBERS);
                square([a.left.add(left), b.left.add(left)], right.map(|panel| panel.add(right_at)));
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
    /// Where the tiles of a vector of columns are.
    ///
    /// # Safety
    /// They are.
    unsafe fn panel(&self, vector: usize) -> *const f32 {
        let right = &self.product.right;
        // SAFETY: by this function's own contract.
        unsafe { right.numbers.start().add(vector * room(right.depth)).cast_const() }
    }

    /// Where the sums begin in the result, and the bytes from a row to the next, if a tile can be read and written there:
    /// whole vectors, rows at one distance, as many as the tile has, and no scale.
    fn in_place(&self, vector: usize) -> Option<(*mut f32, usize)> {
        let (product, column) = (self.product, self.product.right.columns[vector]);
        if self.scale != 1.0 || column.lanes != SIDE || self.rows != self.of_tile {
            return None;
        }
        let stride = product.result.stride(self.first, self.rows)? * size_of::<f32>();
        let at = product.result.at(self.first) + column.at;
        // Checked to be there.
        Some((product.result.numbers.start().wrapping_add(at), stride))
    }

    /// Sets a tile of sums to what they start from; with a scale to 0, since the start is not scaled.
    ///
    /// # Safety
    /// As [`multiply`] has it; the tiles are configured.
    #[target_feature(enable = "avx512f")]
    unsafe fn begin(&self, tile: usize, vector: usize) {
        // SAFETY: by this function's own contract.
        unsafe {
            match (self.product.start, self.in_place(vector)) {
                (Start::Zero, _) => zero(tile),
                (Start::Result, Some((from, stride))) => load(tile, from, stride),
                (Start::Row(row), Some(_)) => {
                    load(tile, row.start().add(self.product.right.columns[vector].at), 0);
                }
                _ if self.scale == 1.0 => {
                    let mut sums = Sums([[0.0; SIDE]; SIDE]);
                    for r in 0..self.rows {
                        _mm512_store_ps(sums.0[r].as_mut_ptr(), self.start(r, vector));
                    }
                    load(tile, sums.0.as_ptr().cast(), 64);
                }
                _ => zero(tile),
            }
        }
    }

    /// What the sums of row r start from.
    ///
    /// # Safety
    /// As [`multiply`] has it.
    #[target_feature(enable = "avx512f")]
    unsafe fn start(&self, r: usize, vector: usize) -> __m512 {
        let (lanes, to) = self.place(r, vector);
        let column = self.product.right.columns[vector];
        // SAFETY: all rows with all their columns are there.
        unsafe {
            match self.product.start {
                Start::Zero => _mm512_setzero_ps(),
                Start::Result => _mm512_maskz_loadu_ps(lanes, to),
                Start::Row(row) => _mm512_maskz_loadu_ps(lanes, row.start().add(column.at)),
            }
        }
    }

    /// Which lanes of a vector of columns there are, and where row r of them is in the result.
    fn place(&self, r: usize, vector: usize) -> (u16, *mut f32) {
        let (result, column) = (self.product.result, self.product.right.columns[vector]);
        let at = result.at(self.first + r) + column.at;
        (((1_u32 << column.lanes) - 1) as u16, result.numbers.start().wrapping_add(at))
    }

    /// Puts a tile of sums into the result.
    ///
    /// # Safety
    /// As [`multiply`] has it; the tiles are configured.
    #[target_feature(enable = "avx512f")]
    unsafe fn end(&self, tile: usize, vector: usize) {
        if let Some((to, stride)) = self.in_place(vector) {
            // SAFETY: by this function's own contract.
            unsafe { store(tile, to, stride) };
            return;
        }
        let mut sums = Sums([[0.0; SIDE]; SIDE]);
        if self.scale != 0.0 {
            // SAFETY: a tile of sums has at most 16 rows of 64 bytes.
            unsafe { store(tile, sums.0.as_mut_ptr().cast(), 64) };
        }
        let scale = _mm512_set1_ps(self.scale);
        for r in 0..self.rows {
            let (lanes, to) = self.place(r, vector);
            // SAFETY: all rows with all their columns are there.
            unsafe {
                let mut sum = _mm512_load_ps(sums.0[r].as_ptr());
                if self.scale != 1.0 {
                    sum = _mm512_add_ps(_mm512_mul_ps(sum, scale), self.start(r, vector));
                }
                _mm512_mask_storeu_ps(to, lanes, sum);
            }
        }
    }
}
