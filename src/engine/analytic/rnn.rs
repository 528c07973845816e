//! The tanh RNN: a_t = W_ih x_t + W_hh h_{t−1} + b, h_t = tanh(a_t).
//!
//! Backward, with δ_t = ∂L/∂a_t:
//!
//! ```text
//! ∂L/∂h_t = direct_t + W_hhᵀ δ_{t+1}
//! δ_t     = ∂L/∂h_t ⊙ (1 − h_t²)
//! ```

use tch::Tensor;

use super::{Deltas, Derivation, Reverse, Slopes, tanh_slope};

/// What the backward pass needs.
pub struct Rnn {
    /// a, `[T, B, H]`, for exact slopes; otherwise the states say it all, tanh's slope being 1 − h².
    a: Option<Tensor>,
}

/// Fills in h_1 … h_T of `h` `[T+1, B, H]`, given W_ih x + b `[T, B, H]`.
pub fn forward(projected: Tensor, w_hh_t: &Tensor, h: &Tensor, slopes: Slopes) -> Rnn {
    let h = h.unbind(0);
    for (t, mut a) in projected.unbind(0).into_iter().enumerate() {
        let _ = a.addmm_(&h[t], w_hh_t).tanh_out(&h[t + 1]);
    }
    Rnn { a: (slopes == Slopes::Exact).then_some(projected) }
}

impl Derivation for Rnn {
    fn reverse(&self, h: &Tensor) -> Box<dyn Reverse> {
        // δ comes to stand where the slopes were.
        let delta = match &self.a {
            Some(a) => tanh_slope(a),
            None => h.narrow(0, 1, h.size()[0] - 1).square().neg_().g_add_scalar_(1.0),
        };
        Box::new(Back { each: delta.unbind(0), delta })
    }
}

struct Back {
    delta: Tensor,
    each: Vec<Tensor>,
}

impl Reverse for Back {
    fn emit(&mut self, t: usize, d_h: &Tensor, _: Option<&mut Tensor>) {
        let _ = self.each[t].g_mul_(d_h);
    }

    fn delta(&self, t: usize) -> &Tensor {
        &self.each[t]
    }

    fn deltas(&self, _: &Tensor) -> Deltas {
        Deltas { of_input: self.delta.shallow_clone(), of_state: self.delta.shallow_clone() }
    }
}
