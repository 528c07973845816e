//! The LSTM; the equations are those of the engine `analytic`.

use super::equations::{Equations, Moment, Row};
use super::math::{sigmoid, tanh};
use super::vector::Simd;

/// Rows are i, f, g, o after activation; so is δ.
pub struct Lstm;

impl Equations for Lstm {
    const GATES: usize = 4;
    const BLOCKS: usize = 4;
    const STATE_BLOCKS: &'static [usize] = &[0, 1, 2, 3];
    const DELTAS: usize = 4;
    const INPUT_DELTAS: &'static [usize] = &[0, 1, 2, 3];
    const FIRST_STATE_DELTA: usize = 0;
    const HAS_C: bool = true;
    const USES_H: bool = false;

    #[inline(always)]
    fn forward<S: Simd>(s: S, row: &mut Row<S>, _: S::V, c_last: S::V) -> (S::V, S::V) {
        let [i, f, g, o] = *row;
        let (i, f, g, o) = (sigmoid(s, i), sigmoid(s, f), tanh(s, g), sigmoid(s, o));
        *row = [i, f, g, o];
        let c = s.mul_add(f, c_last, s.mul(i, g));
        (s.mul(o, tanh(s, c)), c)
    }

    #[inline(always)]
    fn backward<S: Simd>(s: S, at: &Moment<S>, d_h: &mut S::V, carry: &mut S::V) -> (Row<S>, S::V) {
        let [i, f, g, o] = at.row;
        let tanh_c = tanh(s, at.c);
        let slope = |gate| s.mul_sub_from(gate, gate, gate);
        let of_o = s.mul(*d_h, tanh_c);
        let d_c = s.mul_add(s.mul(*d_h, o), less_square(s, tanh_c), *carry);
        *carry = s.mul(d_c, f);
        let delta = [
            s.mul(s.mul(d_c, g), slope(i)),
            s.mul(s.mul(d_c, at.c_last), slope(f)),
            s.mul(s.mul(d_c, i), less_square(s, g)),
            s.mul(of_o, slope(o)),
        ];
        (delta, d_c)
    }
}

/// 1 − x².
#[inline(always)]
pub fn less_square<S: Simd>(s: S, x: S::V) -> S::V {
    s.mul_sub_from(x, x, s.splat(1.0))
}
