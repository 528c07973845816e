//! The tanh RNN: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh).

use super::derivatives::Derivatives;
use super::kernel::{CellKernel, Row, StepCache};
use crate::vector::Vector;
use crate::vector::math::tanh;

/// The tanh RNN. A row is h_t.
#[derive(Clone, Copy)]
pub struct Rnn;

impl CellKernel for Rnn {
    const GATES: usize = 1;
    const BLOCKS: usize = 1;
    const STATE_BLOCKS: &'static [usize] = &[0];
    const DELTAS: usize = 1;
    const INPUT_DELTAS: &'static [usize] = &[0];
    const FIRST_STATE_DELTA: usize = 0;
    const HAS_C: bool = false;
    const USES_H: bool = false;

    #[inline(always)]
    fn forward<S: Vector>(self, s: S, row: &mut Row<S>, _: S::V, c_prev: S::V) -> (S::V, S::V) {
        row[0] = tanh(s, row[0]);
        (row[0], c_prev)
    }

    #[inline(always)]
    fn backward<S: Vector, D: Derivatives>(
        self,
        s: S,
        step: &StepCache<S>,
        d_h: &mut S::V,
        _: &mut S::V,
    ) -> (Row<S>, S::V) {
        let mut delta = step.row;
        delta[0] = s.mul(*d_h, D::tanh(s, step.row[0]).1);
        (delta, *d_h)
    }
}
