//! δ of a block's steps and of the step after the block.

use std::ops::Range;

use crate::gemm::rows::Rows;
use crate::gemm::tiles::{Bf16Split, Tiles};
use crate::gemm::types::Left;
use crate::memory::{Shared, Workspace, row_stride};
use crate::number::Number;

/// δ in rows, `[steps + 1, B, width]`. The last step is the one after the block.
///
/// If the recurrence runs on tiles, the rows exist in split form as well.
#[derive(Clone, Copy)]
pub struct Deltas<'a, E> {
    numbers: Shared<'a, E>,
    split: Option<Bf16Split<'a>>,
    /// The number of steps of a block.
    steps: usize,
    batch: usize,
    width: usize,
    stride: usize,
}

impl<'a, E: Number> Deltas<'a, E> {
    /// Takes memory for blocks of up to `steps` steps.
    pub fn new(
        memory: &'a Workspace,
        tiles: Option<Tiles>,
        steps: usize,
        batch: usize,
        width: usize,
    ) -> Deltas<'a, E> {
        let rows = (steps + 1) * batch;
        let split = tiles.map(|tiles| Bf16Split::new(memory, tiles, rows, width));
        let stride = row_stride::<E>(width);
        Deltas { numbers: memory.take(rows * stride), split, steps, batch, width, stride }
    }

    /// Returns the index of the row of step n of the block and sequence b.
    pub fn row(self, n: usize, b: usize) -> usize {
        n * self.batch + b
    }

    /// Returns the index of the row of the step after the block and sequence b.
    pub fn row_after_block(self, b: usize) -> usize {
        self.row(self.steps, b)
    }

    /// Returns the rows from `row` on.
    pub fn rows(self, row: usize) -> Rows<'a, E> {
        Rows::plain(self.numbers, row * self.stride, self.stride)
    }

    /// Returns the rows from `row` on, from column `column` on, as the left factor of a product.
    pub fn left(self, row: usize, column: usize) -> Left<'a, E> {
        self.split.map_or(Left::Rows(self.rows(0)), Left::Split).from(row, column)
    }

    /// Returns true if rows have to be split before they can be a left factor.
    pub fn needs_split(self) -> bool {
        self.split.is_some()
    }

    /// Splits some rows, if the recurrence runs on tiles.
    pub fn split(self, rows: Range<usize>) {
        if let Some(split) = self.split {
            let from = self.rows(rows.start).as_f32().expect("only f32 has tiles");
            split.from(rows.start, 0).split(&from, 0..rows.len(), self.width);
        }
    }

    /// Copies the first step of this block to the place of the step after the next block. The next block
    /// is the earlier one in time.
    pub fn carry_over_first_step(self, sequences: Range<usize>) {
        let (first, to) = (sequences.start, self.row_after_block(sequences.start));
        let count = sequences.len() * self.stride;
        let kept = self.numbers.slice_mut(to * self.stride, count);
        kept.copy_from_slice(self.numbers.slice(first * self.stride, count));
        if let Some(split) = self.split {
            split.from(first, 0).copy(sequences.len(), to - first, self.width);
        }
    }
}
