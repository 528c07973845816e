//! The right factor of a product, packed in the order in which the registers or the AMX tiles are filled.

use std::any::Any;
use std::ops::Range;

use super::tiles::{self, Tiles};
use crate::memory::{Shared, Workspace};
use crate::number::Number;
use crate::vector::{MAX_LANES, Vector, VectorOp};

/// A matrix `[depth, columns]` in packed form.
///
/// The vectors of columns are in groups that fit in the registers ([`Vector::COLUMNS`]). Each group is stored
/// row by row, so that a product reads one stream of memory. For AMX, each vector of columns is stored as
/// tiles.
#[derive(Clone, Copy)]
pub struct Panels<'a, E> {
    /// `[groups, depth, vectors of the group, lanes]`, or the tiles of each vector of columns.
    pub numbers: Shared<'a, E>,
    /// Rows of the matrix.
    pub depth: usize,
    /// The position in the result of each vector of columns.
    pub columns: &'a [Columns],
    /// The proof of AMX, if the columns are stored as tiles.
    pub tiles: Option<Tiles>,
}

/// Up to [`MAX_LANES`] rows of a vector of columns.
pub type Lines<E> = [[E; MAX_LANES]; MAX_LANES];

/// A vector of adjacent columns of the result.
#[derive(Clone, Copy)]
pub struct Columns {
    /// The first column.
    pub at: usize,
    /// The number of columns, at most one vector.
    pub lanes: usize,
}

/// Returns the columns 0 … `count` − 1 in vectors.
pub fn columns<S: Vector>(count: usize) -> Vec<Columns> {
    (0..count).step_by(S::LANES).map(|at| Columns { at, lanes: S::LANES.min(count - at) }).collect()
}

/// Returns the distance between the rows of a group.
#[inline(always)]
pub const fn width<S: Vector>() -> usize {
    S::COLUMNS * S::LANES
}

impl<'a, E: Number> Panels<'a, E> {
    /// Takes memory for a matrix of `depth` rows. The values are arbitrary until they are filled.
    pub fn new<S: Vector<Element = E>>(
        memory: &'a Workspace,
        depth: usize,
        columns: &'a [Columns],
        tiles: Option<Tiles>,
    ) -> Panels<'a, E> {
        let mut panels = Panels { numbers: Shared::read_only(&[]), depth, columns, tiles };
        panels.numbers = memory.take(panels.len::<S>());
        panels
    }

    /// Returns the same memory for a matrix of fewer rows.
    pub fn with_depth(self, depth: usize) -> Panels<'a, E> {
        Panels { depth, ..self }
    }

    /// Returns the number of values of all columns. The last group is padded to the width of the others.
    fn len<S: Vector<Element = E>>(self) -> usize {
        match self.tiles {
            Some(_) => self.columns.len() * tiles::packed_len(self.depth),
            None => self.columns.len().div_ceil(S::COLUMNS) * self.depth * width::<S>(),
        }
    }

    /// Checks that the memory has room for all columns.
    pub fn check<S: Vector<Element = E>>(self) {
        self.numbers.range(0, self.len::<S>());
    }

    /// Returns the address of row k from a vector of columns on, for callers that have called
    /// [`Panels::check`].
    #[inline(always)]
    pub fn line<S: Vector<Element = E>>(self, vector: usize, k: usize) -> *const E {
        self.numbers.as_ptr().wrapping_add(self.offset::<S>(vector, k)).cast_const()
    }

    /// Returns the offset of row k of a vector of columns.
    #[inline(always)]
    fn offset<S: Vector<Element = E>>(self, vector: usize, k: usize) -> usize {
        (vector / S::COLUMNS * self.depth + k) * width::<S>() + vector % S::COLUMNS * S::LANES
    }

    /// Packs some vectors of columns from the transposed matrix, `[columns, depth]`.
    ///
    /// `row(vector, lane)` is the row of `from` that becomes column `lane` of the vector. `None` is a
    /// column of zeros.
    pub fn fill_transposed<S: Vector<Element = E>>(
        self,
        s: S,
        vectors: Range<usize>,
        from: &[E],
        row: impl Fn(usize, usize) -> Option<usize>,
    ) {
        s.vectorize(FillTransposed { to: self, vectors, from: Shared::read_only(from), row });
    }

    /// Packs some vectors of columns from the matrix. `row(k)` is row k, and `None` is a row of zeros.
    pub fn fill<'r, S: Vector<Element = E>>(
        self,
        s: S,
        vectors: Range<usize>,
        row: impl Fn(usize) -> Option<&'r [E]>,
    ) {
        match self.tiles {
            Some(tiles) => self.fill_tiles(tiles, vectors, row),
            None => s.vectorize(Fill { to: self, vectors, row }),
        }
    }

    /// Packs some vectors of columns from the matrix as tiles.
    fn fill_tiles<'r>(self, tiles: Tiles, vectors: Range<usize>, row: impl Fn(usize) -> Option<&'r [E]>) {
        for k in (0..self.depth).step_by(MAX_LANES) {
            let count = MAX_LANES.min(self.depth - k);
            let mut rows = [None; MAX_LANES];
            rows.iter_mut().take(count).enumerate().for_each(|(n, to)| *to = row(k + n));
            // The inner loop goes over the vectors, so that each row is read in the order of its memory.
            for vector in vectors.clone() {
                let Columns { at, lanes } = self.columns[vector];
                let mut lines: Lines<E> = [[E::ZERO; MAX_LANES]; MAX_LANES];
                for (line, row) in lines.iter_mut().zip(rows) {
                    match row {
                        // A copy of constant length compiles to one vector and no call.
                        Some(row) if lanes == MAX_LANES => line.copy_from_slice(&row[at..][..MAX_LANES]),
                        Some(row) => line[..lanes].copy_from_slice(&row[at..][..lanes]),
                        None => (),
                    }
                }
                self.put_tiles(tiles, vector, k, &lines);
            }
        }
    }

    /// Stores rows k … k + 15 of a vector of columns as tiles. Rows beyond the depth are 0.
    fn put_tiles(self, tiles: Tiles, vector: usize, k: usize, lines: &Lines<E>) {
        let len = tiles::packed_len(self.depth);
        let (to, lines) = (self.numbers.as_f32(), (lines as &dyn Any).downcast_ref::<Lines<f32>>());
        let (to, lines) = to.zip(lines).expect("only f32 has tiles");
        tiles::put(tiles, to.slice_mut(vector * len, len), self.depth, k, lines);
    }
}

