//! The simple recurrent network with rectified linear units. With the init `identity(1)` it is the IRNN
//! of Le, Jaitly & Hinton (2015).

use tch::Tensor;

use super::{Activation, Cell, CellName, LayerParameters, PreparedLayer, Products, State};

/// The ReLU RNN.
///
/// ```text
/// h_t = max(0, W_x x_t + W_h h_{t-1} + b)
/// ```
pub struct ReluRnn;

impl Cell for ReluRnn {
    fn name(&self) -> Option<CellName> {
        Some(CellName::ReluRnn)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["h"]
    }

    fn candidate(&self) -> usize {
        0
    }

    fn candidate_activation(&self) -> Activation {
        Activation::Unbounded
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.sum(0).relu()]
    }

    fn update(&self, activations: &[Tensor], _: &State) -> State {
        State::from_hidden(activations[0].shallow_clone())
    }

    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        &p.b_ih + &p.b_hh
    }

    fn step_from_projection(&self, layer: &PreparedLayer, projection: &Tensor, previous: &State) -> State {
        State::from_hidden(projection.addmm(&previous.h, &layer.w_hh_t).relu())
    }
}
