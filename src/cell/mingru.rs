//! The minGRU (Feng et al. 2024): a GRU whose gates do not see the state.

use tch::Tensor;

use super::{Activation, Cell, CellName, Layout, LinearRecurrence, Products, Recurrent, Retention, State};

/// The minGRU. The recurrence is linear in the state.
///
/// ```text
/// z_t = σ(W_z x_t + b_z)                          how much of the old state is replaced
/// n_t = W_n x_t + b_n                             new content
/// h_t = (1 − z_t) ⊙ h_{t-1} + z_t ⊙ n_t
/// ```
pub struct MinGru;

impl Cell for MinGru {
    fn name(&self) -> Option<CellName> {
        Some(CellName::MinGru)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["z", "n"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Replaces(0))
    }

    fn candidate(&self) -> usize {
        1
    }

    fn candidate_activation(&self) -> Activation {
        Activation::Unbounded
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::None, further: &[] }
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.of_input(0).sigmoid(), products.of_input(1)]
    }

    fn linear_recurrence(&self) -> Option<LinearRecurrence> {
        Some(|activations| {
            let (z, n) = (&activations[0], &activations[1]);
            (1.0 - z, z * n)
        })
    }
}
