//! The minLSTM (Feng et al. 2024): an LSTM whose gates do not see the state.

use tch::Tensor;

use super::{Activation, Cell, CellName, Layout, LinearRecurrence, Products, Recurrent, Retention, State};

/// The minLSTM. The recurrence is linear in the state.
///
/// ```text
/// f_t = σ(W_f x_t + b_f)                          forget gate
/// i_t = σ(W_i x_t + b_i)                          input gate
/// g_t = W_g x_t + b_g                             new content
/// h_t = (f_t ⊙ h_{t-1} + i_t ⊙ g_t) / (f_t + i_t)
/// ```
pub struct MinLstm;

impl Cell for MinLstm {
    fn name(&self) -> Option<CellName> {
        Some(CellName::MinLstm)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["f", "i", "g"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(0))
    }

    fn input_gate(&self) -> Option<usize> {
        Some(1)
    }

    fn candidate(&self) -> usize {
        2
    }

    fn candidate_activation(&self) -> Activation {
        Activation::Unbounded
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::None, further: &[] }
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.of_input(0).sigmoid(), products.of_input(1).sigmoid(), products.of_input(2)]
    }

    fn linear_recurrence(&self) -> Option<LinearRecurrence> {
        Some(|activations| {
            let [f, i, g] = activations else { panic!("expected 3 gates of a minLSTM") };
            let sum = f + i;
            (f / &sum, i * g / sum)
        })
    }
}
