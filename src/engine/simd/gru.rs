//! The GRU; the equations are those of the engine `analytic`, with q = W_hn h_{t−1} + b_hn.

use super::equations::{Equations, Moment, Row};
use super::lstm::less_square;
use super::math::{sigmoid, tanh};
use super::vector::Simd;

/// Rows are r, z, n after activation, and q. δ is that of W_in x, of r, of z, and of q: so the input's three are
/// neighbours, and the state's.
pub struct Gru;

impl Equations for Gru {
    const GATES: usize = 3;
    const BLOCKS: usize = 4;
    const STATE_BLOCKS: &'static [usize] = &[0, 1, 3];
    const DELTAS: usize = 4;
    const INPUT_DELTAS: &'static [usize] = &[2, 0, 1];
    const FIRST_STATE_DELTA: usize = 1;
    const HAS_C: bool = false;
    const USES_H: bool = true;

    #[inline(always)]
    fn forward<S: Simd>(s: S, row: &mut Row<S>, h_last: S::V, c_last: S::V) -> (S::V, S::V) {
        let [r, z, n, q] = *row;
        let (r, z) = (sigmoid(s, r), sigmoid(s, z));
        let n = tanh(s, s.mul_add(r, q, n));
        *row = [r, z, n, q];
        (s.mul_add(z, s.sub(h_last, n), n), c_last)
    }

    #[inline(always)]
    fn backward<S: Simd>(s: S, at: &Moment<S>, d_h: &mut S::V, carry: &mut S::V) -> (Row<S>, S::V) {
        let [r, z, n, q] = at.row;
        *d_h = s.add(*d_h, *carry);
        *carry = s.mul(*d_h, z);
        let slope = |gate| s.mul_sub_from(gate, gate, gate);
        let of_n = s.mul(s.mul_sub_from(*d_h, z, *d_h), less_square(s, n));
        let of_q = s.mul(of_n, r);
        let of_z = s.mul(s.mul(*d_h, s.sub(at.h_last, n)), slope(z));
        ([of_n, s.mul(s.mul(of_n, q), slope(r)), of_z, of_q], *d_h)
    }
}
