//! The right factor of a product, laid out in the order in which the register block or the unit for tiles reads it.

use std::ops::Range;

use super::buffer::Buffer;
use super::shared::{Shared, lend};
use super::tiles::{self, Tiles};
use super::vector::{Op, Simd};

/// The columns of a matrix `[depth, N]`, a vector of them after the other; in a vector row by row, or as tiles.
pub struct Panels {
    buffer: Buffer,
    /// Rows of the matrix.
    depth: usize,
    /// Where the columns of each vector go in the result.
    columns: Vec<Column>,
    /// Whether they are tiles.
    tiles: Option<Tiles>,
}

/// Some rows of a vector of columns.
pub type Lines = [[f32; 16]; 16];

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
    /// `[vectors, depth, lanes]`, or the tiles of each vector.
    pub numbers: Shared<'a>,
    /// Rows of the matrix.
    pub depth: usize,
    /// Where the columns of each vector go.
    pub columns: &'a [Column],
    /// Whether they are tiles.
    pub tiles: Option<Tiles>,
}

impl Panels {
    /// Room for a matrix of `depth` rows.
    pub fn new<S: Simd>(depth: usize, columns: Vec<Column>, tiles: Option<Tiles>) -> Panels {
        Panels { buffer: Buffer::new(columns.len() * panel::<S>(depth, tiles)), depth, columns, tiles }
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> SharedPanels<'_> {
        // SAFETY: by this function's own contract.
        let numbers = unsafe { self.buffer.share() };
        SharedPanels { numbers, depth: self.depth, columns: &self.columns, tiles: self.tiles }
    }
}

/// Numbers that a vector of columns takes.
fn panel<S: Simd>(depth: usize, tiles: Option<Tiles>) -> usize {
    if tiles.is_some() { tiles::room(depth) } else { depth * S::LANES }
}

impl<'a> SharedPanels<'a> {
    /// The same with room for fewer rows.
    pub fn of_depth(self, depth: usize) -> SharedPanels<'a> {
        SharedPanels { depth, ..self }
    }

    /// Numbers that the first `vectors` take.
    pub fn len<S: Simd>(self, vectors: usize) -> usize {
        vectors * panel::<S>(self.depth, self.tiles)
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
        for k in (0..self.depth).step_by(16) {
            let count = 16.min(self.depth - k);
            let mut rows = [None; 16];
            rows.iter_mut().take(count).enumerate().for_each(|(n, to)| *to = row(k + n));
            // The rows as they lie in memory: neighbouring vectors one after the other.
            for vector in vectors.clone() {
                let Column { at, lanes } = self.columns[vector];
                let mut lines: Lines = [[0.0; 16]; 16];
                for (line, row) in lines.iter_mut().zip(rows) {
                    match row {
                        // Of a known length: one vector, and no call.
                        Some(row) if lanes == 16 => line.copy_from_slice(&row[at..][..16]),
                        Some(row) => line[..lanes].copy_from_slice(&row[at..][..lanes]),
                        None => (),
                    }
                }
                self.put::<S>(vector, k, &lines, count);
            }
        }
    }

    /// Puts rows k … k + `count` − 1 of a vector of columns, the lines beyond `count` being 0.
    fn put<S: Simd>(self, vector: usize, k: usize, lines: &Lines, count: usize) {
        let len = panel::<S>(self.depth, self.tiles);
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
                let count = S::LANES.min(depth - k);
                let mut square = [s.splat(0.0); 16];
                for (lane, line) in square.iter_mut().enumerate().take(S::LANES) {
                    if let Some(row) = (self.row)(vector, lane) {
                        *line = self.from.load_first(s, row * depth + k, count);
                    }
                }
                let mut lines: Lines = [[0.0; 16]; 16];
                for (line, from) in lines.iter_mut().zip(s.transpose(square)).take(count) {
                    // SAFETY: no vector is longer than 16.
                    unsafe { s.store(line.as_mut_ptr(), from) };
                }
                self.to.put::<S>(vector, k, &lines, count);
            }
        }
    }
}
