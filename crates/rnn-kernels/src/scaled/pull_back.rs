//! One step back of some sequences: the direct part, the power of two, and the cell's derivatives.

use std::ops::Range;

use super::exponent::{ZERO_EXPONENT, exponent, power_of_two};
use super::pass::ScaledPass;
use crate::cells::{CellKernel, FromPreactivations, MAX_BLOCKS, StepCache};
use crate::gemm::rows::Rows;
use crate::memory::Shared;
use crate::saved::row_width;
use crate::vector::{Vector, VectorOp};

impl<C: CellKernel, S: Vector<Element = f64>> ScaledPass<'_, C, S> {
    /// Computes δ of step t, given h_{t−1} and the rows of δ of all sequences.
    pub fn pull_back(&self, sequences: Range<usize>, t: usize, h_prev: Rows<f64>, deltas: Rows<f64>) {
        self.s.vectorize(PullBack { pass: self, sequences, t, h_prev, deltas });
    }
}

/// The operands of step t for some sequences.
struct PullBack<'a, C, S: Vector> {
    pass: &'a ScaledPass<'a, C, S>,
    sequences: Range<usize>,
    t: usize,
    /// h_{t−1} of all sequences.
    h_prev: Rows<'a, f64>,
    /// The rows of δ of this step.
    deltas: Rows<'a, f64>,
}

impl<C: CellKernel, S: Vector<Element = f64>> VectorOp<f64> for PullBack<'_, C, S> {
    #[inline(always)]
    fn run<V: Vector<Element = f64>>(self, s: V) {
        for b in self.sequences.clone() {
            let factor = self.rescale(b);
            self.differentiate(s, b, factor);
        }
    }
}

impl<C: CellKernel, S: Vector<Element = f64>> PullBack<'_, C, S> {
    /// Adds the direct part of sequence b, and moves a power of two into the exponent. Returns the factor by
    /// which the adjoint has yet to be multiplied.
    #[inline(always)]
    fn rescale(&self, b: usize) -> f64 {
        let ScaledPass { padded, layer, d_h, carry, .. } = *self.pass;
        let hidden = layer.size.hidden;
        let row = self.t * layer.size.batch + b;
        let of_state = &mut self.pass.adjoint[2].slice_mut(b, 1)[0];
        let (d_h, carry) = (d_h.slice_mut(b * padded, padded), carry.slice_mut(b * padded, padded));
        if let Some(direct) = self.pass.grad_output.filter(|direct| direct.exponent[row] > ZERO_EXPONENT) {
            let larger = of_state.max(direct.exponent[row]);
            let factor = power_of_two(*of_state - larger);
            let of_direct = power_of_two(direct.exponent[row] - larger);
            d_h.iter_mut().chain(carry.iter_mut()).for_each(|x| *x *= factor);
            let direct = &direct.mantissa[row * hidden..][..hidden];
            d_h.iter_mut().zip(direct).for_each(|(sum, x)| *sum += x * of_direct);
            *of_state = larger;
        }
        // Without the sign bit, floats are ordered like their bits, with infinity and NaN last.
        let bits = |x: &f64| x.to_bits() & !(1 << 63);
        let largest = |numbers: &[f64]| numbers.iter().map(bits).fold(0, u64::max);
        let largest = f64::from_bits(largest(d_h).max(largest(carry)));
        let power = exponent(largest);
        *of_state = if largest == 0.0 { ZERO_EXPONENT } else { *of_state + power };
        self.pass.exponent.slice_mut(row, 1)[0] = *of_state;
        power_of_two(-power)
    }

    /// Computes δ and the norms of sequence b.
    #[inline(always)]
    fn differentiate<V: Vector<Element = f64>>(&self, s: V, b: usize, factor: f64) {
        let ScaledPass { padded, layer, rows, c, d_h, carry, .. } = *self.pass;
        let (batch, hidden) = (layer.size.batch, layer.size.hidden);
        let row = self.t * batch + b;
        let (row_at, at) = (row * row_width::<C, f64>(padded), b * padded);
        let factor = s.splat(factor);
        let mut squares = [s.zero(); 2];
        for unit in (0..hidden).step_by(V::LANES) {
            let lanes = V::LANES.min(hidden - unit);
            let mut step =
                StepCache { row: [s.zero(); MAX_BLOCKS], h_prev: s.zero(), c_prev: s.zero(), c: s.zero() };
            for n in 0..C::BLOCKS {
                step.row[n] = rows.load(s, row_at + n * padded + unit);
            }
            if C::USES_H {
                step.h_prev = self.h_prev.numbers.load_first(s, self.h_prev.offset(b) + unit, lanes);
            }
            if C::HAS_C {
                step.c_prev = c.load(s, row * padded + unit);
                step.c = c.load(s, (row + batch) * padded + unit);
            }
            let mut grad_h = s.mul(d_h.load(s, at + unit), factor);
            let mut carried = s.mul(carry.load(s, at + unit), factor);
            let (delta, d_c) =
                self.pass.cell.backward::<V, FromPreactivations>(s, &step, &mut grad_h, &mut carried);
            carry.store(s, at + unit, s.keep_first(carried, lanes));
            for (square, grad) in squares.iter_mut().zip([grad_h, d_c]) {
                let grad = s.keep_first(grad, lanes);
                *square = s.mul_add(grad, grad, *square);
            }
            for (n, delta) in delta.into_iter().enumerate().take(C::DELTAS) {
                let to = self.deltas.offset(b) + n * padded + unit;
                self.deltas.numbers.store(s, to, s.keep_first(delta, lanes));
            }
        }
        for (norms, square) in self.pass.norms.into_iter().zip(squares) {
            if !Shared::is_empty(norms) {
                norms.slice_mut(row, 1)[0] = s.to_array(square).iter().sum::<f64>().sqrt();
            }
        }
    }
}
