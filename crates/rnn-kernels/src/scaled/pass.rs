//! The work of each thread in the scaled backward pass. Each thread takes sequences, and never waits.

use std::ops::Range;

use super::rows::ScaledRows;
use crate::backward::weights;
use crate::cells::CellKernel;
use crate::gemm::panels::Panels;
use crate::gemm::rows::Rows;
use crate::gemm::types::{Left, Product, Start};
use crate::layer::{Layer, Size};
use crate::memory::{Shared, row_stride};
use crate::pool::Worker;
use crate::vector::Vector;

/// The scaled backward pass as all threads see it. P is H rounded up to whole vectors.
pub struct ScaledPass<'a, C, S: Vector> {
    pub s: S,
    pub cell: C,
    pub layer: &'a Layer<'a, f64>,
    /// P.
    pub padded: usize,
    pub grad_output: Option<ScaledRows<'a>>,
    /// h_1 … h_T, `[T, B, H]`.
    pub output: Shared<'a, f64>,
    /// The rows of preactivations.
    pub rows: Shared<'a, f64>,
    /// c_0 … c_T, `[T + 1, B, P]`.
    pub c: Shared<'a, f64>,
    /// δ of all steps, one row for each step and sequence.
    pub deltas: Shared<'a, f64>,
    /// The adjoint of h, `[B, P]`, without the part that the GRU carries.
    pub d_h: Shared<'a, f64>,
    /// The gradient that step t+1 passes to step t outside W_hh, `[B, P]`.
    pub carry: Shared<'a, f64>,
    /// W_hh.
    pub state_panels: Panels<'a, f64>,
    /// W_ih.
    pub input_panels: Panels<'a, f64>,
    /// h, c and the exponents of the caller's adjoint.
    pub adjoint: [Shared<'a, f64>; 3],
    /// The norms of the adjoints of h and c, `[T, B]`. Those of c are empty for a cell without c.
    pub norms: [Shared<'a, f64>; 2],
    /// The gradient with respect to the input, `[T, B, I]`.
    pub input: Shared<'a, f64>,
    /// The exponents of all steps, `[T, B]`.
    pub exponent: Shared<'a, f64>,
}

impl<C: CellKernel, S: Vector<Element = f64>> ScaledPass<'_, C, S> {
    /// Runs the part of one thread.
    pub fn run(&self, worker: &Worker) {
        let Size { steps, batch, .. } = self.layer.size;
        let sequences = worker.chunk(batch);
        let panels = [self.state_panels, self.input_panels];
        weights::pack::<C, S>(self.s, self.layer, self.padded, worker, panels);
        self.begin(sequences.clone());
        worker.barrier();
        if sequences.is_empty() {
            return;
        }
        for t in (0..steps).rev() {
            self.step(sequences.clone(), t);
        }
        self.multiply_input(sequences.clone());
        self.end(sequences);
    }

    /// Takes the adjoint of some sequences from the caller.
    fn begin(&self, sequences: Range<usize>) {
        let hidden = self.layer.size.hidden;
        for b in sequences {
            for (buffer, from) in [(self.d_h, self.adjoint[0]), (self.carry, self.adjoint[1])] {
                let row = buffer.slice_mut(b * self.padded, self.padded);
                row.fill(0.0);
                if !from.is_empty() {
                    row[..hidden].copy_from_slice(from.slice(b * hidden, hidden));
                }
            }
        }
    }

    /// Computes one step back through time.
    fn step(&self, sequences: Range<usize>, t: usize) {
        let Size { batch, hidden, .. } = self.layer.size;
        let h_prev = match t.checked_sub(1) {
            Some(prev) => Rows::plain(self.output, prev * batch * hidden, hidden),
            None => Rows::plain(Shared::read_only(self.layer.initial.h), 0, hidden),
        };
        let deltas = self.delta_rows(t);
        self.pull_back(sequences.clone(), t, h_prev, deltas);
        Product {
            left: Left::Rows(deltas.from(sequences.start, C::FIRST_STATE_DELTA * self.padded)),
            right: self.state_panels,
            vectors: 0..self.state_panels.columns.len(),
            result: Rows::plain(self.d_h, sequences.start * self.padded, self.padded),
            count: sequences.len(),
            start: Start::Zero,
            backwards: t % 2 == 1,
        }
        .run(self.s);
    }

    /// Returns the rows of δ of all sequences from step t on.
    fn delta_rows(&self, t: usize) -> Rows<'_, f64> {
        let stride = row_stride::<f64>(C::DELTAS * self.padded);
        Rows::plain(self.deltas, t * self.layer.size.batch * stride, stride)
    }

    /// Computes the gradient of the input of all steps of some sequences.
    fn multiply_input(&self, sequences: Range<usize>) {
        let Size { steps, batch, input, .. } = self.layer.size;
        let of_sequences = |numbers, stride: usize| {
            Rows::grouped(numbers, sequences.start * stride, stride, sequences.len(), batch)
        };
        Product {
            left: Left::Rows(of_sequences(self.deltas, row_stride::<f64>(C::DELTAS * self.padded))),
            right: self.input_panels,
            vectors: 0..self.input_panels.columns.len(),
            result: of_sequences(self.input, input),
            count: steps * sequences.len(),
            start: Start::Zero,
            backwards: false,
        }
        .run(self.s);
    }

    /// Gives the adjoint of some sequences to the caller.
    fn end(&self, sequences: Range<usize>) {
        let hidden = self.layer.size.hidden;
        for b in sequences {
            let [d_h, carry] = [self.d_h, self.carry].map(|rows| rows.slice(b * self.padded, hidden));
            let h = self.adjoint[0].slice_mut(b * hidden, hidden);
            h.copy_from_slice(d_h);
            if C::HAS_C {
                self.adjoint[1].slice_mut(b * hidden, hidden).copy_from_slice(carry);
            } else {
                h.iter_mut().zip(carry).for_each(|(sum, carry)| *sum += carry);
            }
        }
    }
}
