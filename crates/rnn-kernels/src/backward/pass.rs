//! The work of each thread in the backward pass. The blocks of steps run from the last one to the first.
//!
//! Within a block, the steps back through time give δ. Then the gradients of weights, biases and input are
//! products over all rows of the block.

use std::ops::Range;

use super::deltas::Deltas;
use super::differentiate::Differentiate;
use super::parts::{self, Part};
use super::weights;
use crate::cells::CellKernel;
use crate::claims::Claims;
use crate::gemm::panels::Panels;
use crate::gemm::rows::Rows;
use crate::gemm::types::{Product, Start};
use crate::grads::{GradOutputs, Grads};
use crate::layer::{Layer, Size};
use crate::memory::Shared;
use crate::number::Number;
use crate::partition::{Partition, Share};
use crate::pool::Worker;
use crate::saved::row_width;
use crate::subnormal::FlushToZero;
use crate::vector::Vector;

/// The backward pass as all threads see it. P is H rounded up to whole vectors.
pub struct BackwardPass<'a, C, S: Vector> {
    pub s: S,
    pub cell: C,
    pub layer: &'a Layer<'a, S::Element>,
    pub grad_outputs: GradOutputs<'a, S::Element>,
    /// P.
    pub padded: usize,
    /// The number of steps in a block.
    pub block: usize,
    pub partition: Partition,
    /// h_1 … h_T, `[T, B, H]`.
    pub output: Shared<'a, S::Element>,
    /// The rows of activations.
    pub rows: Shared<'a, S::Element>,
    /// c_0 … c_T, `[T + 1, B, P]`.
    pub c: Shared<'a, S::Element>,
    /// δ of the block's steps.
    pub deltas: Deltas<'a, S::Element>,
    /// The gradient of h_t from the output and through W_hh of step t+1, `[B, P]`.
    pub d_h: Shared<'a, S::Element>,
    /// The gradient that step t+1 passes to step t outside W_hh, `[B, P]`.
    pub carry: Shared<'a, S::Element>,
    /// W_hh.
    pub state_panels: Panels<'a, S::Element>,
    /// W_ih. It has no columns if the gradient of the input is not asked for.
    pub input_panels: Panels<'a, S::Element>,
    /// The parts whose gradients of the weights are summed apart.
    pub parts: Vec<Part<'a, S::Element>>,
    pub grads: Grads<Shared<'a, S::Element>>,
}

