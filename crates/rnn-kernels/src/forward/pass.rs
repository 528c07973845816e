//! The work of each thread in the forward pass.
//!
//! The products with W_ih are computed for a block of steps at once. Then each step adds its product with
//! W_hh and applies the cell's equations.

use std::ops::Range;

use super::activate::Activate;
use crate::cells::CellKernel;
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
    pub input_panels: Panels<'a, S::Element>,
    /// W_hh.
    pub state_panels: Panels<'a, S::Element>,
    /// The rows of activations.
    pub rows: Shared<'a, S::Element>,
    /// c, `[B, P]` for each step that is kept.
    pub c: Shared<'a, S::Element>,
    pub output: Shared<'a, S::Element>,
    pub final_c: Shared<'a, S::Element>,
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
        let vectors = worker.chunk(self.input_panels.columns.len());
        let gate_row = |vector: usize, lane: usize| {
            let (gate, unit) = gate_and_unit::<C, S>(self.padded, vector);
            (unit + lane < hidden).then_some(gate * hidden + unit + lane)
        };
        let parameters = self.layer.parameters;
        self.input_panels.fill_transposed(self.s, vectors.clone(), parameters.w_ih, gate_row);
        self.state_panels.fill_transposed(self.s, vectors, parameters.w_hh, gate_row);
        if let Some(c) = self.layer.initial.c {
            for b in worker.chunk(batch) {
                let row = self.c.slice_mut(b * self.padded, self.padded);
                row[..hidden].copy_from_slice(&c[b * hidden..][..hidden]);
                row[hidden..].fill(E::ZERO);
            }
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
        Product {
            left: Left::Rows(of_share(x, (steps.start * batch + first) * input, input)),
            right: self.input_panels,
            vectors: share.vectors.start * C::GATES..share.vectors.end * C::GATES,
            result: of_share(self.rows, self.row(steps.start, first), row_width::<C, E>(self.padded)),
            count: steps.len() * share.sequences.len(),
            start: Start::Row(Shared::read_only(self.bias)),
            backwards: false,
        }
        .run(self.s);
    }

    /// Computes one step of the recurrence.
    fn step(&self, share: &Share, t: usize) {
        let Size { batch, hidden, .. } = self.layer.size;
        let first = share.sequences.start;
        let h = |numbers, t| Rows::plain(numbers, (t * batch + first) * hidden, hidden);
        let h_prev =
            if t == 0 { h(Shared::read_only(self.layer.initial.h), 0) } else { h(self.output, t - 1) };
        let rows = Rows::plain(self.rows, self.row(t, first), row_width::<C, E>(self.padded));
        Product {
            left: Left::Rows(h_prev),
            right: self.state_panels,
            vectors: share.vectors.start * C::GATES..share.vectors.end * C::GATES,
            result: rows,
            count: share.sequences.len(),
            start: Start::Result,
            backwards: t % 2 == 1,
        }
        .run(self.s);
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
