//! The LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), in PyTorch's order of
//! gates.
//!
//! c_t = f·c_{t−1} + i·g and h_t = o·tanh(c_t).

use super::derivatives::Derivatives;
use super::kernel::{CellKernel, Row, StepCache};
use crate::vector::Vector;
use crate::vector::math::{sigmoid, tanh};

/// The LSTM. Rows hold the activations i, f, g, o. Rows of δ have the same order.
#[derive(Clone, Copy)]
pub struct Lstm;

impl CellKernel for Lstm {
    const GATES: usize = 4;
    const BLOCKS: usize = 4;
    const STATE_BLOCKS: &'static [usize] = &[0, 1, 2, 3];
    const DELTAS: usize = 4;
    const INPUT_DELTAS: &'static [usize] = &[0, 1, 2, 3];
    const FIRST_STATE_DELTA: usize = 0;
    const HAS_C: bool = true;
    const USES_H: bool = false;

    #[inline(always)]
    fn forward<S: Vector>(self, s: S, row: &mut Row<S>, _: S::V, c_prev: S::V) -> (S::V, S::V) {
        let [i, f, g, o] = *row;
        let (i, f, g, o) = (sigmoid(s, i), sigmoid(s, f), tanh(s, g), sigmoid(s, o));
        *row = [i, f, g, o];
        let c = s.mul_add(f, c_prev, s.mul(i, g));
        (s.mul(o, tanh(s, c)), c)
    }

    #[inline(always)]
    fn backward<S: Vector, D: Derivatives>(
        self,
        s: S,
        step: &StepCache<S>,
        d_h: &mut S::V,
        carry: &mut S::V,
    ) -> (Row<S>, S::V) {
        let [i, f, g, o] = step.row;
        let (i, f, o) = (D::sigmoid(s, i), D::sigmoid(s, f), D::sigmoid(s, o));
        let (g, g_derivative) = D::tanh(s, g);
        let (tanh_c, tanh_c_derivative) = D::tanh_of_c(s, step.c);
        let d_o = s.mul(*d_h, tanh_c);
        let d_c = s.mul_add(s.mul(*d_h, o.value), tanh_c_derivative, *carry);
        *carry = s.mul(d_c, f.value);
        let delta = [
            s.mul(s.mul(d_c, g), i.derivative),
            s.mul(s.mul(d_c, step.c_prev), f.derivative),
            s.mul(s.mul(d_c, i.value), g_derivative),
            s.mul(d_o, o.derivative),
        ];
        (delta, d_c)
    }
}
