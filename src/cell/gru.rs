//! The gated recurrent unit (Cho et al. 2014) in PyTorch's form: the reset gate acts after the product.

use tch::Tensor;

use super::{Cell, CellName, Gate, LayerParameters, State};

/// ```text
/// r_t = σ(W_xr x_t + b_xr + W_hr h_{t-1} + b_hr)
/// z_t = σ(W_xz x_t + b_xz + W_hz h_{t-1} + b_hz)
/// n_t = tanh(W_xn x_t + b_xn + r_t ⊙ (W_hn h_{t-1} + b_hn))
/// h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t-1}
/// ```
pub struct Gru;

impl Cell for Gru {
    fn name(&self) -> CellName {
        CellName::Gru
    }

    fn gates(&self) -> &'static [&'static str] {
        &["r", "z", "n"]
    }

    fn remembering_gate(&self) -> Option<usize> {
        Some(1)
    }

    fn candidate(&self) -> usize {
        2
    }

    fn activations(&self, gates: &[Gate], x: &Tensor, last_h: &Tensor) -> Vec<Tensor> {
        let r = gates[0].preactivation(x, last_h).sigmoid();
        let z = gates[1].preactivation(x, last_h).sigmoid();
        let n = (gates[2].from_input(x) + &r * gates[2].from_state(last_h)).tanh();
        vec![r, z, n]
    }

    /// The last equation, as n + z ⊙ (h_{t-1} − n).
    fn update(&self, activations: &[Tensor], last: &State) -> State {
        let (z, n) = (&activations[1], &activations[2]);
        State::of_h(n + z * (&last.h - n))
    }

    /// b_hn stands inside the reset gate's product, so the recurrent bias cannot be added beforehand.
    fn hoisted_bias(&self, p: &LayerParameters) -> Tensor {
        p.b_ih.shallow_clone()
    }

    fn step_projected(
        &self,
        p: &LayerParameters,
        w_hh_t: &Tensor,
        projected: &Tensor,
        last: &State,
    ) -> State {
        let from_input = projected.chunk(3, 1);
        let from_state = p.b_hh.addmm(&last.h, w_hh_t).chunk(3, 1);
        let r = (&from_input[0] + &from_state[0]).sigmoid();
        let z = (&from_input[1] + &from_state[1]).sigmoid();
        let n = (&from_input[2] + &r * &from_state[2]).tanh();
        self.update(&[r, z, n], last)
    }
}
