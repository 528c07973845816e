//! The cell's equations on the rows of one step.

use crate::cells::{CellKernel, MAX_BLOCKS};
use crate::gemm::rows::Rows;
use crate::number::Number;
use crate::partition::Share;
use crate::vector::{Vector, VectorOp};

/// The operands of a step, from the first sequence of the share on.
pub struct Activate<'a, C, E> {
    pub cell: C,
    pub hidden: usize,
    pub padded: usize,
    /// True if the activations are stored.
    pub save: bool,
    pub share: &'a Share,
    pub rows: Rows<'a, E>,
    pub h_prev: Rows<'a, E>,
    pub h: Rows<'a, E>,
    pub c_prev: Rows<'a, E>,
    pub c: Rows<'a, E>,
}

impl<C: CellKernel, E: Number> VectorOp<E> for Activate<'_, C, E> {
    #[inline(always)]
    fn run<S: Vector<Element = E>>(self, s: S) {
        let zero = s.zero();
        for b in 0..self.share.sequences.len() {
            let (row_at, c_prev, c_at) = (self.rows.offset(b), self.c_prev.offset(b), self.c.offset(b));
            let (h_prev, h_at) = (self.h_prev.offset(b), self.h.offset(b));
            for vector in self.share.vectors.clone() {
                let unit = vector * S::LANES;
                let lanes = S::LANES.min(self.hidden - unit);
                let mut row = [zero; MAX_BLOCKS];
                for (n, block) in row.iter_mut().enumerate().take(C::BLOCKS) {
                    *block = self.rows.numbers.load(s, row_at + n * self.padded + unit);
                }
                let h =
                    if C::USES_H { self.h_prev.numbers.load_first(s, h_prev + unit, lanes) } else { zero };
                let c = if C::HAS_C { self.c_prev.numbers.load(s, c_prev + unit) } else { zero };
                let (h, c) = self.cell.forward(s, &mut row, h, c);
                if self.save {
                    for (n, block) in row.iter().enumerate().take(C::BLOCKS) {
                        self.rows.numbers.store(s, row_at + n * self.padded + unit, *block);
                    }
                }
                if C::HAS_C {
                    self.c.numbers.store(s, c_at + unit, c);
                }
                self.h.numbers.store_first(s, h_at + unit, lanes, h);
            }
        }
    }
}
