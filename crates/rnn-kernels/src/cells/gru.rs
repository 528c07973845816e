//! The GRU (Cho et al. 2014) in PyTorch's form, with the reset gate r after the product with W_hn.
//!
//! n = tanh(W_in x_t + b_in + r·q) with q = W_hn h_{t−1} + b_hn, and h_t = (1 − z)·n + z·h_{t−1}.

use super::derivatives::Derivatives;
use super::kernel::{CellKernel, Row, StepCache};
use crate::vector::Vector;
use crate::vector::math::{sigmoid, tanh};

/// The GRU. Rows hold the activations r, z, n, then q.
///
/// The blocks of δ belong to W_in x, r, z and q. In this order the blocks of the input's products (n, r, z)
/// are adjacent, and so are those of the state's products (r, z, q).
#[derive(Clone, Copy)]
pub struct Gru;

impl CellKernel for Gru {
    const GATES: usize = 3;
    const BLOCKS: usize = 4;
    const STATE_BLOCKS: &'static [usize] = &[0, 1, 3];
    const DELTAS: usize = 4;
    const INPUT_DELTAS: &'static [usize] = &[2, 0, 1];
    const FIRST_STATE_DELTA: usize = 1;
    const HAS_C: bool = false;
    const USES_H: bool = true;

    #[inline(always)]
    fn forward<S: Vector>(self, s: S, row: &mut Row<S>, h_prev: S::V, c_prev: S::V) -> (S::V, S::V) {
        let [r, z, n, q] = *row;
        let (r, z) = (sigmoid(s, r), sigmoid(s, z));
        let n = tanh(s, s.mul_add(r, q, n));
        *row = [r, z, n, q];
        (s.mul_add(z, s.sub(h_prev, n), n), c_prev)
    }

    #[inline(always)]
    fn backward<S: Vector, D: Derivatives>(
        self,
        s: S,
        step: &StepCache<S>,
        d_h: &mut S::V,
        carry: &mut S::V,
    ) -> (Row<S>, S::V) {
        let [r, z, n, q] = step.row;
        let (r, z) = (D::sigmoid(s, r), D::sigmoid(s, z));
        let (n, n_derivative) = D::tanh(s, if D::FROM_PREACTIVATIONS { s.mul_add(r.value, q, n) } else { n });
        *d_h = s.add(*d_h, *carry);
        *carry = s.mul(*d_h, z.value);
        let to_n = if D::FROM_PREACTIVATIONS {
            s.mul(*d_h, z.complement)
        } else {
            s.neg_mul_add(*d_h, z.value, *d_h)
        };
        let d_n = s.mul(to_n, n_derivative);
        let d_r = s.mul(s.mul(d_n, q), r.derivative);
        let d_z = s.mul(s.mul(*d_h, s.sub(step.h_prev, n)), z.derivative);
        ([d_n, d_r, d_z, s.mul(d_n, r.value)], *d_h)
    }
}
