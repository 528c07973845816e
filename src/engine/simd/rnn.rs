//! The tanh RNN; the equations are those of the engine `analytic`.

use super::equations::{Equations, Moment, Row};
use super::lstm::less_square;
use super::math::tanh;
use super::vector::Simd;

/// A row is h after activation.
pub struct Rnn;

impl Equations for Rnn {
    const GATES: usize = 1;
    const BLOCKS: usize = 1;
    const STATE_BLOCKS: &'static [usize] = &[0];
    const DELTAS: usize = 1;
    const INPUT_DELTAS: &'static [usize] = &[0];
    const FIRST_STATE_DELTA: usize = 0;
    const HAS_C: bool = false;
    const USES_H: bool = false;

    #[inline(always)]
    fn forward<S: Simd>(s: S, row: &mut Row<S>, _: S::V, c_last: S::V) -> (S::V, S::V) {
        row[0] = tanh(s, row[0]);
        (row[0], c_last)
    }

    #[inline(always)]
    fn backward<S: Simd>(s: S, at: &Moment<S>, d_h: &mut S::V, _: &mut S::V) -> (Row<S>, S::V) {
        let mut delta = at.row;
        delta[0] = s.mul(*d_h, less_square(s, at.row[0]));
        (delta, *d_h)
    }
}
