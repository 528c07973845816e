//! δ of a block's steps, and of the step behind the block.

use std::ops::Range;

use super::buffer::{Buffer, spaced};
use super::rows::{Left, Rows};
use super::shared::Shared;
use super::tiles::{Parts, SharedParts, Tiles};

/// δ row by row, `[steps + 1, B, width]`, the last step being that behind the block; where its products are of tiles, also
/// split.
pub struct Deltas {
    numbers: Buffer,
    parts: Option<(Tiles, Parts)>,
    steps: usize,
    batch: usize,
    width: usize,
    /// From a row to the next.
    stride: usize,
}

/// [`Deltas`], for the threads of a job.
#[derive(Clone, Copy)]
pub struct SharedDeltas<'a> {
    numbers: Shared<'a>,
    parts: Option<(Tiles, SharedParts<'a>)>,
    /// Steps of a block.
    steps: usize,
    batch: usize,
    width: usize,
    stride: usize,
}

impl Deltas {
    /// Room for blocks of so many steps.
    pub fn new(tiles: Option<Tiles>, steps: usize, batch: usize, width: usize) -> Deltas {
        let rows = (steps + 1) * batch;
        let parts = tiles.map(|tiles| (tiles, Parts::new(tiles, rows, width)));
        let stride = spaced(width);
        Deltas { numbers: Buffer::new(rows * stride), parts, steps, batch, width, stride }
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> SharedDeltas<'_> {
        let Deltas { numbers, parts, steps, batch, width, stride } = self;
        // SAFETY: by this function's own contract.
        let (numbers, parts) =
            unsafe { (numbers.share(), parts.as_mut().map(|(tiles, parts)| (*tiles, parts.share()))) };
        SharedDeltas { numbers, parts, steps: *steps, batch: *batch, width: *width, stride: *stride }
    }
}

impl<'a> SharedDeltas<'a> {
    /// The place of step n of the block and sequence b among the rows.
    pub fn row(self, n: usize, b: usize) -> usize {
        n * self.batch + b
    }

    /// That of the step behind the block.
    pub fn row_behind(self, b: usize) -> usize {
        self.row(self.steps, b)
    }

    /// The rows from one on.
    pub fn rows(self, row: usize) -> Rows<'a> {
        Rows::plain(self.numbers, row * self.stride, self.stride)
    }

    /// The rows from one on as the left factor, from a column on.
    pub fn left(self, row: usize, column: usize) -> Left<'a> {
        match self.parts {
            Some((_, parts)) => Left::Parts(parts.from(row, column)),
            None => Left::Rows(self.rows(row).from(column)),
        }
    }

    /// Whether rows have to be split before they are a left factor.
    pub fn has_parts(self) -> bool {
        self.parts.is_some()
    }

    /// Splits some rows.
    pub fn split(self, rows: Range<usize>) {
        if let Some((tiles, parts)) = self.parts {
            parts.from(rows.start, 0).split(tiles, &self.rows(rows.start), 0..rows.len(), self.width);
        }
    }

    /// Puts the block's first step behind the next block, which is the one before in time.
    pub fn keep_first(self, sequences: Range<usize>) {
        let (first, to) = (sequences.start, self.row_behind(sequences.start));
        let count = sequences.len() * self.stride;
        let kept = self.numbers.slice_mut(to * self.stride, count);
        kept.copy_from_slice(self.numbers.slice(first * self.stride, count));
        if let Some((_, parts)) = self.parts {
            parts.from(first, 0).copy(sequences.len(), to - first, self.width);
        }
    }
}
