//! Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

use tch::Tensor;

use super::{Cell, CellName, Gate, LayerParameters, State};

/// ```text
/// i_t = σ(W_xi x_t + W_hi h_{t-1} + b_i)      f_t = σ(W_xf x_t + W_hf h_{t-1} + b_f)
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)   o_t = σ(W_xo x_t + W_ho h_{t-1} + b_o)
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t             h_t = o_t ⊙ tanh(c_t)
/// ```
pub struct Lstm;

impl Cell for Lstm {
    fn name(&self) -> CellName {
        CellName::Lstm
    }

    fn gates(&self) -> &'static [&'static str] {
        &["i", "f", "g", "o"]
    }

    fn remembering_gate(&self) -> Option<usize> {
        Some(1)
    }

    fn admitting_gate(&self) -> Option<usize> {
        Some(0)
    }

    fn has_c(&self) -> bool {
        true
    }

    fn candidate(&self) -> usize {
        2
    }

    fn activations(&self, gates: &[Gate], x: &Tensor, last_h: &Tensor) -> Vec<Tensor> {
        let i = gates[0].preactivation(x, last_h).sigmoid();
        let f = gates[1].preactivation(x, last_h).sigmoid();
        let g = gates[2].preactivation(x, last_h).tanh();
        let o = gates[3].preactivation(x, last_h).sigmoid();
        vec![i, f, g, o]
    }

    /// The last two equations.
    fn update(&self, activations: &[Tensor], last: &State) -> State {
        let [i, f, g, o] = activations else { panic!("an LSTM has four gates") };
        let c_last = last.c.as_ref().expect("an LSTM's state has a c");
        let c = f * c_last + i * g;
        let h = o * c.tanh();
        State { h, c: Some(c) }
    }

    fn step_projected(
        &self,
        _: &LayerParameters,
        w_hh_t: &Tensor,
        projected: &Tensor,
        last: &State,
    ) -> State {
        let gates = projected.addmm(&last.h, w_hh_t).chunk(4, 1);
        let (i, f, g, o) = (gates[0].sigmoid(), gates[1].sigmoid(), gates[2].tanh(), gates[3].sigmoid());
        self.update(&[i, f, g, o], last)
    }
}
