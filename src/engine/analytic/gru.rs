//! The GRU. The two projections are a = W_ih x + b_ih and u = W_hh h_{t−1} + b_hh. The part u_n, which the
//! reset gate scales, is q_t. The backward pass:
//!
//! ```text
//! ∂L/∂h_{t−1} = direct_{t−1} + ∂L/∂h_t ⊙ z_t + W_hhᵀ ∂L/∂u_t
//! ∂L/∂a_n = ∂L/∂h_t ⊙ (1 − z_t)(1 − n_t²)      ∂L/∂u_n = ∂L/∂a_n ⊙ r_t
//! ∂L/∂a_r = ∂L/∂u_r = ∂L/∂a_n ⊙ q_t r_t (1 − r_t)
//! ∂L/∂a_z = ∂L/∂u_z = ∂L/∂h_t ⊙ (h_{t−1} − n_t) z_t (1 − z_t)
//! ```
//!
//! All these are ∂L/∂h_t times factors that are computed before the loop. The loop therefore has three
//! operations.

use tch::Tensor;

use super::cache::{BackwardStep, Deltas, ForwardCache};
use super::derivative::{ActivationDerivative, sigmoid_derivative, tanh_derivative};

/// The tensors that the backward pass needs.
pub struct Gru {
    /// r and z, `[T, B, 3H]`. The last third is unused.
    gates: Tensor,
    /// W_hh h_{t−1} + b_hh, `[T, B, 3H]`. The last third is q.
    from_state: Tensor,
    /// n, `[T, B, H]`.
    n: Tensor,
    /// The preactivations of r and z, and a_n, `[T, B, 3H]`, if derivatives are computed from them.
    a: Option<Tensor>,
}

/// Computes h_1 … h_T into `h` `[T+1, B, H]`, given the projections W_ih x + b_ih, `[T, B, 3H]`.
pub fn forward(
    projections: Tensor,
    w_hh_t: &Tensor,
    b_hh: &Tensor,
    h: &Tensor,
    derivative: ActivationDerivative,
) -> Gru {
    let (steps, hidden) = (projections.size()[0], h.size()[2]);
    let from_state = projections.empty_like();
    let n = h.narrow(0, 1, steps).empty_like();
    // The gates overwrite their preactivations, unless the preactivations are kept.
    let gates = match derivative {
        ActivationDerivative::FromOutputs => projections.shallow_clone(),
        ActivationDerivative::FromPreactivations => projections.empty_like(),
    };
    {
        let part =
            |of: &Tensor, first: i64, count: i64| of.narrow(2, first * hidden, count * hidden).unbind(0);
        let (mut a, n_in) = (part(&projections, 0, 2), part(&projections, 2, 1));
        let (gates, r, z) = (part(&gates, 0, 2), part(&gates, 0, 1), part(&gates, 1, 1));
        let (u, u_gates, q) = (from_state.unbind(0), part(&from_state, 0, 2), part(&from_state, 2, 1));
        let (h, n) = (h.unbind(0), n.unbind(0));
        for t in 0..steps as usize {
            let _ = b_hh.addmm_out(&u[t], &h[t], w_hh_t);
            let _ = a[t].g_add_(&u_gates[t]).sigmoid_out(&gates[t]);
            let _ = n_in[t].addcmul_out(&n[t], &r[t], &q[t]).tanh_();
            let _ = n[t].lerp_tensor_out(&h[t + 1], &h[t], &z[t]);
        }
    }
    Gru {
        gates,
        from_state,
        n,
        a: (derivative == ActivationDerivative::FromPreactivations).then_some(projections),
    }
}

impl ForwardCache for Gru {
    fn backward_steps(&self, h: &Tensor) -> Box<dyn BackwardStep> {
        let (steps, batch, hidden) = (self.n.size()[0], self.n.size()[1], self.n.size()[2]);
        let gate = |of: &Tensor, n: i64| of.narrow(2, n * hidden, hidden);
        let (r, z, q) = (gate(&self.gates, 0), gate(&self.gates, 1), gate(&self.from_state, 2));
        let (derivative_r, derivative_z, of_n) = match &self.a {
            Some(a) => {
                let (a_r, a_z, a_n) = (gate(a, 0), gate(a, 1), gate(a, 2) + &r * &q);
                (
                    sigmoid_derivative(&a_r),
                    sigmoid_derivative(&a_z),
                    a_z.neg().sigmoid() * tanh_derivative(&a_n),
                )
            }
            None => (&r - r.square(), &z - z.square(), (1.0 - &z) * (1.0 - self.n.square())),
        };
        // ∂L/∂u overwrites its factors, in place.
        let of_state = Tensor::empty([steps, batch, 3, hidden], (r.kind(), r.device()));
        let place = |n: i64| of_state.select(2, n);
        let _ = (derivative_r * &q).mul_out(&place(0), &of_n);
        let _ = (h.narrow(0, 0, steps) - &self.n).mul_out(&place(1), &derivative_z);
        let _ = of_n.mul_out(&place(2), &r);
        let rows = of_state.view([steps, batch, 3 * hidden]);
        Box::new(Backward { factors: of_state.unbind(0), each: rows.unbind(0), rows, of_n, z: z.unbind(0) })
    }
}

struct Backward {
    /// ∂L/∂u of all steps, `[T, B, 3H]`. The next two fields are views of each step, as `[B, 3H]` and as
    /// `[B, 3, H]`.
    rows: Tensor,
    each: Vec<Tensor>,
    factors: Vec<Tensor>,
    /// (1 − z)(1 − n²), `[T, B, H]`.
    of_n: Tensor,
    z: Vec<Tensor>,
}

impl BackwardStep for Backward {
    fn add_skip_to_h(&self, t: usize, d_h: &Tensor, d_h_prev: &mut Tensor) {
        let _ = d_h_prev.addcmul_(d_h, &self.z[t]);
    }

    fn state_jacobian_vec(&self, _: usize, d_h: &Tensor) -> Option<Tensor> {
        Some(d_h.shallow_clone())
    }

    fn retention(&self, t: usize) -> Option<&Tensor> {
        Some(&self.z[t])
    }

    fn gate_grads(&mut self, t: usize, d_h: &Tensor, _: Option<&mut Tensor>) {
        let _ = self.factors[t].g_mul_(&d_h.unsqueeze(1));
    }

    fn delta(&self, t: usize) -> &Tensor {
        &self.each[t]
    }

    fn input_delta(&self, t: usize, d_h: &Tensor) -> Tensor {
        input_grads(&self.each[t], d_h, &self.of_n.get(t as i64))
    }

    fn deltas(&self, d_h: &Tensor) -> Deltas {
        Deltas { of_input: input_grads(&self.rows, d_h, &self.of_n), of_state: self.rows.shallow_clone() }
    }
}

/// Returns ∂L/∂a from ∂L/∂u, both `[…, 3H]`. The two differ in n only: the reset gate scales u_n and not
/// a_n.
fn input_grads(of_state: &Tensor, d_h: &Tensor, of_n: &Tensor) -> Tensor {
    let of_input = of_state.copy();
    let hidden = d_h.size()[d_h.dim() - 1];
    let _ = d_h.mul_out(&of_input.narrow(-1, 2 * hidden, hidden), of_n);
    of_input
}
