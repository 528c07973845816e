//! The LSTM with peephole connections (Gers & Schmidhuber 2000): the gates see the cell state.

use tch::Tensor;

use super::{CarriedState, Cell, CellName, Further, Layout, Products, Recurrent, Retention, State};

/// The LSTM with peepholes, in the form of Graves (2013).
///
/// ```text
/// i_t = σ(W_xi x_t + W_hi h_{t-1} + w_ci ⊙ c_{t-1} + b_i)
/// f_t = σ(W_xf x_t + W_hf h_{t-1} + w_cf ⊙ c_{t-1} + b_f)
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
/// o_t = σ(W_xo x_t + W_ho h_{t-1} + w_co ⊙ c_t + b_o)
/// h_t = o_t ⊙ tanh(c_t)
/// ```
pub struct LstmPeephole;

/// The weights of the peepholes.
const PEEPHOLES: &[Further] =
    &[Further::like_bias("weight_ci"), Further::like_bias("weight_cf"), Further::like_bias("weight_co")];

impl Cell for LstmPeephole {
    fn name(&self) -> Option<CellName> {
        Some(CellName::LstmPeephole)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["i", "f", "g", "o"]
    }

    fn input_gate(&self) -> Option<usize> {
        Some(0)
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(1))
    }

    fn candidate(&self) -> usize {
        2
    }

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::C]
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::Matrices, further: PEEPHOLES }
    }

    /// Computes the gates. After them come the preactivation of o without its peephole, and the peephole.
    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        let c_prev = &previous.carried[0];
        let peephole = |n: usize, c: &Tensor| products.further(n) * c;
        let i = (products.sum(0) + peephole(0, c_prev)).sigmoid();
        let f = (products.sum(1) + peephole(1, c_prev)).sigmoid();
        let g = products.sum(2).tanh();
        let without_peephole = products.sum(3);
        let c = &f * c_prev + &i * &g;
        let o = (&without_peephole + peephole(2, &c)).sigmoid();
        vec![i, f, g, o, without_peephole, products.further(2).shallow_clone()]
    }

    /// Computes c_t, and from it o_t and h_t. The gate o is computed here once more, so that the path
    /// from c_t through o_t to h_t belongs to the derivative with respect to c_t.
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [i, f, g, _, without_peephole, w_co] = activations else { panic!("expected 6 tensors") };
        let c = f * &previous.carried[0] + i * g;
        let o = (without_peephole + w_co * &c).sigmoid();
        State { h: o * c.tanh(), carried: vec![c] }
    }
}
