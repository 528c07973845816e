//! The gradients that are sums over all rows of a block: of weights, biases and input.

use std::ops::Range;

use super::backward::Pass;
use super::buffer::{Buffer, spaced};
use super::equations::Equations;
use super::panels::{Panels, SharedPanels, columns};
use super::pool::Worker;
use super::product::{Product, Start};
use super::rows::{Left, Rows};
use super::shared::Shared;
use super::split::{Size, part};
use super::tiles::{self, Parts, SharedParts, Terms, Tiles};
use super::vector::{Op, Simd};
use super::wanted::Wanted;

/// Room for a block's rows as the products want them.
pub struct Packed {
    deltas: Transposed,
    /// x; no columns where the gradient of W_ih is not wanted.
    x: Panels,
    /// h_{t−1}; no columns where the gradient of W_hh is not wanted.
    h: Panels,
}

/// [`Packed`], for the threads of a job.
#[derive(Clone, Copy)]
pub struct SharedPacked<'a> {
    deltas: SharedTransposed<'a>,
    x: SharedPanels<'a>,
    h: SharedPanels<'a>,
}

/// δ transposed, `[deltas · P, rows]`.
enum Transposed {
    /// As numbers.
    Numbers {
        /// The numbers.
        buffer: Buffer,
        /// From a row to the next.
        stride: usize,
    },
    /// Split for tiles.
    Parts(Tiles, Parts),
}

/// [`Transposed`], for the threads of a job.
#[derive(Clone, Copy)]
enum SharedTransposed<'a> {
    Numbers { numbers: Shared<'a>, stride: usize },
    Parts(Tiles, SharedParts<'a>),
}

impl Packed {
    /// Room for up to `rows` rows.
    pub fn new<C: Equations, S: Simd>(s: S, size: Size, rows: usize, wanted: &Wanted) -> Packed {
        let if_wanted = |gradient: &[f32], count| if gradient.is_empty() { 0 } else { count };
        Packed {
            deltas: Transposed::new(tiles::of(s, rows), C::DELTAS * size.padded(S::LANES), rows),
            x: Panels::new::<S>(rows, columns::<S>(if_wanted(wanted.w_ih, size.input)), tiles::of(s, rows)),
            h: Panels::new::<S>(rows, columns::<S>(if_wanted(wanted.w_hh, size.hidden)), tiles::of(s, rows)),
        }
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> SharedPacked<'_> {
        // SAFETY: by this function's own contract.
        unsafe { SharedPacked { deltas: self.deltas.share(), x: self.x.share(), h: self.h.share() } }
    }
}

impl Transposed {
    fn new(tiles: Option<Tiles>, deltas: usize, rows: usize) -> Transposed {
        if let Some(tiles) = tiles {
            return Transposed::Parts(tiles, Parts::new(tiles, deltas, rows));
        }
        let stride = spaced(rows);
        Transposed::Numbers { buffer: Buffer::new(deltas * stride), stride }
    }

    /// # Safety
    /// As [`Shared::new`] has it.
    unsafe fn share(&mut self) -> SharedTransposed<'_> {
        // SAFETY: by this function's own contract.
        unsafe {
            match self {
                Transposed::Numbers { buffer, stride } => {
                    SharedTransposed::Numbers { numbers: buffer.share(), stride: *stride }
                }
                Transposed::Parts(tiles, parts) => SharedTransposed::Parts(*tiles, parts.share()),
            }
        }
    }
}

impl<'a> SharedTransposed<'a> {
    /// The rows from one on.
    fn left(self, row: usize) -> Left<'a> {
        match self {
            SharedTransposed::Numbers { numbers, stride } => {
                Left::Rows(Rows::plain(numbers, row * stride, stride))
            }
            SharedTransposed::Parts(_, parts) => Left::Parts(parts.from(row, 0)),
        }
    }
}

