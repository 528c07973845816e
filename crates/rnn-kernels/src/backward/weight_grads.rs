//! The gradients of weights, biases and input, which are computed for all rows of a block at once.

use std::ops::Range;

use super::packed::Transpose;
use super::pass::BackwardPass;
use crate::cells::CellKernel;
use crate::gemm::panels::Panels;
use crate::gemm::rows::Rows;
use crate::gemm::types::{Product, Start};
use crate::layer::Size;
use crate::memory::Shared;
use crate::pool::Worker;
use crate::vector::{MAX_LANES, Vector};

impl<C: CellKernel, S: Vector> BackwardPass<'_, C, S> {
    /// Packs a thread's chunk of the block's rows, and computes its chunk of the gradients of the biases.
    pub fn pack(&self, worker: &Worker, block: &Range<usize>) {
        let Size { batch, input, hidden, .. } = self.layer.size;
        let (first, count) = (block.start * batch, block.len() * batch);
        for vector in worker.chunk(C::DELTAS * self.padded / S::LANES) {
            let mut sums = [0.0; MAX_LANES];
            self.s.vectorize(Transpose {
                from: self.deltas.rows(0).from(0, vector * S::LANES),
                count,
                to: self.packed.deltas.from(vector * S::LANES, 0),
                sums: &mut sums,
            });
            self.add_bias_grads(vector * S::LANES, &sums, block);
        }
        let x = self.packed.x.with_depth(count);
        x.fill::<S>(worker.chunk(x.columns.len()), |k| {
            Some(&self.layer.input[(first + k) * input..][..input])
        });
        let h = self.packed.h.with_depth(count);
        h.fill::<S>(worker.chunk(h.columns.len()), |k| {
            let row = first + k;
            Some(match row.checked_sub(batch) {
                Some(row) => self.output.slice(row * hidden, hidden),
                None => &self.layer.initial.h[row * hidden..][..hidden],
            })
        });
    }

    /// Adds `sums`, the sums of the columns of δ from column `at` on, to the gradients of the matching
    /// biases.
    fn add_bias_grads(&self, at: usize, sums: &[f32; MAX_LANES], block: &Range<usize>) {
        let Size { steps, hidden, .. } = self.layer.size;
        let (delta, unit) = (at / self.padded, at % self.padded);
        let lanes = S::LANES.min(hidden - unit);
        let add = |grad: Shared, gate: Option<usize>| {
            let (Some(gate), false) = (gate, grad.is_empty()) else { return };
            for (grad, sum) in grad.slice_mut(gate * hidden + unit, lanes).iter_mut().zip(sums) {
                *grad = if block.end == steps { *sum } else { *grad + *sum };
            }
        };
        add(self.grads.b_ih, C::INPUT_DELTAS.get(delta).copied());
        add(self.grads.b_hh, delta.checked_sub(C::FIRST_STATE_DELTA));
    }

    /// Computes a thread's chunk of the gradients of weights and input.
    pub fn multiply(&self, worker: &Worker, block: &Range<usize>) {
        let Size { steps, batch, input, hidden } = self.layer.size;
        let (first, count) = (block.start * batch, block.len() * batch);
        let units = worker.chunk(hidden);
        let weights = |delta: usize, gate: usize, right: Panels, grad: Shared, width: usize| {
            Product {
                left: self.packed.deltas.from(delta * self.padded + units.start, 0),
                right: right.with_depth(count),
                vectors: 0..right.columns.len(),
                result: Rows::plain(grad, (gate * hidden + units.start) * width, width),
                count: units.len(),
                start: if block.end < steps { Start::Result } else { Start::Zero },
                backwards: false,
            }
            .run(self.s);
        };
        for (delta, gate) in C::INPUT_DELTAS.iter().enumerate() {
            weights(delta, *gate, self.packed.x, self.grads.w_ih, input);
        }
        for gate in 0..C::GATES {
            weights(C::FIRST_STATE_DELTA + gate, gate, self.packed.h, self.grads.w_hh, hidden);
        }
        let rows = worker.chunk(count);
        Product {
            left: self.deltas.left(rows.start, 0),
            right: self.input_panels,
            vectors: 0..self.input_panels.columns.len(),
            result: Rows::plain(self.grads.input, (first + rows.start) * input, input),
            count: rows.len(),
            start: Start::Zero,
            backwards: false,
        }
        .run(self.s);
    }
}
