//! The right factor of a product, laid out in the order in which the register block reads it.

use std::ops::Range;

use super::buffer::Buffer;
use super::shared::{Shared, lend};
use super::vector::{Op, Simd};

/// The columns of a matrix `[depth, N]`, a vector of them after the other; in a vector, row by row.
pub struct Panels {
    buffer: Buffer,
    /// Rows of the matrix.
    depth: usize,
    /// Where the columns of each vector go in the result.
    columns: Vec<Column>,
}

/// Neighbouring columns, as many as a vector has lanes or fewer.
#[derive(Clone, Copy)]
pub struct Column {
    /// The first one's place in a row of the result.
    pub at: usize,
    /// How many they are.
    pub lanes: usize,
}

/// Neighbouring columns 0 … `count` − 1, cut into vectors.
pub fn columns<S: Simd>(count: usize) -> Vec<Column> {
    (0..count).step_by(S::LANES).map(|at| Column { at, lanes: S::LANES.min(count - at) }).collect()
}

/// [`Panels`] for the threads of a job.
#[derive(Clone, Copy)]
pub struct SharedPanels<'a> {
    /// `[vectors, depth, lanes]`.
    pub numbers: Shared<'a>,
    /// Rows of the matrix.
    pub depth: usize,
    /// Where the columns of each vector go.
    pub columns: &'a [Column],
}

impl Panels {
    /// Room for a matrix of `depth` rows.
    pub fn new<S: Simd>(depth: usize, columns: Vec<Column>) -> Panels {
        Panels { buffer: Buffer::new(columns.len() * depth * S::LANES), depth, columns }
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> SharedPanels<'_> {
        // SAFETY: by this function's own contract.
        let numbers = unsafe { self.buffer.share() };
        SharedPanels { numbers, depth: self.depth, columns: &self.columns }
    }
}

impl<'a> SharedPanels<'a> {
    /// The same with room for fewer rows.
    pub fn of_depth(self, depth: usize) -> SharedPanels<'a> {
        SharedPanels { depth, ..self }
    }

    /// Fills some of the vectors from the transposed matrix, `[rows, depth]`: `row` gives which of its rows column n of
    /// a vector is; none is 0.
    pub fn fill_transposed<S: Simd>(
        self,
        s: S,
        vectors: Range<usize>,
        from: &[f32],
        row: impl Fn(usize, usize) -> Option<usize>,
    ) {
        s.vectorize(FillTransposed { to: self, vectors, from: lend(from), row });
    }

    /// Fills some of the vectors from the matrix: `row` gives row k, as long as the columns reach; none is 0.
    pub fn fill<'r, S: Simd>(self, vectors: Range<usize>, row: impl Fn(usize) -> Option<&'r [f32]>) {
        for vector in vectors {
            let Column { at, lanes } = self.columns[vector];
            let panel = self.panel_mut::<S>(vector);
            for (k, line) in panel.chunks_exact_mut(S::LANES).enumerate() {
                match row(k) {
                    Some(row) => line[..lanes].copy_from_slice(&row[at..][..lanes]),
                    None => line[..lanes].fill(0.0),
                }
                line[lanes..].fill(0.0);
            }
        }
    }

    fn panel_mut<S: Simd>(self, vector: usize) -> &'a mut [f32] {
        let len = self.depth * S::LANES;
        self.numbers.slice_mut(vector * len, len)
    }
}

/// See [`SharedPanels::fill_transposed`].
struct FillTransposed<'a, F> {
    to: SharedPanels<'a>,
    vectors: Range<usize>,
    from: Shared<'a>,
    row: F,
}

impl<F: Fn(usize, usize) -> Option<usize>> Op for FillTransposed<'_, F> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let depth = self.to.depth;
        for vector in self.vectors {
            for k in (0..depth).step_by(S::LANES) {
                let lanes = S::LANES.min(depth - k);
                let mut tile = [s.splat(0.0); 16];
                for (lane, line) in tile.iter_mut().enumerate().take(S::LANES) {
                    if let Some(row) = (self.row)(vector, lane) {
                        *line = self.from.load_first(s, row * depth + k, lanes);
                    }
                }
                let tile = s.transpose(tile);
                for (n, line) in tile.into_iter().enumerate().take(lanes) {
                    self.to.numbers.store(s, (vector * depth + k + n) * S::LANES, line);
                }
            }
        }
    }
}
