//! Long short-term memory (Hochreiter & Schmidhuber 1997), with the forget gate of Gers et al. (2000).

use tch::Tensor;

use super::{CarriedState, Cell, CellName, LayerParameters, PreparedLayer, Products, Retention, State};

/// The LSTM.
///
/// ```text
/// i_t = σ(W_xi x_t + W_hi h_{t-1} + b_i)        input gate: how much of the new content enters
/// f_t = σ(W_xf x_t + W_hf h_{t-1} + b_f)        forget gate: how much of the old cell state is kept
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)     new content
/// o_t = σ(W_xo x_t + W_ho h_{t-1} + b_o)        output gate: how much of the cell state is shown
///
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t               cell state
/// h_t = o_t ⊙ tanh(c_t)                         hidden state, the output
/// ```
///
/// The gradient of c_t with respect to c_{t-1}, along the cell state alone, is f_t. With f_t near 1, this
/// gradient neither vanishes nor explodes: the constant error carousel.
pub struct Lstm;

impl Cell for Lstm {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Lstm)
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

    /// Computes the first four equations.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| products.sum(gate));
        vec![i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()]
    }

    /// Computes the last two equations.
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [i, f, g, o] = activations else { panic!("expected 4 gates of an LSTM") };
        let c = f * &previous.carried[0] + i * g;
        let h = o * c.tanh();
        State { h, carried: vec![c] }
    }

    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        &p.b_ih + &p.b_hh
    }

    /// Computes all six equations, with the four products of the hidden state as one.
    fn step_from_projection(&self, layer: &PreparedLayer, projection: &Tensor, previous: &State) -> State {
        let gates = projection.addmm(&previous.h, &layer.w_hh_t).chunk(self.gates().len() as i64, 1);
        let (i, f, g, o) = (gates[0].sigmoid(), gates[1].sigmoid(), gates[2].tanh(), gates[3].sigmoid());
        self.update(&[i, f, g, o], previous)
    }
}
