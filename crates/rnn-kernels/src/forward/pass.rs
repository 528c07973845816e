//! The work of each thread in the forward pass.
//!
//! The products with W_ih are computed for a block of steps at once. Then each step adds its product with
//! W_hh and applies the cell's equations.

use std::ops::Range;

use super::activate::Activate;
use crate::cells::CellKernel;
use crate::gemm::dot::DotProduct;
use crate::gemm::panels::{Columns, Panels};
use crate::gemm::rows::Rows;
use crate::gemm::types::{Left, Product, Start};
use crate::layer::{Layer, Size};
use crate::memory::Shared;
use crate::number::Number;
use crate::partition::{Partition, Share};
use crate::pool::Worker;
use crate::saved::{Keep, row_width};
use crate::vector::Vector;

/// The forward pass as all threads see it. P is H rounded up to whole vectors.
pub struct ForwardPass<'a, C, S: Vector> {
    pub s: S,
    pub cell: C,
    pub layer: &'a Layer<'a, S::Element>,
    /// P.
    pub padded: usize,
    /// The number of steps in a block.
    pub block: usize,
    /// The rows that are kept, together with c. Without them, the rows of one block and the c of two steps
    /// are kept.
    pub keep: Keep,
    pub partition: Partition,
    /// The start of every row.
    pub bias: &'a [S::Element],
    /// W_ih.
    pub input_weights: Weights<'a, S::Element>,
    /// W_hh.
    pub state_weights: Weights<'a, S::Element>,
    /// The rows of activations.
    pub rows: Shared<'a, S::Element>,
    /// c, `[B, P]` for each step that is kept.
    pub c: Shared<'a, S::Element>,
    pub output: Shared<'a, S::Element>,
    pub final_c: Shared<'a, S::Element>,
}

/// A matrix of weights.
pub struct Weights<'a, E> {
    /// The matrix, `[G·H, depth]`.
    pub numbers: &'a [E],
    /// The vectors of columns of a product with the matrix.
    pub columns: &'a [Columns],
    /// The packed form, or `None` for a product that reads the matrix as it is.
    pub panels: Option<Panels<'a, E>>,
}

/// Returns the vectors of columns: all gates of the units of a cache line, then all gates of the next line,
/// and so on.
///
/// In this order, the weights for a thread's units are adjacent, and a register block writes whole lines of
/// the result. `block` is the block to which the products of a gate are added.
pub fn gate_columns<C: CellKernel, S: Vector>(hidden: usize, block: impl Fn(usize) -> usize) -> Vec<Columns> {
    let padded = hidden.next_multiple_of(S::LANES);
    let columns = (0..padded / S::LANES * C::GATES).map(|vector| gate_and_unit::<C, S>(padded, vector));
    columns.map(|(gate, unit)| Columns { at: block(gate) * padded + unit, lanes: S::LANES }).collect()
}

/// Returns the gate and the first unit of a vector of [`gate_columns`]. `padded` is P.
fn gate_and_unit<C: CellKernel, S: Vector>(padded: usize, vector: usize) -> (usize, usize) {
    let cache_line = <S::Element>::CACHE_LINE;
    let line = vector / (cache_line / S::LANES * C::GATES) * cache_line;
    let of_gate = cache_line.min(padded - line) / S::LANES;
    let in_line = vector - line / S::LANES * C::GATES;
    (in_line / of_gate, line + in_line % of_gate * S::LANES)
}

