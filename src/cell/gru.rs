//! The gated recurrent unit (Cho et al. 2014) in PyTorch's form: the reset gate acts after the product.

use tch::Tensor;

use super::{Cell, CellName, Gate, LayerParameters, State};

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
    fn name(&self) -> CellName {
        CellName::Gru
    }

    fn gates(&self) -> &'static [&'static str] {
        &["r", "z", "n"]
    }

    fn retention_gate(&self) -> Option<usize> {
        Some(1)
    }

    fn candidate(&self) -> usize {
        2
    }

    /// Computes the first three equations.
    fn activations(&self, gates: &[Gate], x: &Tensor, h_prev: &Tensor) -> Vec<Tensor> {
        let [r, z, n] = gates else { panic!("expected 3 gates of a GRU, found {}", gates.len()) };
        let r = r.preactivation(x, h_prev).sigmoid();
        let z = z.preactivation(x, h_prev).sigmoid();
        let n = (n.from_input(x) + &r * n.from_state(h_prev)).tanh();
        vec![r, z, n]
    }

    /// Computes the last equation, as n + z ⊙ (h_{t-1} − n).
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (z, n) = (&activations[1], &activations[2]);
        State::from_hidden(n + z * (&previous.h - n))
    }

    /// Returns b_ih only: r_t multiplies b_hn, so b_hh depends on the state.
    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        p.b_ih.shallow_clone()
    }

    fn step_from_projection(
        &self,
        p: &LayerParameters,
        w_hh_t: &Tensor,
        projection: &Tensor,
        previous: &State,
    ) -> State {
        let gates = self.gates().len() as i64;
        let from_input = projection.chunk(gates, 1);
        let from_state = p.b_hh.addmm(&previous.h, w_hh_t).chunk(gates, 1);
        let r = (&from_input[0] + &from_state[0]).sigmoid();
        let z = (&from_input[1] + &from_state[1]).sigmoid();
        let n = (&from_input[2] + &r * &from_state[2]).tanh();
        self.update(&[r, z, n], previous)
    }
}
