//! The product itself: sums of up to four vectors of columns stay in tiles while the terms pass.

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::product::{Product, Start};
use super::super::rows::{Left, Rows};
use super::instructions::{columns, load, load_left, square, store, zero};
use super::left::{SharedParts, with_room};
use super::unit::Configured;
use super::{DEPTH, NUMBERS, PARTS, SIDE, Tiles, room};

/// Numbers of the left factor that pass before the next columns come, and rows of it where there are as many: their parts
/// stay in the second cache beside the panels. Fewer rows and more terms would read the panels more often, more rows
/// and fewer terms the sums.
const AT_ONCE: usize = 1 << 17;
const ROWS_AT_ONCE: usize = 256;

/// Tiles of sums of a block: four blocks of columns beside one of rows, or two beside two. The latter reads each tile of
/// the right factor, which mostly comes from afar, half as often.
const SUMS: usize = 4;

/// The product, of which all rows, columns and panels were checked to be there.
///
/// # Safety
/// As checked by [`Product::run`], with panels that were filled by [`super::put`] and parts that were made.
pub unsafe fn multiply(tiles: Tiles, product: &Product) {
    let Product { count, right, .. } = *product;
    // Blocks as equal as can be: the unit takes as long as a tile has rows.
    let of_block = count.div_ceil(count.div_ceil(SIDE));
    let rows = count.min(((ROWS_AT_ONCE / of_block) & !1) * of_block);
    let terms = AT_ONCE / rows / DEPTH * DEPTH;
    for from in (0..right.depth).step_by(terms) {
        let terms = from..right.depth.min(from + terms);
        let start = if from > 0 { Start::Result } else { product.start };
        let slice = Slice { tiles, product, start, terms: terms.clone(), of_block };
        let some = (0..count).step_by(rows).map(|first| first..count.min(first + rows));
        // SAFETY: by this function's own contract; `Tiles` is the proof of the instructions.
        match product.left {
            Left::Parts(parts) => some.for_each(|rows| unsafe {
                slice.run(parts.from(rows.start, terms.start), rows);
            }),
            Left::Rows(left) => with_room(rows, terms.len(), |room| {
                some.for_each(|rows| {
                    room.split(tiles, &left.from(terms.start), rows.clone(), terms.len());
                    // SAFETY: as above.
                    unsafe { slice.run(room, rows) };
                });
            }),
        }
    }
}

/// Some of the terms.
struct Slice<'a> {
    tiles: Tiles,
    product: &'a Product<'a>,
    start: Start<'a>,
    terms: Range<usize>,
    /// Rows of a block.
    of_block: usize,
}

impl Slice<'_> {
    /// Some rows, of which these are the parts.
    ///
    /// # Safety
    /// As [`multiply`] has it.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn run(&self, parts: SharedParts, rows: Range<usize>) {
        let of_block = self.of_block;
        let scaled = parts.scales(rows.len()).iter().any(|scale| *scale != 1.0 && *scale != 0.0);
        let block = |n: usize| {
            let at = n * of_block;
            let count = of_block.min(rows.len() - at);
            Block { slice: self, parts: parts.from(at, 0), first: rows.start + at, rows: count, scaled }
        };
        let pairs = |of: Range<usize>, last: usize| {
            let shape = [of_block, of_block, last, last, of_block, last, SIDE, SIDE];
            let _configured = Configured::new(self.tiles, shape);
            for vectors in self.product.groups(SUMS) {
                for n in of.clone() {
                    // SAFETY: by this function's own contract.
                    unsafe { pair(&[block(2 * n), block(2 * n + 1)], vectors.clone()) };
                }
            }
        };
        let whole = rows.len() / of_block / 2;
        if whole > 0 {
            pairs(0..whole, of_block);
        }
        match rows.len() - 2 * whole * of_block {
            0 => (),
            rows if rows <= of_block => {
                let _configured =
                    Configured::new(self.tiles, [rows, rows, rows, rows, rows, rows, rows, SIDE]);
                for vectors in self.product.groups(SUMS) {
                    // SAFETY: by this function's own contract.
                    unsafe { one(&block(2 * whole), vectors) };
                }
            }
            rows => pairs(whole..whole + 1, rows - of_block),
        }
    }
}

/// Some rows of the left factor, and of the result.
struct Block<'a> {
    slice: &'a Slice<'a>,
    parts: SharedParts<'a>,
    first: usize,
    rows: usize,
    /// Whether products of rows have to be multiplied.
    scaled: bool,
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
        if block.parts.scales(block.rows).iter().all(|scale| *scale == 0.0) {
            // As at the first step from a state of zeros.
            return vectors.for_each(|vector| block.only_start(vector));
        }
        let right = block.panel(vectors.start);
        let panel = room(block.slice.product.right.depth);
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

