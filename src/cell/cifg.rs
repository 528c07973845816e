//! The LSTM with coupled input and forget gate (CIFG; Greff et al. 2017): what is forgotten is what enters.

use tch::Tensor;

use super::{CarriedState, Cell, CellName, Products, Retention, State};

/// The LSTM with i = 1 − f.
///
/// ```text
/// f_t = σ(W_xf x_t + W_hf h_{t-1} + b_f)
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)
/// o_t = σ(W_xo x_t + W_ho h_{t-1} + b_o)
/// c_t = f_t ⊙ c_{t-1} + (1 − f_t) ⊙ g_t
/// h_t = o_t ⊙ tanh(c_t)
/// ```
pub struct Cifg;

impl Cell for Cifg {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Cifg)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["f", "g", "o"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(0))
    }

    fn candidate(&self) -> usize {
        1
    }

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::C]
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.sum(0).sigmoid(), products.sum(1).tanh(), products.sum(2).sigmoid()]
    }

    /// Computes c_t as g + f ⊙ (c_{t-1} − g), and h_t.
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [f, g, o] = activations else { panic!("expected 3 gates of a CIFG") };
        let c = g + f * (&previous.carried[0] - g);
        State { h: o * c.tanh(), carried: vec![c] }
    }
}