impl Pass<'_> {
    /// A thread's part in packing the rows of a block of steps, and in the gradients of the biases.
    pub fn pack<C: Equations, S: Simd>(&self, s: S, worker: &Worker, block: &Range<usize>) {
        let Size { batch, input, hidden, .. } = self.size;
        let (first, count) = (block.start * batch, block.len() * batch);
        let own = |n: usize| part(n, worker.index, worker.count);
        for vector in own(C::DELTAS * self.padded / S::LANES) {
            let (delta, unit) = (vector * S::LANES / self.padded, vector * S::LANES % self.padded);
            let mut sum = [0.0; 16];
            s.vectorize(Transpose {
                from: self.deltas.rows(0).from(vector * S::LANES),
                count,
                to: self.packed.deltas,
                row: vector * S::LANES,
                sum: &mut sum,
            });
            let lanes = S::LANES.min(hidden - unit);
            let starts = block.end == self.size.steps;
            let add = |to: Shared, gate: usize| {
                let to = to.slice_mut(gate * hidden + unit, lanes);
                for (to, sum) in to.iter_mut().zip(sum) {
                    *to = if starts { sum } else { *to + sum };
                }
            };
            if let (Some(gate), true) = (C::INPUT_DELTAS.get(delta), self.wanted.b_ih.is_wanted()) {
                add(self.wanted.b_ih, *gate);
            }
            if let (Some(gate), true) =
                (delta.checked_sub(C::FIRST_STATE_DELTA), self.wanted.b_hh.is_wanted())
            {
                add(self.wanted.b_hh, gate);
            }
        }
        let x = self.packed.x.of_depth(count);
        x.fill::<S>(own(x.columns.len()), |k| Some(&self.given.input[(first + k) * input..][..input]));
        let h = self.packed.h.of_depth(count);
        h.fill::<S>(own(h.columns.len()), |k| {
            let row = first + k;
            Some(match row.checked_sub(batch) {
                Some(row) => self.output.slice(row * hidden, hidden),
                None => &self.given.h[row * hidden..][..hidden],
            })
        });
    }

    /// A thread's part in the gradients of weights and input.
    pub fn multiply<C: Equations, S: Simd>(&self, s: S, worker: &Worker, block: &Range<usize>) {
        let Size { batch, input, hidden, .. } = self.size;
        let (first, count) = (block.start * batch, block.len() * batch);
        let units = part(hidden, worker.index, worker.count);
        let weights = |delta: usize, gate: usize, right: SharedPanels, result: Shared, width: usize| {
            Product {
                left: self.packed.deltas.left(delta * self.padded + units.start),
                right: right.of_depth(count),
                vectors: 0..right.columns.len(),
                result: Rows::plain(result, (gate * hidden + units.start) * width, width),
                count: units.len(),
                start: if block.end < self.size.steps { Start::Result } else { Start::Zero },
                backwards: false,
            }
            .run(s);
        };
        for (delta, gate) in C::INPUT_DELTAS.iter().enumerate() {
            weights(delta, *gate, self.packed.x, self.wanted.w_ih, input);
        }
        for gate in 0..C::GATES {
            weights(C::FIRST_STATE_DELTA + gate, gate, self.packed.h, self.wanted.w_hh, hidden);
        }
        let rows = part(count, worker.index, worker.count);
        Product {
            left: self.deltas.left(rows.start, 0),
            right: self.input_panels,
            vectors: 0..self.input_panels.columns.len(),
            result: Rows::plain(self.wanted.input, (first + rows.start) * input, input),
            count: rows.len(),
            start: Start::Zero,
            backwards: false,
        }
        .run(s);
    }
}

/// Makes rows of a vector of columns, and sums each of them.
struct Transpose<'a> {
    from: Rows<'a>,
    /// Rows of `from`.
    count: usize,
    to: SharedTransposed<'a>,
    /// The first of the rows that are made.
    row: usize,
    sum: &'a mut [f32; 16],
}

impl Op for Transpose<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut sum = s.splat(0.0);
        let scale = match self.to {
            SharedTransposed::Numbers { .. } => 1.0,
            SharedTransposed::Parts(tiles, parts) => {
                parts.from(self.row, 0).scale_columns(tiles, &self.from, self.count)
            }
        };
        let mut terms: Terms = [[0.0; 32]; 16];
        for first in (0..self.count).step_by(S::LANES) {
            let lanes = S::LANES.min(self.count - first);
            let mut square = [s.splat(0.0); 16];
            // Sums of sums: small terms first lose less.
            let mut of_square = s.splat(0.0);
            for (n, line) in square.iter_mut().enumerate().take(lanes) {
                *line = self.from.numbers.load(s, self.from.at(first + n));
                of_square = s.add(of_square, *line);
            }
            sum = s.add(sum, of_square);
            let lines = s.transpose(square).into_iter().enumerate().take(S::LANES);
            match self.to {
                SharedTransposed::Numbers { numbers, stride } => {
                    lines.for_each(|(n, line)| {
                        numbers.store_first(s, (self.row + n) * stride + first, lanes, line);
                    });
                }
                SharedTransposed::Parts(tiles, parts) => {
                    // Two squares are a line of terms.
                    let half = first % 32;
                    lines.for_each(|(n, line)| {
                        // SAFETY: there is room for two vectors of 16.
                        unsafe { s.store(terms[n].as_mut_ptr().add(half), line) };
                    });
                    let last = first + S::LANES >= self.count;
                    if half == 0 && last {
                        terms.iter_mut().for_each(|terms| terms[S::LANES..].fill(0.0));
                    }
                    if half > 0 || last {
                        parts.from(self.row, 0).put(tiles, first - half, &terms, scale);
                    }
                }
            }
        }
        // SAFETY: no vector is longer than 16.
        unsafe { s.store(self.sum.as_mut_ptr(), sum) };
    }
}
