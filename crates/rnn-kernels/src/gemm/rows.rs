//! Rows of a matrix, as the left factor or the result of a product.

use crate::memory::{Shared, row_stride};
use crate::number::Number;

/// Rows of a matrix, in groups. The distance between adjacent rows of a group differs from the distance
/// between groups.
///
/// The rows of a thread over all steps are an example: its sequences of one step are a group.
#[derive(Clone, Copy)]
pub struct Rows<'a, E> {
    /// The memory of the matrix.
    pub numbers: Shared<'a, E>,
    /// Offset of the first row.
    first: usize,
    /// Distance between rows of a group.
    stride: usize,
    /// Rows in a group.
    group: usize,
    /// Distance between groups.
    group_stride: usize,
}

impl<'a, E: Number> Rows<'a, E> {
    /// Returns equally spaced rows: the first at offset `first`, each next one `stride` numbers later.
    pub fn plain(numbers: Shared<'a, E>, first: usize, stride: usize) -> Rows<'a, E> {
        Rows { numbers, first, stride, group: usize::MAX, group_stride: 0 }
    }

    /// Returns the first `group` rows of each `period` rows.
    pub fn grouped(
        numbers: Shared<'a, E>,
        first: usize,
        stride: usize,
        group: usize,
        period: usize,
    ) -> Rows<'a, E> {
        Rows::plain(numbers, first, stride).grouped_by(group, period)
    }

    /// Returns the first `group` rows of each `period` of these rows, which are equally spaced.
    pub fn grouped_by(self, group: usize, period: usize) -> Rows<'a, E> {
        if group == period || group == 0 {
            return self;
        }
        Rows { group, group_stride: period * self.stride, ..self }
    }

    /// Returns the rows from `row` on, from column `column` on. `row` is 0 unless the rows are equally
    /// spaced.
    pub fn from(self, row: usize, column: usize) -> Rows<'a, E> {
        debug_assert!(row == 0 || self.group == usize::MAX);
        Rows { first: self.first + row * self.stride + column, ..self }
    }

    /// Returns the rows as rows of f32, if `E` is f32.
    pub fn as_f32(self) -> Option<Rows<'a, f32>> {
        let Rows { numbers, first, stride, group, group_stride } = self;
        numbers.as_f32().map(|numbers| Rows { numbers, first, stride, group, group_stride })
    }

    /// Returns the offset of row n.
    #[inline(always)]
    pub fn offset(&self, n: usize) -> usize {
        if n < self.group {
            // The common case needs no division, which takes as long as a row of a small product.
            return self.first + n * self.stride;
        }
        self.first + n / self.group * self.group_stride + n % self.group * self.stride
    }

    /// Returns the offsets of all rows, from row 0 on, without a division for each of them.
    #[inline(always)]
    pub fn offsets(self) -> impl Iterator<Item = usize> {
        let (mut group, mut row) = (self.first, 0);
        std::iter::repeat_with(move || {
            if row == self.group {
                group += self.group_stride;
                row = 0;
            }
            row += 1;
            group + (row - 1) * self.stride
        })
    }

    /// Returns the address of a column of row n, for callers that have called [`Rows::check`].
    #[inline(always)]
    pub fn ptr(&self, n: usize, column: usize) -> *mut E {
        self.numbers.as_ptr().wrapping_add(self.offset(n) + column)
    }

    /// Returns the distance between rows of a group.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Returns true if the `count` rows from `first` on are equally spaced by an odd number of cache lines
    /// (see [`row_stride`](crate::memory::row_stride)). Such rows do not compete for a set of the cache.
    pub fn spread_over_cache(&self, first: usize, count: usize) -> bool {
        self.stride == row_stride::<E>(self.stride) && self.uniform_stride(first, count).is_some()
    }

    /// Returns the distance between the `count` rows from `first` on, if they are in one group.
    pub fn uniform_stride(&self, first: usize, count: usize) -> Option<usize> {
        (first / self.group == (first + count - 1) / self.group).then_some(self.stride)
    }

    /// Checks that `width` numbers of each of the first `count` ≥ 1 rows are in bounds.
    ///
    /// # Panics
    /// If a row is out of bounds.
    pub fn check(&self, count: usize, width: usize) {
        let last_of_group = (count.min(self.group) - 1) * self.stride;
        let last_group = (count - 1) / self.group * self.group_stride;
        self.numbers.range(self.first + last_group + last_of_group, width);
    }
}
