//! The gated recurrent unit as it was published (Cho et al. 2014): the reset gate acts before the product.

use tch::Tensor;

use super::{Cell, CellName, Products, Retention, State};

/// The GRU with the reset gate before the product. Keras calls it `reset_after=False`.
///
/// ```text
/// r_t = σ(W_xr x_t + W_hr h_{t-1} + b_r)                 reset gate
/// z_t = σ(W_xz x_t + W_hz h_{t-1} + b_z)                 update gate: how much of the old state is kept
/// n_t = tanh(W_xn x_t + W_hn (r_t ⊙ h_{t-1}) + b_n)      new content
/// h_t = z_t ⊙ h_{t-1} + (1 − z_t) ⊙ n_t                  hidden state, the output
/// ```
pub struct GruResetBefore;

impl Cell for GruResetBefore {
    fn name(&self) -> Option<CellName> {
        Some(CellName::GruResetBefore)
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

    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        let (r, z) = (products.sum(0).sigmoid(), products.sum(1).sigmoid());
        let n = (products.of_input(2) + products.gate(2).of_state(&(&r * &previous.h))).tanh();
        vec![r, z, n]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (z, n) = (&activations[1], &activations[2]);
        State::from_hidden(n + z * (&previous.h - n))
    }
}
