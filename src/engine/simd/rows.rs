//! Rows of a matrix as the left factor of a product, or as its result.

use super::shared::Shared;
use super::tiles::SharedParts;

/// Rows of a matrix that are not all neighbours: `group` of them, then a leap.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// Where they are.
    pub numbers: Shared<'a>,
    /// The place of the first row.
    first: usize,
    /// From a row to the next of its group.
    stride: usize,
    /// Rows in a group.
    group: usize,
    /// From a group to the next.
    leap: usize,
}

impl<'a> Rows<'a> {
    /// Rows that are all neighbours.
    pub fn plain(numbers: Shared<'a>, first: usize, stride: usize) -> Rows<'a> {
        Rows { numbers, first, stride, group: usize::MAX, leap: 0 }
    }

    /// The first `group` rows of each `of`.
    pub fn grouped(numbers: Shared<'a>, first: usize, stride: usize, group: usize, of: usize) -> Rows<'a> {
        if group == of || group == 0 {
            return Rows::plain(numbers, first, stride);
        }
        Rows { numbers, first, stride, group, leap: of * stride }
    }

    /// The same from a later column on.
    pub fn from(self, column: usize) -> Rows<'a> {
        Rows { first: self.first + column, ..self }
    }

    /// Where row n begins.
    #[inline(always)]
    pub fn at(&self, n: usize) -> usize {
        if n < self.group {
            // All of them, mostly: a division takes as long as a row of a small product.
            return self.first + n * self.stride;
        }
        self.first + n / self.group * self.leap + n % self.group * self.stride
    }

    /// Where column `at` of row n is, for who has checked that it is there.
    #[inline(always)]
    pub fn place(&self, n: usize, at: usize) -> *const f32 {
        self.numbers.start().wrapping_add(self.at(n) + at).cast_const()
    }

    /// From each of `count` rows from `first` on to the next, if that is one distance.
    #[cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), allow(dead_code))]
    pub fn stride(&self, first: usize, count: usize) -> Option<usize> {
        (first / self.group == (first + count - 1) / self.group).then_some(self.stride)
    }

    /// Checks that `width` numbers of each of the first `count` rows are there.
    pub fn check(&self, count: usize, width: usize) {
        let last_of_group = (count.min(self.group) - 1) * self.stride;
        let last_group = (count - 1) / self.group * self.leap;
        self.numbers.part(self.first + last_group + last_of_group, width);
    }
}

/// The left factor of a product.
#[derive(Clone, Copy)]
pub enum Left<'a> {
    /// Rows of numbers.
    Rows(Rows<'a>),
    /// Rows that were split for tiles before.
    Parts(SharedParts<'a>),
}

impl Left<'_> {
    /// Checks that `width` numbers of each of the first `count` rows are there.
    pub fn check(&self, count: usize, width: usize) {
        match self {
            Left::Rows(rows) => rows.check(count, width),
            Left::Parts(parts) => parts.check(count, width),
        }
    }
}
