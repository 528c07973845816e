//! The cell's derivatives on the rows of one step.

use crate::cells::{CellKernel, FromOutputs, MAX_BLOCKS, StepCache};
use crate::gemm::rows::Rows;
use crate::memory::Shared;
use crate::number::Number;
use crate::partition::Share;
use crate::vector::{Vector, VectorOp};

/// The operands of a step, from the first sequence of the share on.
pub struct Differentiate<'a, C, E> {
    pub cell: C,
    pub hidden: usize,
    pub padded: usize,
    pub share: &'a Share,
    pub rows: Rows<'a, E>,
    pub h_prev: Rows<'a, E>,
    pub c_prev: Rows<'a, E>,
    pub c: Rows<'a, E>,
    pub d_h: Rows<'a, E>,
    pub carry: Rows<'a, E>,
    pub deltas: Rows<'a, E>,
    /// The gradients with respect to h_t and c_t. A gradient that is not asked for is empty.
    pub all: [Shared<'a, E>; 2],
    /// The offset of this step in `all`.
    pub all_at: usize,
}

impl<C: CellKernel, E: Number> VectorOp<E> for Differentiate<'_, C, E> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        let zero = s.zero();
        let padded = self.padded;
        for b in 0..self.share.sequences.len() {
            let (row_at, delta_at) = (self.rows.offset(b), self.deltas.offset(b));
            let (h_prev, c_prev, c) = (self.h_prev.offset(b), self.c_prev.offset(b), self.c.offset(b));
            let (d_h_at, carry_at) = (self.d_h.offset(b), self.carry.offset(b));
            for vector in self.share.vectors.clone() {
                let unit = vector * S::LANES;
                let lanes = S::LANES.min(self.hidden - unit);
                let mut step = StepCache { row: [zero; MAX_BLOCKS], h_prev: zero, c_prev: zero, c: zero };
                for n in 0..C::BLOCKS {
                    step.row[n] = self.rows.numbers.load(s, row_at + n * padded + unit);
                }
                if C::USES_H {
                    step.h_prev = self.h_prev.numbers.load_first(s, h_prev + unit, lanes);
                }
                if C::HAS_C {
                    step.c_prev = self.c_prev.numbers.load(s, c_prev + unit);
                    step.c = self.c.numbers.load(s, c + unit);
                }
                let mut d_h = self.d_h.numbers.load(s, d_h_at + unit);
                let mut carry = self.carry.numbers.load(s, carry_at + unit);
                let (delta, d_c) = self.cell.backward::<S, FromOutputs>(s, &step, &mut d_h, &mut carry);
                for (all, grad) in self.all.into_iter().zip([d_h, d_c]) {
                    if !all.is_empty() {
                        all.store_first(s, self.all_at + b * self.hidden + unit, lanes, grad);
                    }
                }
                self.carry.numbers.store(s, carry_at + unit, carry);
                for (n, delta) in delta.into_iter().enumerate().take(C::DELTAS) {
                    // Products include the padding, so it has to be 0. The rows may hold any numbers
                    // there.
                    let delta = s.keep_first(delta, lanes);
                    self.deltas.numbers.store(s, delta_at + n * padded + unit, delta);
                }
            }
        }
    }
}