/// The operation of [`Panels::fill`].
struct Fill<'a, E, F> {
    to: Panels<'a, E>,
    vectors: Range<usize>,
    row: F,
}

impl<'r, E: Number, F: Fn(usize) -> Option<&'r [E]>> VectorOp<E> for Fill<'_, E, F> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        for first in (0..self.to.depth).step_by(MAX_LANES) {
            let count = MAX_LANES.min(self.to.depth - first);
            let mut rows = [None; MAX_LANES];
            rows.iter_mut().take(count).enumerate().for_each(|(n, to)| *to = (self.row)(first + n));
            // All vectors of a group are stored before the next row: they are one cache line. Some rows are
            // stored before the next group: the same rows of two groups may compete for the cache.
            for group in self.vectors.clone().step_by(S::COLUMNS) {
                for (n, row) in rows.iter().enumerate().take(count) {
                    for vector in group..self.vectors.end.min(group + S::COLUMNS) {
                        let Columns { at, lanes } = self.to.columns[vector];
                        let row = row.map(Shared::read_only);
                        let line = row.map_or(s.zero(), |row| row.load_first(s, at, lanes));
                        self.to.numbers.store(s, self.to.offset::<S>(vector, first + n), line);
                    }
                }
            }
        }
    }
}

/// The operation of [`Panels::fill_transposed`].
struct FillTransposed<'a, E, F> {
    to: Panels<'a, E>,
    vectors: Range<usize>,
    from: Shared<'a, E>,
    row: F,
}

impl<E: Number, F: Fn(usize, usize) -> Option<usize>> VectorOp<E> for FillTransposed<'_, E, F> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        let depth = self.to.depth;
        for vector in self.vectors {
            for k in (0..depth).step_by(S::LANES) {
                let count = S::LANES.min(depth - k);
                let mut square = [s.zero(); MAX_LANES];
                for (lane, line) in square.iter_mut().enumerate().take(S::LANES) {
                    if let Some(row) = (self.row)(vector, lane) {
                        *line = self.from.load_first(s, row * depth + k, count);
                    }
                }
                let columns = s.transpose(square).into_iter().enumerate().take(count);
                match self.to.tiles {
                    Some(tiles) => {
                        let mut lines: Lines<E> = [[E::ZERO; MAX_LANES]; MAX_LANES];
                        columns.for_each(|(n, column)| lines[n] = s.to_array(column));
                        self.to.put_tiles(tiles, vector, k, &lines);
                    }
                    None => columns.for_each(|(n, column)| {
                        self.to.numbers.store(s, self.to.offset::<S>(vector, k + n), column);
                    }),
                }
            }
        }
    }
}