impl<E: Number, C: CellKernel, S: Vector<Element = E>> BackwardPass<'_, C, S> {
    /// Runs the part of one thread.
    pub fn run(&self, worker: &Worker) {
        let share = self.partition.share::<S>(self.layer.size, worker.index, worker.count);
        let own = parts::own(&self.parts, self.partition, worker.index, worker.count);
        self.prepare(worker);
        worker.barrier();
        let mut end = self.layer.size.steps;
        let mut claims = Claims::new(worker);
        while end > 0 {
            let block = end.saturating_sub(self.block)..end;
            let flush = FlushToZero::new();
            for t in block.clone().rev() {
                self.step(&share, &block, t);
                if self.partition == Partition::Units {
                    worker.barrier();
                }
                self.split_deltas(worker, &share, t - block.start);
            }
            drop(flush);
            match &own {
                Some(own) => {
                    self.deltas.carry_over_first_step(share.sequences.clone());
                    self.differentiate_own(&self.parts[own.clone()], &share, &block);
                }
                None => {
                    worker.barrier();
                    self.deltas.carry_over_first_step(worker.chunk(self.layer.size.batch));
                    self.differentiate_shared(worker, &mut claims, &block);
                }
            }
            end = block.start;
        }
        self.store_initial_grads(&share);
        self.add_parts(worker);
    }

    /// Packs a chunk of the weights, and sets a chunk of the gradient that is carried to the last step.
    fn prepare(&self, worker: &Worker) {
        let Size { batch, hidden, .. } = self.layer.size;
        weights::pack::<C, S>(
            self.s,
            self.layer,
            self.padded,
            worker,
            [self.state_panels, self.input_panels],
        );
        for b in worker.chunk(batch) {
            let carry = self.carry.slice_mut(b * self.padded, self.padded);
            carry.fill(E::ZERO);
            if let Some(grad) = self.grad_outputs.final_c {
                carry[..hidden].copy_from_slice(&grad[b * hidden..][..hidden]);
            }
        }
    }

    /// Computes one step back through time.
    fn step(&self, share: &Share, block: &Range<usize>, t: usize) {
        let Size { batch, hidden, .. } = self.layer.size;
        let first = share.sequences.start;
        let at = |slot: usize, width: usize| (slot * batch + first) * width;
        let d_h = Rows::plain(self.d_h, at(0, self.padded), self.padded);
        self.compute_d_h(share, block, t, d_h);
        let h_prev = match t.checked_sub(1) {
            Some(prev) => Rows::plain(self.output, at(prev, hidden), hidden),
            None => Rows::plain(Shared::read_only(self.layer.initial.h), at(0, hidden), hidden),
        };
        let width = row_width::<C, E>(self.padded);
        let padded_rows = |numbers, slot| Rows::plain(numbers, at(slot, self.padded), self.padded);
        self.s.vectorize(Differentiate {
            cell: self.cell,
            hidden,
            padded: self.padded,
            share,
            rows: Rows::plain(self.rows, at(t, width), width),
            h_prev,
            c_prev: padded_rows(self.c, t),
            c: padded_rows(self.c, t + 1),
            d_h,
            carry: padded_rows(self.carry, 0),
            deltas: self.deltas.rows(self.deltas.row(t - block.start, first)),
            all: [self.grads.all_h, self.grads.all_c],
            all_at: at(t, hidden),
        });
    }

    /// Computes the gradient of h_t from the output and through W_hh of step t+1.
    fn compute_d_h(&self, share: &Share, block: &Range<usize>, t: usize, d_h: Rows<E>) {
        let Size { steps, batch, hidden, .. } = self.layer.size;
        if t + 1 == steps {
            return self.compute_last_d_h(share);
        }
        let first = share.sequences.start;
        let row = if t + 1 == block.end {
            self.deltas.row_after_block(first)
        } else {
            self.deltas.row(t + 1 - block.start, first)
        };
        let direct = self.grad_outputs.output.map(|output| {
            Start::Rows(Rows::plain(Shared::read_only(output), (t * batch + first) * hidden, hidden))
        });
        self.multiply_state(share, row, d_h, direct.unwrap_or(Start::Zero), t % 2 == 1);
    }

    /// Computes the gradient of h_T as the sum of its gradients as last output and as final state.
    fn compute_last_d_h(&self, share: &Share) {
        let Size { steps, batch, hidden, .. } = self.layer.size;
        let (units, real) = (share.units(S::LANES), share.real_units(S::LANES, hidden));
        for b in share.sequences.clone() {
            let d_h = self.d_h.slice_mut(b * self.padded + units.start, units.len());
            d_h.fill(E::ZERO);
            let GradOutputs { output, final_h, .. } = self.grad_outputs;
            for (row, grad) in [((steps - 1) * batch + b, output), (b, final_h)] {
                if let (Some(grad), false) = (grad, real.is_empty()) {
                    let grad = &grad[row * hidden..][real.clone()];
                    d_h.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += *grad);
                }
            }
        }
    }

    /// Computes the product of the share's δ, from row `row` on, and W_hh.
    fn multiply_state(&self, share: &Share, row: usize, result: Rows<E>, start: Start<E>, backwards: bool) {
        Product {
            left: self.deltas.left(row, C::FIRST_STATE_DELTA * self.padded),
            right: self.state_panels,
            vectors: share.vectors.clone(),
            result,
            count: share.sequences.len(),
            start,
            backwards,
        }
        .run(self.s);
    }

    /// Splits a step's δ for tiles. If threads divide the units, each thread splits a chunk of the
    /// sequences.
    fn split_deltas(&self, worker: &Worker, share: &Share, step: usize) {
        if !self.deltas.needs_split() {
            return;
        }
        let divided = self.partition == Partition::Units;
        let sequences = if divided { worker.chunk(self.layer.size.batch) } else { share.sequences.clone() };
        self.deltas.split(self.deltas.row(step, sequences.start)..self.deltas.row(step, sequences.end));
        if divided {
            worker.barrier();
        }
    }

    /// Stores the gradients with respect to the initial state.
    fn store_initial_grads(&self, share: &Share) {
        let hidden = self.layer.size.hidden;
        let (d_h, d_c) = (self.grads.initial_h, self.grads.initial_c);
        let first = share.sequences.start;
        let units = share.real_units(S::LANES, hidden);
        if units.is_empty() {
            return;
        }
        if !d_h.is_empty() {
            let result = Rows::plain(d_h, first * hidden, hidden);
            self.multiply_state(share, self.deltas.row_after_block(first), result, Start::Zero, false);
        }
        for b in share.sequences.clone() {
            let carry = self.carry.slice(b * self.padded + units.start, units.len());
            let at = b * hidden + units.start;
            if C::HAS_C && !d_c.is_empty() {
                d_c.slice_mut(at, units.len()).copy_from_slice(carry);
            } else if !C::HAS_C && !d_h.is_empty() {
                let d_h = d_h.slice_mut(at, units.len());
                d_h.iter_mut().zip(carry).for_each(|(sum, carry)| *sum += *carry);
            }
        }
    }
}
