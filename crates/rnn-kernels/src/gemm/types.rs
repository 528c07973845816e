//! The operands of a matrix product.

use std::ops::Range;

use super::panels::Panels;
use super::rows::Rows;
use super::tiles::Bf16Split;
use crate::memory::Shared;
use crate::number::Number;

/// The matrix that is added to a product.
#[derive(Clone, Copy)]
pub enum Start<'a, E> {
    /// Zeros.
    Zero,
    /// The present values of the result.
    Result,
    /// One row, added to every row.
    Row(Shared<'a, E>),
    /// Another matrix.
    Rows(Rows<'a, E>),
}

/// The left factor of a product.
#[derive(Clone, Copy)]
pub enum Left<'a, E> {
    /// Rows of numbers.
    Rows(Rows<'a, E>),
    /// Rows that are already split into bf16 terms for AMX.
    Split(Bf16Split<'a>),
}

impl<'a, E: Number> Left<'a, E> {
    /// Returns the rows from `row` on, from column `column` on. `row` is 0 unless the rows are equally
    /// spaced.
    pub fn from(self, row: usize, column: usize) -> Left<'a, E> {
        match self {
            Left::Rows(rows) => Left::Rows(rows.from(row, column)),
            Left::Split(split) => Left::Split(split.from(row, column)),
        }
    }

    /// Checks that `width` numbers of each of the first `count` rows are in bounds.
    pub fn check(&self, count: usize, width: usize) {
        match self {
            Left::Rows(rows) => rows.check(count, width),
            Left::Split(split) => split.check(count, width),
        }
    }
}

/// The product C = A·B + start, for some rows and some vectors of columns.
pub struct Product<'a, E> {
    /// A.
    pub left: Left<'a, E>,
    /// B.
    pub right: Panels<'a, E>,
    /// The vectors of B's columns to compute.
    pub vectors: Range<usize>,
    /// C.
    pub result: Rows<'a, E>,
    /// The number of rows of A and C.
    pub count: usize,
    /// The start.
    pub start: Start<'a, E>,
    /// True if the last columns are computed first. If B does not fit in the cache, alternate steps begin
    /// with the columns that the previous step used last.
    pub backwards: bool,
}

impl<E> Product<'_, E> {
    /// Returns the vectors of columns in groups, in the order of the computation. A group begins at a
    /// multiple of `size`, except the first one.
    pub fn groups(&self, size: usize) -> impl Iterator<Item = Range<usize>> {
        let Range { start, end } = self.vectors.clone();
        let (first, count) = (start / size, end.div_ceil(size) - start / size);
        (0..count).map(move |n| {
            let from = size * (first + if self.backwards { count - 1 - n } else { n });
            from.max(start)..end.min(from + size)
        })
    }
}
