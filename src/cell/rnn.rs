//! The simple recurrent network (Elman 1990) with tanh.

use tch::Tensor;

use super::{Cell, CellName, Gate, LayerParameters, State};

/// The tanh RNN.
///
/// ```text
/// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
/// ```
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

    fn activations(&self, gates: &[Gate], x: &Tensor, h_prev: &Tensor) -> Vec<Tensor> {
        vec![gates[0].preactivation(x, h_prev).tanh()]
    }

    fn update(&self, activations: &[Tensor], _: &State) -> State {
        State::from_hidden(activations[0].shallow_clone())
    }

    fn step_from_projection(
        &self,
        _: &LayerParameters,
        w_hh_t: &Tensor,
        projection: &Tensor,
        previous: &State,
    ) -> State {
        State::from_hidden(projection.addmm(&previous.h, w_hh_t).tanh())
    }
}
