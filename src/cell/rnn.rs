//! The simple recurrent network (Elman 1990) with tanh.

use tch::Tensor;

use super::{Cell, CellName, LayerParameters, PreparedLayer, Products, State};

/// The tanh RNN.
///
/// ```text
/// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
/// ```
pub struct Rnn;

impl Cell for Rnn {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Rnn)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["h"]
    }

    fn candidate(&self) -> usize {
        0
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.sum(0).tanh()]
    }

    fn update(&self, activations: &[Tensor], _: &State) -> State {
        State::from_hidden(activations[0].shallow_clone())
    }

    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        &p.b_ih + &p.b_hh
    }

    fn step_from_projection(&self, layer: &PreparedLayer, projection: &Tensor, previous: &State) -> State {
        State::from_hidden(projection.addmm(&previous.h, &layer.w_hh_t).tanh())
    }
}
