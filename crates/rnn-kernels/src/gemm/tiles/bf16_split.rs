//! The left factor: rows of f32 numbers as their bf16 terms, in lines of 32 numbers.

use std::cell::RefCell;
use std::ops::Range;

use super::amx::{max_magnitude, split_row, split_square};
use super::shape::{DEPTH, LINE, MAX, MIN, PARTS, ROW, SIDE, Terms};
use crate::amx::Tiles;
use crate::gemm::rows::Rows;
use crate::memory::{Shared, Workspace, row_stride};

/// Rows that are split once and multiplied more than once. A value may begin at a later row and a later
/// column.
#[derive(Clone, Copy)]
pub struct Bf16Split<'a> {
    tiles: Tiles,
    /// `[columns / DEPTH, rows, PARTS, LINE]`.
    numbers: Shared<'a, f32>,
    /// The factor for the products of each row. It is 0 for a row of zeros.
    scales: Shared<'a, f32>,
    /// The number of rows that the memory has room for.
    rows: usize,
    /// The first row.
    row: usize,
    /// The first column, in lines.
    line: usize,
}

/// One term of 32 numbers of a row.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Calls `work` with memory for `rows` rows of `depth` numbers. Each thread keeps its memory for the next
/// call.
pub fn with_scratch(tiles: Tiles, rows: usize, depth: usize, work: impl FnOnce(Bf16Split)) {
    thread_local! {
        static SCRATCH: RefCell<(Vec<Line>, Vec<f32>)> = const { RefCell::new((vec![], vec![])) };
    }
    SCRATCH.with_borrow_mut(|(lines, scales)| {
        let rows = row_stride::<f32>(rows);
        let needed = depth.div_ceil(DEPTH) * rows * PARTS;
        if lines.len() < needed {
            lines.resize(needed, Line([0.0; LINE]));
        }
        if scales.len() < rows {
            scales.resize(rows, 0.0);
        }
        // SAFETY: the memory is this thread's own.
        let (numbers, scales) = unsafe {
            (
                Shared::new(lines.as_mut_ptr().cast(), needed * LINE),
                Shared::writable(Some(scales.as_mut_slice())),
            )
        };
        work(Bf16Split { tiles, numbers, scales, rows, row: 0, line: 0 });
    });
}

impl<'a> Bf16Split<'a> {
    /// Takes memory for `rows` rows of `depth` numbers.
    pub fn new(memory: &'a Workspace, tiles: Tiles, rows: usize, depth: usize) -> Bf16Split<'a> {
        let rows = row_stride::<f32>(rows);
        let numbers = memory.take(depth.div_ceil(DEPTH) * rows * ROW);
        Bf16Split { tiles, numbers, scales: memory.take(rows), rows, row: 0, line: 0 }
    }

    /// Returns the rows from `row` on, from column `column` on, which is a multiple of 32.
    pub fn from(self, row: usize, column: usize) -> Bf16Split<'a> {
        Bf16Split { row: self.row + row, line: self.line + column / DEPTH, ..self }
    }

    /// Returns the offset of row n.
    fn offset(self, n: usize) -> usize {
        (self.line * self.rows + self.row + n) * ROW
    }

    /// Returns the distance from one line of a row to its next line.
    pub fn stride(self) -> usize {
        self.rows * ROW
    }

    /// Checks that `depth` numbers of each of the first `count` rows are in bounds.
    pub fn check(self, count: usize, depth: usize) {
        assert!(self.row + count <= self.rows);
        self.numbers.range(self.offset(0) + (depth.div_ceil(DEPTH) - 1) * self.stride(), count * ROW);
        self.scales.range(self.row, count);
    }

    /// Returns the address of the first row, for callers that have called [`Bf16Split::check`].
    pub fn as_ptr(self) -> *const f32 {
        self.numbers.as_ptr().wrapping_add(self.offset(0)).cast_const()
    }

    /// Returns the factors for the products of the first `count` rows. The factor of a row of zeros is 0.
    pub fn scales(self, count: usize) -> &'a [f32] {
        self.scales.slice(self.row, count)
    }

    /// Splits the rows `rows` of `from`, of `depth` numbers each, into the first rows.
    pub fn split(self, from: &Rows<f32>, rows: Range<usize>, depth: usize) {
        if rows.is_empty() {
            return;
        }
        self.check(rows.len(), depth);
        for (n, row) in rows.enumerate() {
            let row = from.numbers.slice(from.offset(row), depth);
            let to = self.numbers.as_ptr().wrapping_add(self.offset(n));
            // SAFETY: `check` has checked the bounds.
            let split = |scale| unsafe { split_row(self.tiles, row, to, self.stride(), scale) };
            let scale = Scale::new(split(1.0));
            if scale.before != 1.0 {
                split(scale.before);
            }
            self.scales.slice_mut(self.row + n, 1)[0] = scale.after;
        }
    }

    /// Splits columns k … k + 31 of the first 16 rows, times `scale`. k is a multiple of 32.
    pub fn put(self, k: usize, terms: &Terms, scale: f32) {
        let at = self.offset(0) + k / DEPTH * self.stride();
        split_square(self.tiles, terms, self.numbers.slice_mut(at, SIDE * ROW), scale);
    }

    /// Sets one scale for the first 16 rows, which are the transpose of `count` rows of `columns`.
    ///
    /// Returns the factor that the numbers are multiplied by before the split.
    pub fn scale_columns(self, columns: &Rows<f32>, count: usize) -> f32 {
        columns.check(count, SIDE);
        let scale = Scale::new(max_magnitude(self.tiles, columns, count));
        self.scales.slice_mut(self.row, SIDE).fill(scale.after);
        scale.before
    }

    /// Copies the first `count` rows of `depth` numbers to the rows from `to` on.
    pub fn copy(self, count: usize, to: usize, depth: usize) {
        for line in 0..depth.div_ceil(DEPTH) {
            let at = self.offset(0) + line * self.stride();
            let to = self.numbers.slice_mut(at + to * ROW, count * ROW);
            to.copy_from_slice(self.numbers.slice(at, count * ROW));
        }
        self.scales.slice_mut(self.row + to, count).copy_from_slice(self.scales(count));
    }
}

/// The factor of a row before its split, and the factor of the products after it.
struct Scale {
    before: f32,
    after: f32,
}

impl Scale {
    /// Returns the scale that brings numbers of this largest magnitude into the range of tiles.
    fn new(max_magnitude: f32) -> Scale {
        /// A power of two that brings both the smallest and the largest f32 into the range.
        const FACTOR: f32 = (1_u128 << 90) as f32;
        let scale = |before: f32| Scale { before, after: 1.0 / before };
        match max_magnitude {
            0.0 => Scale { before: 1.0, after: 0.0 },
            x if x < MIN => scale(FACTOR),
            x if x > MAX => scale(1.0 / FACTOR),
            // NaN comes here too, and it spreads with any scale.
            _ => scale(1.0),
        }
    }
}