impl<E: Number, C: CellKernel, S: Vector<Element = E>> ForwardPass<'_, C, S> {
    /// Runs the part of one thread.
    pub fn run(&self, worker: &Worker) {
        let size = self.layer.size;
        let share = self.partition.share::<S>(size, worker.index, worker.count);
        self.prepare(worker);
        worker.barrier();
        for first in (0..size.steps).step_by(self.block) {
            let block = first..size.steps.min(first + self.block);
            self.project(&share, block.clone());
            for t in block {
                self.step(&share, t);
                if self.partition == Partition::Units {
                    worker.barrier();
                }
            }
        }
        if C::HAS_C {
            self.store_final_c(&share);
        }
    }

    /// Packs a chunk of the weights and copies a chunk of c_0.
    fn prepare(&self, worker: &Worker) {
        let Size { batch, hidden, .. } = self.layer.size;
        for weights in [&self.input_weights, &self.state_weights] {
            let Some(panels) = weights.panels else { continue };
            let vectors = worker.chunk(weights.columns.len());
            panels.fill_transposed(self.s, vectors, weights.numbers, |vector, lane| {
                let (row, rows) = self.weight_rows(vector);
                (lane < rows).then_some(row + lane)
            });
        }
        if let Some(c) = self.layer.initial.c {
            for b in worker.chunk(batch) {
                let row = self.c.slice_mut(b * self.padded, self.padded);
                row[..hidden].copy_from_slice(&c[b * hidden..][..hidden]);
                row[hidden..].fill(E::ZERO);
            }
        }
    }

    /// Returns the row of the weights that gives the first column of a vector of columns, and the number of
    /// its columns that are no padding.
    fn weight_rows(&self, vector: usize) -> (usize, usize) {
        let hidden = self.layer.size.hidden;
        let (gate, unit) = gate_and_unit::<C, S>(self.padded, vector);
        (gate * hidden + unit, S::LANES.min(hidden - unit))
    }

    /// Multiplies `count` rows with the weights of a thread's units.
    fn multiply(
        &self,
        share: &Share,
        weights: &Weights<E>,
        (left, result, count): (Rows<E>, Rows<E>, usize),
        start: Start<E>,
        backwards: bool,
    ) {
        let vectors = share.vectors.start * C::GATES..share.vectors.end * C::GATES;
        match weights.panels {
            Some(right) => {
                Product { left: Left::Rows(left), right, vectors, result, count, start, backwards }
                    .run(self.s);
            }
            None => self.s.vectorize(DotProduct {
                left,
                weights: Shared::read_only(weights.numbers),
                depth: weights.numbers.len() / (C::GATES * self.layer.size.hidden),
                weight_rows: |vector| self.weight_rows(vector),
                columns: weights.columns,
                vectors,
                result,
                count,
                start,
            }),
        }
    }

    /// Fills the rows of some steps with biases and products of the input.
    fn project(&self, share: &Share, steps: Range<usize>) {
        let Size { batch, input, .. } = self.layer.size;
        let units = share.units(S::LANES);
        for t in steps.clone() {
            for b in share.sequences.clone() {
                // The product below starts the other blocks from their bias.
                for block in C::GATES..C::BLOCKS {
                    let at = block * self.padded + units.start;
                    let to = self.rows.slice_mut(self.row(t, b) + at, units.len());
                    to.copy_from_slice(&self.bias[at..][..units.len()]);
                }
            }
        }
        let of_share =
            |numbers, first, width| Rows::grouped(numbers, first, width, share.sequences.len(), batch);
        let x = Shared::read_only(self.layer.input);
        let first = share.sequences.start;
        let left = of_share(x, (steps.start * batch + first) * input, input);
        let result = of_share(self.rows, self.row(steps.start, first), row_width::<C, E>(self.padded));
        let count = steps.len() * share.sequences.len();
        let bias = Start::Row(Shared::read_only(self.bias));
        self.multiply(share, &self.input_weights, (left, result, count), bias, false);
    }

    /// Computes one step of the recurrence.
    fn step(&self, share: &Share, t: usize) {
        let Size { batch, hidden, .. } = self.layer.size;
        let first = share.sequences.start;
        let h = |numbers, t| Rows::plain(numbers, (t * batch + first) * hidden, hidden);
        let h_prev =
            if t == 0 { h(Shared::read_only(self.layer.initial.h), 0) } else { h(self.output, t - 1) };
        let rows = Rows::plain(self.rows, self.row(t, first), row_width::<C, E>(self.padded));
        let operands = (h_prev, rows, share.sequences.len());
        self.multiply(share, &self.state_weights, operands, Start::Result, t % 2 == 1);
        let c = |t| Rows::plain(self.c, (self.c_slot(t) * batch + first) * self.padded, self.padded);
        self.s.vectorize(Activate {
            cell: self.cell,
            hidden,
            padded: self.padded,
            save: self.keep == Keep::Activations,
            share,
            rows,
            h_prev,
            h: h(self.output, t),
            c_prev: c(t),
            c: c(t + 1),
        });
    }

    /// Copies c_T to the result.
    fn store_final_c(&self, share: &Share) {
        let Size { steps, batch, hidden, .. } = self.layer.size;
        let units = share.real_units(S::LANES, hidden);
        if share.vectors.is_empty() {
            return;
        }
        for b in share.sequences.clone() {
            let c = self.c.slice((self.c_slot(steps) * batch + b) * self.padded, self.padded);
            let to = self.final_c.slice_mut(b * hidden + units.start, units.len());
            to.copy_from_slice(&c[units.clone()]);
        }
    }

    /// Returns the offset of the row of step t and sequence b.
    fn row(&self, t: usize, b: usize) -> usize {
        let t = if self.keep == Keep::Nothing { t % self.block } else { t };
        (t * self.layer.size.batch + b) * row_width::<C, E>(self.padded)
    }

    /// Returns the slot of c_t.
    fn c_slot(&self, t: usize) -> usize {
        if self.keep == Keep::Nothing { t % 2 } else { t }
    }
}
