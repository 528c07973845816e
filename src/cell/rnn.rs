//! The simple recurrent network (Elman 1990) with tanh.

use tch::Tensor;

use super::{Cell, CellName, Gate, LayerParameters, State};

/// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
pub struct Rnn;

impl Cell for Rnn {
    fn name(&self) -> CellName {
        CellName::Rnn
    }

    fn gates(&self) -> &'static [&'static str] {
        &["h"]
    }

    fn step(&self, gates: &[Gate], x: &Tensor, last: &State) -> State {
        State::of_h(gates[0].preactivation(x, &last.h).tanh())
    }

    fn step_projected(
        &self,
        _: &LayerParameters,
        w_hh_t: &Tensor,
        projected: &Tensor,
        last: &State,
    ) -> State {
        State::of_h(projected.addmm(&last.h, w_hh_t).tanh())
    }
}
