//! The LSTM with a forget gate only (JANET; van der Westhuizen & Lasenby 2018).

use tch::Tensor;

use super::{Cell, CellName, Products, Retention, State};

/// The JANET. The state c is also the output h.
///
/// ```text
/// s_t = W_xf x_t + W_hf h_{t-1} + b_f
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)
/// h_t = σ(s_t) ⊙ h_{t-1} + (1 − σ(s_t − β)) ⊙ g_t        with β = 1
/// ```
pub struct Janet;

/// The shift that lets more enter than is forgotten: the value of the paper.
const BETA: f64 = 1.0;

impl Cell for Janet {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Janet)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["f", "g"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(0))
    }

    fn candidate(&self) -> usize {
        1
    }

    /// Computes f = σ(s) and g. After them comes 1 − σ(s − β) = σ(β − s).
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let s = products.sum(0);
        vec![s.sigmoid(), products.sum(1).tanh(), (BETA - &s).sigmoid()]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [f, g, admitted] = activations else { panic!("expected 3 tensors") };
        State::from_hidden(f * &previous.h + admitted * g)
    }
}
