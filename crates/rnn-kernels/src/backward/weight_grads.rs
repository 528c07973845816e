//! The gradients of weights, biases and input, which are computed for all rows of a block at once.

use std::ops::Range;

use super::packed::Transpose;
use super::pass::BackwardPass;
use crate::cells::CellKernel;
use crate::claims::Claims;
use crate::gemm::panels::Panels;
use crate::gemm::rows::Rows;
use crate::gemm::types::{Product, Start};
use crate::layer::Size;
use crate::memory::Shared;
use crate::number::Number;
use crate::pool::Worker;
use crate::vector::{MAX_LANES, Vector};

/// The number of rows of a result that a thread claims at once. They are whole blocks of registers and tiles.
const ROWS_OF_TASK: usize = 96;

impl<E: Number, C: CellKernel, S: Vector<Element = E>> BackwardPass<'_, C, S> {
    /// Packs a thread's chunk of the block's rows, and computes its chunk of the gradients of the biases.
    pub fn pack(&self, worker: &Worker, block: &Range<usize>) {
        let Size { batch, input, hidden, .. } = self.layer.size;
        let (first, count) = (block.start * batch, block.len() * batch);
        for vector in worker.chunk(C::DELTAS * self.padded / S::LANES) {
            let mut sums = [E::ZERO; MAX_LANES];
            self.s.vectorize(Transpose {
                from: self.deltas.rows(0).from(0, vector * S::LANES),
                count,
                to: self.packed.deltas.from(vector * S::LANES, 0),
                sums: &mut sums,
            });
            self.add_bias_grads(vector * S::LANES, &sums, block);
        }
        let x = self.packed.x.with_depth(count);
        x.fill(self.s, worker.chunk(x.columns.len()), |k| {
            Some(&self.layer.input[(first + k) * input..][..input])
        });
        let h = self.packed.h.with_depth(count);
        h.fill(self.s, worker.chunk(h.columns.len()), |k| {
            let row = first + k;
            Some(match row.checked_sub(batch) {
                Some(row) => self.output.slice(row * hidden, hidden),
                None => &self.layer.initial.h[row * hidden..][..hidden],
            })
        });
    }

    /// Adds `sums`, the sums of the columns of δ from column `at` on, to the gradients of the matching
    /// biases.
    fn add_bias_grads(&self, at: usize, sums: &[E; MAX_LANES], block: &Range<usize>) {
        let Size { steps, hidden, .. } = self.layer.size;
        let (delta, unit) = (at / self.padded, at % self.padded);
        let lanes = S::LANES.min(hidden - unit);
        let add = |grad: Shared<E>, gate: Option<usize>| {
            let (Some(gate), false) = (gate, grad.is_empty()) else { return };
            for (grad, sum) in grad.slice_mut(gate * hidden + unit, lanes).iter_mut().zip(sums) {
                *grad = if block.end == steps { *sum } else { *grad + *sum };
            }
        };
        add(self.grads.b_ih, C::INPUT_DELTAS.get(delta).copied());
        add(self.grads.b_hh, delta.checked_sub(C::FIRST_STATE_DELTA));
    }

    /// Computes the gradients of weights and input. The threads claim parts of their rows.
    pub fn multiply(&self, claims: &mut Claims, block: &Range<usize>) {
        let Size { batch, hidden, .. } = self.layer.size;
        let parts = |count: usize| count.div_ceil(ROWS_OF_TASK);
        let (of_gate, of_input) = (parts(hidden), parts(block.len() * batch));
        let input_gates = C::INPUT_DELTAS.len();
        let of_weights = (input_gates + C::GATES) * of_gate;
        claims.run(of_weights + of_input, |task| {
            let (gate, part) = (task / of_gate, task % of_gate);
            if task >= of_weights {
                self.multiply_input(task - of_weights, block);
            } else if gate < input_gates {
                self.multiply_weights(
                    [gate, C::INPUT_DELTAS[gate]],
                    part,
                    block,
                    self.packed.x,
                    self.grads.w_ih,
                );
            } else {
                let gate = gate - input_gates;
                let delta = C::FIRST_STATE_DELTA + gate;
                self.multiply_weights([delta, gate], part, block, self.packed.h, self.grads.w_hh);
            }
        });
    }

    /// Computes a part of a gate's rows of a gradient of weights, from a block of δ.
    fn multiply_weights(
        &self,
        [delta, gate]: [usize; 2],
        part: usize,
        block: &Range<usize>,
        right: Panels<E>,
        grad: Shared<E>,
    ) {
        let Size { steps, batch, hidden, .. } = self.layer.size;
        let width = right.columns.last().map_or(0, |last| last.at + last.lanes);
        let units = rows_of_task(part, hidden);
        Product {
            left: self.packed.deltas.from(delta * self.padded + units.start, 0),
            right: right.with_depth(block.len() * batch),
            vectors: 0..right.columns.len(),
            result: Rows::plain(grad, (gate * hidden + units.start) * width, width),
            count: units.len(),
            start: if block.end < steps { Start::Result } else { Start::Zero },
            backwards: false,
        }
        .run(self.s);
    }

    /// Computes a part of the rows of the gradient of the input.
    fn multiply_input(&self, part: usize, block: &Range<usize>) {
        let Size { batch, input, .. } = self.layer.size;
        let rows = rows_of_task(part, block.len() * batch);
        Product {
            left: self.deltas.left(rows.start, 0),
            right: self.input_panels,
            vectors: 0..self.input_panels.columns.len(),
            result: Rows::plain(self.grads.input, (block.start * batch + rows.start) * input, input),
            count: rows.len(),
            start: Start::Zero,
            backwards: false,
        }
        .run(self.s);
    }
}

/// Returns the rows of part `part` of `count` rows.
fn rows_of_task(part: usize, count: usize) -> Range<usize> {
    part * ROWS_OF_TASK..count.min((part + 1) * ROWS_OF_TASK)
}
