//! The tanh RNN: a_t = W_ih x_t + W_hh h_{t−1} + b, h_t = tanh(a_t).
//!
//! The backward pass, with δ_t = ∂L/∂a_t:
//!
//! ```text
//! ∂L/∂h_t = direct_t + W_hhᵀ δ_{t+1}
//! δ_t     = ∂L/∂h_t ⊙ (1 − h_t²)
//! ```

use tch::Tensor;

use super::cache::{BackwardStep, Deltas, ForwardCache};
use super::derivative::{ActivationDerivative, tanh_derivative};

/// The tensors that the backward pass needs.
pub struct Rnn {
    /// The preactivations a, `[T, B, H]`, if derivatives are computed from them. Otherwise the states
    /// suffice, because tanh′ is 1 − h².
    a: Option<Tensor>,
}

/// Computes h_1 … h_T into `h` `[T+1, B, H]`, given the projections W_ih x + b, `[T, B, H]`.
pub fn forward(projections: Tensor, w_hh_t: &Tensor, h: &Tensor, derivative: ActivationDerivative) -> Rnn {
    let h = h.unbind(0);
    for (t, mut a) in projections.unbind(0).into_iter().enumerate() {
        let _ = a.addmm_(&h[t], w_hh_t).tanh_out(&h[t + 1]);
    }
    Rnn { a: (derivative == ActivationDerivative::FromPreactivations).then_some(projections) }
}

impl ForwardCache for Rnn {
    fn backward_steps(&self, h: &Tensor) -> Box<dyn BackwardStep> {
        // δ overwrites the derivatives, in place.
        let delta = match &self.a {
            Some(a) => tanh_derivative(a),
            None => h.narrow(0, 1, h.size()[0] - 1).square().neg_().g_add_scalar_(1.0),
        };
        Box::new(Backward { each: delta.unbind(0), delta })
    }
}

struct Backward {
    delta: Tensor,
    each: Vec<Tensor>,
}

impl BackwardStep for Backward {
    fn gate_grads(&mut self, t: usize, d_h: &Tensor, _: Option<&mut Tensor>) {
        let _ = self.each[t].g_mul_(d_h);
    }

    fn delta(&self, t: usize) -> &Tensor {
        &self.each[t]
    }

    fn deltas(&self, _: &Tensor) -> Deltas {
        Deltas { of_input: self.delta.shallow_clone(), of_state: self.delta.shallow_clone() }
    }
}
