//! The rows of a block in the form that the products for the gradients of the weights need.

use crate::gemm::panels::Panels;
use crate::gemm::rows::Rows;
use crate::gemm::tiles::{Bf16Split, Terms, Tiles};
use crate::gemm::types::Left;
use crate::memory::{Workspace, row_stride};
use crate::number::Number;
use crate::vector::{MAX_LANES, Vector, VectorOp};

/// The factors of the products over a block's rows.
#[derive(Clone, Copy)]
pub struct Packed<'a, E> {
    /// δ transposed, `[deltas·P, rows]`.
    pub deltas: Left<'a, E>,
    /// x_t, `[rows, I]`. It has no columns if the gradient of W_ih is not asked for.
    pub x: Panels<'a, E>,
    /// h_{t−1}, `[rows, H]`. It has no columns if the gradient of W_hh is not asked for.
    pub h: Panels<'a, E>,
}

/// Takes memory for δ transposed: `deltas` rows of up to `rows` numbers.
pub fn transposed_deltas<E: Number>(
    memory: &Workspace,
    tiles: Option<Tiles>,
    deltas: usize,
    rows: usize,
) -> Left<'_, E> {
    match tiles {
        Some(tiles) => Left::Split(Bf16Split::new(memory, tiles, deltas, rows)),
        None => {
            let stride = row_stride::<E>(rows);
            Left::Rows(Rows::plain(memory.take(deltas * stride), 0, stride))
        }
    }
}

/// The operation that transposes a vector of columns and sums each of them.
pub struct Transpose<'a, E> {
    /// The columns.
    pub from: Rows<'a, E>,
    /// The number of rows of `from`.
    pub count: usize,
    /// The rows that the columns become.
    pub to: Left<'a, E>,
    /// The sum of each column.
    pub sums: &'a mut [E; MAX_LANES],
}

impl<E: Number> VectorOp<E> for Transpose<'_, E> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        let scale = match self.to {
            Left::Rows(_) => 1.0,
            Left::Split(split) => {
                let from = self.from.as_f32().expect("only f32 has tiles");
                split.scale_columns(&from, self.count)
            }
        };
        let mut sums = s.zero();
        let mut terms: Terms = [[0.0; 32]; 16];
        let mut offsets = self.from.offsets();
        for first in (0..self.count).step_by(S::LANES) {
            let lanes = S::LANES.min(self.count - first);
            let mut square = [s.zero(); MAX_LANES];
            // The sum of a square is added as one term: a sum loses less precision if its small terms are
            // added first.
            let mut of_square = s.zero();
            for (line, offset) in square.iter_mut().take(lanes).zip(&mut offsets) {
                *line = self.from.numbers.load(s, offset);
                of_square = s.add(of_square, *line);
            }
            sums = s.add(sums, of_square);
            let lines = s.transpose(square).into_iter().enumerate().take(S::LANES);
            match self.to {
                Left::Rows(rows) => {
                    lines.for_each(|(n, line)| {
                        rows.numbers.store_first(s, rows.offset(n) + first, lanes, line);
                    });
                }
                Left::Split(split) => {
                    // Two squares make one line of terms.
                    let half = first % 32;
                    lines.for_each(|(n, line)| {
                        // SAFETY: only f32 has tiles, and a row has room for two vectors of 16 numbers.
                        unsafe { s.store(terms[n].as_mut_ptr().add(half).cast(), line) };
                    });
                    let last = first + S::LANES >= self.count;
                    if half == 0 && last {
                        terms.iter_mut().for_each(|terms| terms[S::LANES..].fill(0.0));
                    }
                    if half > 0 || last {
                        split.put(first - half, &terms, scale);
                    }
                }
            }
        }
        *self.sums = s.to_array(sums);
    }
}
