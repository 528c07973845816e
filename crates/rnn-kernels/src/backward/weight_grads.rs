//! The gradients of weights, biases and input, which are computed for all rows of a block at once.

use std::ops::Range;

use super::packed::Transpose;
use super::parts::Part;
use super::pass::BackwardPass;
use crate::cells::CellKernel;
use crate::claims::Claims;
use crate::gemm::rows::Rows;
use crate::gemm::types::{Left, Product, Start};
use crate::layer::Size;
use crate::memory::Shared;
use crate::number::Number;
use crate::partition::Share;
use crate::pool::Worker;
use crate::vector::{MAX_LANES, Vector};

/// The number of rows of a result that a thread claims at once. They are whole blocks of registers and tiles.
const ROWS_OF_TASK: usize = 96;

impl<E: Number, C: CellKernel, S: Vector<Element = E>> BackwardPass<'_, C, S> {
    /// Computes the gradients of weights, biases and input from a block of δ, together with the other
    /// threads. The threads claim parts of the rows of each result.
    pub fn differentiate_shared(&self, worker: &Worker, claims: &mut Claims, block: &Range<usize>) {
        for part in &self.parts {
            self.pack(part, block, |count| worker.chunk(count));
        }
        worker.barrier();
        let of_part = self.tasks_of_part();
        let of_weights = of_part * self.parts.len();
        let rows = block.len() * self.layer.size.batch;
        claims.run(of_weights + rows.div_ceil(ROWS_OF_TASK), |task| match task.checked_sub(of_weights) {
            None => self.multiply_weights(&self.parts[task / of_part], task % of_part, block),
            Some(task) => self.multiply_input(rows_of_task(task, rows), block),
        });
    }

    /// Computes the gradients of weights, biases and input from a thread's own sequences of a block of δ.
    pub fn differentiate_own(&self, parts: &[Part<E>], share: &Share, block: &Range<usize>) {
        for part in parts {
            self.pack(part, block, |count| 0..count);
            (0..self.tasks_of_part()).for_each(|task| self.multiply_weights(part, task, block));
        }
        let Size { batch, input, .. } = self.layer.size;
        let (first, count) = (share.sequences.start, share.sequences.len());
        let grad = Rows::plain(self.grads.input, (block.start * batch + first) * input, input);
        self.multiply_input_rows(
            Left::Rows(self.deltas.rows(first).grouped_by(count, batch)),
            grad.grouped_by(count, batch),
            block.len() * count,
        );
    }

    /// Packs a chunk of the columns of a part's rows, and computes that chunk of the gradients of the biases.
    fn pack(&self, part: &Part<E>, block: &Range<usize>, chunk: impl Fn(usize) -> Range<usize>) {
        let Size { batch, input, hidden, .. } = self.layer.size;
        let (first, group) = (part.sequences.start, part.sequences.len());
        let count = block.len() * group;
        for vector in chunk(C::DELTAS * self.padded / S::LANES) {
            let mut sums = [E::ZERO; MAX_LANES];
            self.s.vectorize(Transpose {
                from: self.deltas.rows(first).from(0, vector * S::LANES).grouped_by(group, batch),
                count,
                to: part.packed.deltas.from(vector * S::LANES, 0),
                sums: &mut sums,
            });
            self.add_bias_grads(part, vector * S::LANES, &sums, block);
        }
        let row = |k: usize| (block.start + k / group) * batch + first + k % group;
        let x = part.packed.x.with_depth(count);
        x.fill(self.s, chunk(x.columns.len()), |k| Some(&self.layer.input[row(k) * input..][..input]));
        let h = part.packed.h.with_depth(count);
        h.fill(self.s, chunk(h.columns.len()), |k| {
            Some(match row(k).checked_sub(batch) {
                Some(row) => self.output.slice(row * hidden, hidden),
                None => &self.layer.initial.h[row(k) * hidden..][..hidden],
            })
        });
    }

    /// Adds `sums`, the sums of the columns of δ from column `at` on, to the gradients of the matching
    /// biases.
    fn add_bias_grads(&self, part: &Part<E>, at: usize, sums: &[E; MAX_LANES], block: &Range<usize>) {
        let Size { steps, hidden, .. } = self.layer.size;
        let (delta, unit) = (at / self.padded, at % self.padded);
        let lanes = S::LANES.min(hidden - unit);
        let add = |grad: Shared<E>, gate: Option<usize>| {
            let (Some(gate), false) = (gate, grad.is_empty()) else { return };
            for (grad, sum) in grad.slice_mut(gate * hidden + unit, lanes).iter_mut().zip(sums) {
                *grad = if block.end == steps { *sum } else { *grad + *sum };
            }
        };
        add(part.grads.b_ih, C::INPUT_DELTAS.get(delta).copied());
        add(part.grads.b_hh, delta.checked_sub(C::FIRST_STATE_DELTA));
    }

    /// Returns the number of tasks into which the gradients of the weights are divided.
    fn tasks_of_part(&self) -> usize {
        (C::INPUT_DELTAS.len() + C::GATES) * self.layer.size.hidden.div_ceil(ROWS_OF_TASK)
    }

    /// Computes some rows of a gradient of weights from a part of a block of δ: task `task` of
    /// [`BackwardPass::tasks_of_part`].
    fn multiply_weights(&self, part: &Part<E>, task: usize, block: &Range<usize>) {
        let Size { steps, hidden, .. } = self.layer.size;
        let of_gate = hidden.div_ceil(ROWS_OF_TASK);
        let (gate, units) = (task / of_gate, rows_of_task(task % of_gate, hidden));
        let (delta, gate, right, grad) = match gate.checked_sub(C::INPUT_DELTAS.len()) {
            None => (gate, C::INPUT_DELTAS[gate], part.packed.x, part.grads.w_ih),
            Some(gate) => (C::FIRST_STATE_DELTA + gate, gate, part.packed.h, part.grads.w_hh),
        };
        let width = right.columns.last().map_or(0, |last| last.at + last.lanes);
        Product {
            left: part.packed.deltas.from(delta * self.padded + units.start, 0),
            right: right.with_depth(block.len() * part.sequences.len()),
            vectors: 0..right.columns.len(),
            result: Rows::plain(grad, (gate * hidden + units.start) * width, width),
            count: units.len(),
            start: if block.end < steps { Start::Result } else { Start::Zero },
            backwards: false,
        }
        .run(self.s);
    }

    /// Computes some rows of the gradient of the input.
    fn multiply_input(&self, rows: Range<usize>, block: &Range<usize>) {
        let Size { batch, input, .. } = self.layer.size;
        let grad = Rows::plain(self.grads.input, (block.start * batch + rows.start) * input, input);
        self.multiply_input_rows(self.deltas.left(rows.start, 0), grad, rows.len());
    }

    /// Computes `count` rows of the gradient of the input from the same rows of δ.
    fn multiply_input_rows(&self, deltas: Left<E>, grad: Rows<E>, count: usize) {
        Product {
            left: deltas,
            right: self.input_panels,
            vectors: 0..self.input_panels.columns.len(),
            result: grad,
            count,
            start: Start::Zero,
            backwards: false,
        }
        .run(self.s);
    }

    /// Adds the gradients of the later parts to those of the first part.
    pub fn add_parts(&self, worker: &Worker) {
        let Some((first, later)) = self.parts.split_first().filter(|(_, later)| !later.is_empty()) else {
            return;
        };
        worker.barrier();
        for (n, sum) in first.grads.all().into_iter().enumerate() {
            let chunk = worker.chunk(sum.len());
            let sum = sum.slice_mut(chunk.start, chunk.len());
            for part in later {
                let term = part.grads.all()[n].slice(chunk.start, chunk.len());
                sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += *term);
            }
        }
    }
}

/// Returns the rows of task `task` of `count` rows.
fn rows_of_task(task: usize, count: usize) -> Range<usize> {
    task * ROWS_OF_TASK..count.min((task + 1) * ROWS_OF_TASK)
}
