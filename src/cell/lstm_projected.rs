//! The LSTM with a recurrent projection (Sak, Senior & Beaufays 2014): a large cell state, and a small hidden
//! state that the gates see.

use tch::Tensor;

use super::{CarriedState, Cell, CellName, Further, Layout, Products, Recurrent, Retention, State};

/// The LSTM with a projection (LSTMP in the paper), as PyTorch's `nn.LSTM` with `proj_size` computes it. c
/// and the gates have H units, and h has P components, with P below H.
///
/// ```text
/// i_t = σ(W_xi x_t + W_hi h_{t-1} + b_i)
/// f_t = σ(W_xf x_t + W_hf h_{t-1} + b_f)
/// g_t = tanh(W_xg x_t + W_hg h_{t-1} + b_g)
/// o_t = σ(W_xo x_t + W_ho h_{t-1} + b_o)
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t               cell state, [B, H]
/// h_t = W_hr (o_t ⊙ tanh(c_t))                  recurrent projection, the output, [B, P]
/// ```
///
/// The matrices of h are `[H, P]` for each gate. W_hr is `[P, H]` and has no bias. All init policies draw it
/// like the matrix of a gate. c_t is carried beside h_t.
///
/// The gates of the paper also see c through peepholes, which PyTorch leaves out. It also leaves out the
/// variant with a second projection, which the gates do not see.
pub struct LstmProjected;

/// W_hr, drawn by the init policy.
const PROJECTION: &[Further] = &[Further::projection("weight_hr")];

impl Cell for LstmProjected {
    fn name(&self) -> Option<CellName> {
        Some(CellName::LstmProjected)
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
        Layout { recurrent: Recurrent::Matrices, further: PROJECTION }
    }

    /// Computes the gates. After them comes W_hr.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| products.sum(gate));
        vec![i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), products.further(0).shallow_clone()]
    }

    /// Computes the last two equations. The projection belongs to the path from c_t to h_t.
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [i, f, g, o, w_hr] = activations else { panic!("expected 5 tensors") };
        let c = f * &previous.carried[0] + i * g;
        let h = (o * c.tanh()).matmul(&w_hr.tr());
        State { h, carried: vec![c] }
    }
}
