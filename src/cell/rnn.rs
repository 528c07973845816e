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

    fn candidate(&self) -> usize {
        0
    }

    fn activations(&self, gates: &[Gate], x: &Tensor, last_h: &Tensor) -> Vec<Tensor> {
        vec![gates[0].preactivation(x, last_h).tanh()]
    }

    fn update(&self, activations: &[Tensor], _: &State) -> State {
        State::of_h(activations[0].shallow_clone())
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
