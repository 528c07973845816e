//! The independently recurrent network (IndRNN; Li et al. 2018): each unit sees its own state only.

use tch::Tensor;

use super::{Activation, Cell, CellName, Layout, Products, Recurrent, State};

/// The IndRNN.
///
/// ```text
/// h_t = max(0, W_x x_t + u ⊙ h_{t-1} + b)
/// ```
///
/// The vector u is `weight_hh`, `[H]`. Each unit is a network of one unit, so its gradient over n steps is uⁿ
/// while the unit is active.
pub struct IndRnn;

impl Cell for IndRnn {
    fn name(&self) -> Option<CellName> {
        Some(CellName::IndRnn)
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

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::Vector, further: &[] }
    }

    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        let u = &products.gate(0).w_h;
        vec![(products.of_input(0) + u * &previous.h).relu()]
    }

    fn update(&self, activations: &[Tensor], _: &State) -> State {
        State::from_hidden(activations[0].shallow_clone())
    }
}