/// Two blocks of rows times up to four vectors of columns, two at a time.
///
/// # Safety
/// As [`multiply`] has it; the tiles are configured.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair(blocks: &[Block; 2], vectors: Range<usize>) {
    let [a, b] = blocks;
    let lines = a.slice.terms.len().div_ceil(DEPTH);
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
    /// Where 32 terms of the rows are.
    fn left(&self, n: usize) -> *const f32 {
        self.parts.start().wrapping_add(n * self.parts.stride())
    }

    /// Where the tiles of a vector of columns are.
    ///
    /// # Safety
    /// They are.
    unsafe fn panel(&self, vector: usize) -> *const f32 {
        let right = &self.slice.product.right;
        let at = vector * room(right.depth) + self.slice.terms.start / DEPTH * PARTS * NUMBERS;
        // SAFETY: by this function's own contract.
        unsafe { right.numbers.start().add(at).cast_const() }
    }

    /// Where the sums begin in the result, and the bytes from a row to the next, if a tile can be read and written there:
    /// whole vectors, rows at one distance, and no scale.
    fn in_place(&self, vector: usize) -> Option<(*mut f32, usize)> {
        let Product { right, result, .. } = self.slice.product;
        let column = right.columns[vector];
        if self.scaled || column.lanes != SIDE {
            return None;
        }
        let stride = result.stride(self.first, self.rows)? * size_of::<f32>();
        Some((result.place(self.first, column.at).cast_mut(), stride))
    }

    /// Sets a tile of sums to what they start from; with a scale to 0, since the start is not scaled.
    ///
    /// # Safety
    /// As [`multiply`] has it; the tiles are configured.
    #[target_feature(enable = "avx512f")]
    unsafe fn begin(&self, tile: usize, vector: usize) {
        let at = self.slice.product.right.columns[vector].at;
        // SAFETY: by this function's own contract.
        unsafe {
            let rows_at = |rows: Rows<'_>| {
                Some((rows.place(self.first, at), rows.stride(self.first, self.rows)? * size_of::<f32>()))
            };
            let from = match (self.slice.start, self.in_place(vector)) {
                (Start::Result, Some((from, stride))) => Some((from.cast_const(), stride)),
                (Start::Row(row), Some(_)) => Some((row.start().add(at).cast_const(), 0)),
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

    /// What the sums of row r start from.
    ///
    /// # Safety
    /// As [`multiply`] has it.
    #[target_feature(enable = "avx512f")]
    unsafe fn start(&self, r: usize, vector: usize) -> __m512 {
        let (lanes, to) = self.place(r, vector);
        let at = self.slice.product.right.columns[vector].at;
        // SAFETY: all rows with all their columns are there.
        unsafe {
            match self.slice.start {
                Start::Zero => _mm512_setzero_ps(),
                Start::Result => _mm512_maskz_loadu_ps(lanes, to),
                Start::Row(row) => _mm512_maskz_loadu_ps(lanes, row.start().add(at)),
                Start::Rows(rows) => _mm512_maskz_loadu_ps(lanes, rows.place(self.first + r, at)),
            }
        }
    }

    /// Which lanes of a vector of columns there are, and where row r of them is in the result.
    fn place(&self, r: usize, vector: usize) -> (u16, *mut f32) {
        let column = self.slice.product.right.columns[vector];
        let to = self.slice.product.result.place(self.first + r, column.at).cast_mut();
        (((1_u32 << column.lanes) - 1) as u16, to)
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
        // SAFETY: a tile of sums has at most 16 rows of 64 bytes.
        unsafe { store(tile, sums.0.as_mut_ptr().cast(), 64) };
        for (r, scale) in self.parts.scales(self.rows).iter().enumerate() {
            let (lanes, to) = self.place(r, vector);
            // SAFETY: all rows with all their columns are there.
            unsafe {
                let mut sum = _mm512_load_ps(sums.0[r].as_ptr());
                if self.scaled {
                    // What is not scaled holds its start already.
                    sum = _mm512_add_ps(_mm512_mul_ps(sum, _mm512_set1_ps(*scale)), self.start(r, vector));
                }
                _mm512_mask_storeu_ps(to, lanes, sum);
            }
        }
    }

    /// The result where all rows are 0.
    ///
    /// # Safety
    /// As [`multiply`] has it.
    #[target_feature(enable = "avx512f")]
    unsafe fn only_start(&self, vector: usize) {
        if matches!(self.slice.start, Start::Result) {
            return;
        }
        for r in 0..self.rows {
            let (lanes, to) = self.place(r, vector);
            // SAFETY: all rows with all their columns are there.
            unsafe { _mm512_mask_storeu_ps(to, lanes, self.start(r, vector)) };
        }
    }
}
