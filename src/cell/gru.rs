//! The gated recurrent unit (Cho et al. 2014) in PyTorch's form: the reset gate acts after the product.

use tch::Tensor;

use super::{Cell, CellName, Products, Retention, State};

/// The GRU.
///
/// ```text
/// r_t = σ(W_xr x_t + b_xr + W_hr h_{t-1} + b_hr)              reset gate
/// z_t = σ(W_xz x_t + b_xz + W_hz h_{t-1} + b_hz)              update gate: how much of the old state is kept
/// n_t = tanh(W_xn x_t + b_xn + r_t ⊙ (W_hn h_{t-1} + b_hn))   new content
/// h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t-1}                       hidden state, the output
/// ```
pub struct Gru;

impl Cell for Gru {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Gru)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["r", "z", "n"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(1))
    }

    fn candidate(&self) -> usize {
        2
    }

    /// Computes the first three equations.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let (r, z) = (products.sum(0).sigmoid(), products.sum(1).sigmoid());
        let n = (products.of_input(2) + &r * products.of_state(2)).tanh();
        vec![r, z, n]
    }

    /// Computes the last equation, as n + z ⊙ (h_{t-1} − n).
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (z, n) = (&activations[1], &activations[2]);
        State::from_hidden(n + z * (&previous.h - n))
    }
}
