//! The tanh RNN: a_t = W_ih x_t + W_hh h_{t−1} + b, h_t = tanh(a_t).
//!
//! Backward, with δ_t = ∂L/∂a_t:
//!
//! ```text
//! ∂L/∂h_t = direct_t + W_hhᵀ δ_{t+1}
//! δ_t     = ∂L/∂h_t ⊙ (1 − h_t²)
//! ```

use tch::Tensor;

use super::{Adjoints, Derivation};

/// The states say it all: tanh's slope is 1 − h².
pub struct Rnn;

/// Fills in h_1 … h_T of `h` `[T+1, B, H]`, given W_ih x + b `[T, B, H]`.
pub fn forward(projected: Tensor, w_hh_t: &Tensor, h: &Tensor) -> Rnn {
    let h = h.unbind(0);
    for (t, mut a) in projected.unbind(0).into_iter().enumerate() {
        let _ = a.addmm_(&h[t], w_hh_t).tanh_out(&h[t + 1]);
    }
    Rnn
}

impl Derivation for Rnn {
    fn backward(&self, w_hh: &Tensor, h: &Tensor, d_h: &mut Tensor, _: Option<Tensor>) -> Adjoints {
        let states = h.narrow(0, 1, d_h.size()[0]);
        // δ comes to stand where the slopes were.
        let delta = states.square().neg_().g_add_scalar_(1.0);
        let (mut d_h, mut deltas) = (d_h.unbind(0), delta.unbind(0));
        for t in (0..d_h.len()).rev() {
            if t + 1 < deltas.len() {
                let _ = d_h[t].addmm_(&deltas[t + 1], w_hh);
            }
            let _ = deltas[t].g_mul_(&d_h[t]);
        }
        Adjoints { of_input_projection: delta, of_state_projection: None, of_first_h: None, of_first_c: None }
    }
}
