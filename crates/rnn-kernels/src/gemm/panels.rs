//! The right factor of a product, packed in the order in which the registers or the AMX tiles are filled.

use std::ops::Range;

use super::tiles::{self, Tiles};
use crate::memory::{Shared, Workspace};
use crate::vector::{MAX_LANES, Vector, VectorOp};

/// A matrix `[depth, columns]` in packed form, one vector of columns after the other.
///
/// Each vector of columns is stored row by row, or as AMX tiles.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    /// `[vectors, depth, lanes]`, or the tiles of each vector of columns.
    pub numbers: Shared<'a>,
    /// Rows of the matrix.
    pub depth: usize,
    /// The position in the result of each vector of columns.
    pub columns: &'a [Columns],
    /// The proof of AMX, if the columns are stored as tiles.
    pub tiles: Option<Tiles>,
}

/// Up to [`MAX_LANES`] rows of a vector of columns.
pub type Lines = [[f32; MAX_LANES]; MAX_LANES];

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

/// Returns the number of f32 values that one packed vector of columns takes.
fn packed_len<S: Vector>(depth: usize, tiles: Option<Tiles>) -> usize {
    if tiles.is_some() { tiles::packed_len(depth) } else { depth * S::LANES }
}

impl<'a> Panels<'a> {
    /// Takes memory for a matrix of `depth` rows. The values are arbitrary until they are filled.
    pub fn new<S: Vector>(
        memory: &'a Workspace,
        depth: usize,
        columns: &'a [Columns],
        tiles: Option<Tiles>,
    ) -> Panels<'a> {
        let numbers = memory.take(columns.len() * packed_len::<S>(depth, tiles));
        Panels { numbers, depth, columns, tiles }
    }

    /// Returns the same memory for a matrix of fewer rows.
    pub fn with_depth(self, depth: usize) -> Panels<'a> {
        Panels { depth, ..self }
    }

    /// Returns the number of f32 values that the first `vectors` vectors of columns take.
    pub fn len<S: Vector>(self, vectors: usize) -> usize {
        vectors * packed_len::<S>(self.depth, self.tiles)
    }

    /// Packs some vectors of columns from the transposed matrix, `[columns, depth]`.
    ///
    /// `row(vector, lane)` is the row of `from` that becomes column `lane` of the vector. `None` is a
    /// column of zeros.
    pub fn fill_transposed<S: Vector>(
        self,
        s: S,
        vectors: Range<usize>,
        from: &[f32],
        row: impl Fn(usize, usize) -> Option<usize>,
    ) {
        s.vectorize(FillTransposed { to: self, vectors, from: Shared::read_only(from), row });
    }

    /// Packs some vectors of columns from the matrix. `row(k)` is row k, and `None` is a row of zeros.
    pub fn fill<'r, S: Vector>(self, vectors: Range<usize>, row: impl Fn(usize) -> Option<&'r [f32]>) {
        for k in (0..self.depth).step_by(MAX_LANES) {
            let count = MAX_LANES.min(self.depth - k);
            let mut rows = [None; MAX_LANES];
            rows.iter_mut().take(count).enumerate().for_each(|(n, to)| *to = row(k + n));
            // The inner loop goes over the vectors, so that each row is read in the order of its memory.
            for vector in vectors.clone() {
                let Columns { at, lanes } = self.columns[vector];
                let mut lines: Lines = [[0.0; MAX_LANES]; MAX_LANES];
                for (line, row) in lines.iter_mut().zip(rows) {
                    match row {
                        // A copy of constant length compiles to one vector and no call.
                        Some(row) if lanes == MAX_LANES => line.copy_from_slice(&row[at..][..MAX_LANES]),
                        Some(row) => line[..lanes].copy_from_slice(&row[at..][..lanes]),
                        None => (),
                    }
                }
                self.put::<S>(vector, k, &lines, count);
            }
        }
    }

    /// Stores rows k … k + `count` − 1 of a vector of columns. The caller has set the lines from `count`
    /// on to 0.
    fn put<S: Vector>(self, vector: usize, k: usize, lines: &Lines, count: usize) {
        let len = packed_len::<S>(self.depth, self.tiles);
        let panel = self.numbers.slice_mut(vector * len, len);
        match self.tiles {
            Some(tiles) => tiles::put(tiles, panel, self.depth, k, lines),
            None => {
                for (to, line) in panel[k * S::LANES..].chunks_exact_mut(S::LANES).zip(lines).take(count) {
                    to.copy_from_slice(&line[..S::LANES]);
                }
            }
        }
    }
}

/// The operation of [`Panels::fill_transposed`].
struct FillTransposed<'a, F> {
    to: Panels<'a>,
    vectors: Range<usize>,
    from: Shared<'a>,
    row: F,
}

impl<F: Fn(usize, usize) -> Option<usize>> VectorOp for FillTransposed<'_, F> {
    #[inline(always)]
    fn run<S: Vector>(self, s: S) {
        let depth = self.to.depth;
        for vector in self.vectors {
            for k in (0..depth).step_by(S::LANES) {
                let count = S::LANES.min(depth - k);
                let mut square = [s.splat(0.0); MAX_LANES];
                for (lane, line) in square.iter_mut().enumerate().take(S::LANES) {
                    if let Some(row) = (self.row)(vector, lane) {
                        *line = self.from.load_first(s, row * depth + k, count);
                    }
                }
                let mut lines: Lines = [[0.0; MAX_LANES]; MAX_LANES];
                for (line, from) in lines.iter_mut().zip(s.transpose(square)).take(count) {
                    *line = s.to_array(from);
                }
                self.to.put::<S>(vector, k, &lines, count);
            }
        }
    }
}
