//! The LSTM. The backward pass, with the preactivations a of the gates and δ = ∂L/∂a:
//!
//! ```text
//! ∂L/∂h_t = direct_t + W_hhᵀ δ_{t+1}
//! ∂L/∂c_t = ∂L/∂h_t ⊙ o_t (1 − tanh² c_t) + ∂L/∂c_{t+1} ⊙ f_{t+1}
//! δ_i = ∂L/∂c_t ⊙ g_t i_t (1 − i_t)            δ_f = ∂L/∂c_t ⊙ c_{t−1} f_t (1 − f_t)
//! δ_g = ∂L/∂c_t ⊙ i_t (1 − g_t²)               δ_o = ∂L/∂h_t ⊙ tanh c_t · o_t (1 − o_t)
//! ```
//!
//! Only the first two lines are a recurrence. The factors of the other lines are computed for all steps
//! before the loop.

use tch::Tensor;

use super::cache::{BackwardStep, Deltas, ForwardCache};
use super::derivative::{ActivationDerivative, sigmoid_derivative, tanh_derivative};

/// The tensors that the backward pass needs.
pub struct Lstm {
    /// σ of all preactivations, `[T, B, 4H]`, in the order i, f, –, o. The third quarter, at g, is unused.
    gates: Tensor,
    /// g, `[T, B, H]`.
    g: Tensor,
    /// c_0 … c_T, `[T+1, B, H]`.
    c: Tensor,
    /// tanh c_1 … tanh c_T, `[T, B, H]`.
    tanh_c: Tensor,
    /// The preactivations of all gates, `[T, B, 4H]`, if derivatives are computed from them.
    a: Option<Tensor>,
}

/// Computes h_1 … h_T into `h` and c_1 … c_T into `c`, both `[T+1, B, H]`, given the projections W_ih x + b,
/// `[T, B, 4H]`.
pub fn forward(
    projections: Tensor,
    w_hh_t: &Tensor,
    h: &Tensor,
    c: Tensor,
    derivative: ActivationDerivative,
) -> Lstm {
    let (steps, hidden) = (projections.size()[0], h.size()[2]);
    let buffer = || h.narrow(0, 1, steps).empty_like();
    let (g, tanh_c) = (buffer(), buffer());
    // The gates overwrite their preactivations, unless the preactivations are kept.
    let gates = match derivative {
        ActivationDerivative::FromOutputs => projections.shallow_clone(),
        ActivationDerivative::FromPreactivations => projections.empty_like(),
    };
    {
        let gate = |of: &Tensor, n: i64| of.narrow(2, n * hidden, hidden).unbind(0);
        let (i, f, g_in, o) = (gate(&gates, 0), gate(&gates, 1), gate(&projections, 2), gate(&gates, 3));
        let gates = gates.unbind(0);
        let (h, c, g, tanh_c) = (h.unbind(0), c.unbind(0), g.unbind(0), tanh_c.unbind(0));
        for (t, mut a) in projections.unbind(0).into_iter().enumerate() {
            let _ = a.addmm_(&h[t], w_hh_t);
            let _ = g_in[t].tanh_out(&g[t]);
            // One sigmoid on the contiguous memory of all four gates is faster than two calls for three
            // gates.
            let _ = a.sigmoid_out(&gates[t]);
            let _ = f[t].mul_out(&c[t + 1], &c[t]).addcmul_(&i[t], &g[t]).tanh_out(&tanh_c[t]);
            let _ = o[t].mul_out(&h[t + 1], &tanh_c[t]);
        }
    }
    Lstm {
        gates,
        g,
        c,
        tanh_c,
        a: (derivative == ActivationDerivative::FromPreactivations).then_some(projections),
    }
}

impl Lstm {
    fn gate(&self, n: i64) -> Tensor {
        let hidden = self.g.size()[2];
        self.gates.narrow(2, n * hidden, hidden)
    }

    /// Returns the factors of δ, `[T, B, 4, H]`, and the factor of ∂L/∂h_t in ∂L/∂c_t, `[T, B, H]`.
    fn factors(&self) -> (Tensor, Tensor) {
        let (i, o) = (self.gate(0), self.gate(3));
        let (steps, hidden) = (self.g.size()[0], self.g.size()[2]);
        let preactivation = |n: i64| self.a.as_ref().map(|a| a.narrow(2, n * hidden, hidden));
        let derivative = |n: i64| match preactivation(n) {
            Some(a) => sigmoid_derivative(&a),
            None => self.gate(n) - self.gate(n).square(),
        };
        let all = Tensor::empty([steps, self.g.size()[1], 4, hidden], (self.g.kind(), self.g.device()));
        let place = |n: i64| all.select(2, n);
        let _ = derivative(0).mul_out(&place(0), &self.g);
        let _ = derivative(1).mul_out(&place(1), &self.c.narrow(0, 0, steps));
        let _ = match preactivation(2) {
            Some(a) => i.mul_out(&place(2), &tanh_derivative(&a)),
            None => i.addcmul_out(&place(2), &(&i * &self.g).neg_(), &self.g),
        };
        let _ = derivative(3).mul_out(&place(3), &self.tanh_c);
        let of_h = match self.a {
            Some(_) => o * tanh_derivative(&self.c.narrow(0, 1, steps)),
            None => o.addcmul(&(&o * &self.tanh_c).neg_(), &self.tanh_c),
        };
        (all, of_h)
    }
}

impl ForwardCache for Lstm {
    fn c(&self) -> Option<&Tensor> {
        Some(&self.c)
    }

    fn backward_steps(&self, _: &Tensor) -> Box<dyn BackwardStep> {
        let (steps, batch, hidden) = (self.g.size()[0], self.g.size()[1], self.g.size()[2]);
        // δ overwrites its factors, in place.
        let (delta, of_h) = self.factors();
        let rows = delta.view([steps, batch, 4 * hidden]);
        Box::new(Backward {
            through_c: delta.narrow(2, 0, 3).unbind(0),
            through_h: delta.select(2, 3).unbind(0),
            each: rows.unbind(0),
            rows,
            of_h: of_h.unbind(0),
            f: self.gate(1).unbind(0),
        })
    }
}

struct Backward {
    /// δ of all steps, `[T, B, 4H]`. The next three fields are views of each step: all gates `[B, 4H]`,
    /// gates i, f and g `[B, 3, H]`, and gate o.
    rows: Tensor,
    each: Vec<Tensor>,
    through_c: Vec<Tensor>,
    through_h: Vec<Tensor>,
    /// o (1 − tanh² c).
    of_h: Vec<Tensor>,
    f: Vec<Tensor>,
}

impl BackwardStep for Backward {
    fn accumulate_cell_grad(&self, t: usize, d_h: &Tensor, d_c: &mut Tensor) {
        let _ = d_c.addcmul_(d_h, &self.of_h[t]);
    }

    fn state_jacobian_vec(&self, t: usize, d_h: &Tensor) -> Option<Tensor> {
        Some(d_h * &self.of_h[t])
    }

    fn retention(&self, t: usize) -> Option<&Tensor> {
        Some(&self.f[t])
    }

    fn gate_grads(&mut self, t: usize, d_h: &Tensor, d_c: Option<&mut Tensor>) {
        let d_c = d_c.expect("the adjoint of an LSTM has a c");
        let _ = self.through_c[t].g_mul_(&d_c.unsqueeze(1));
        let _ = self.through_h[t].g_mul_(d_h);
        let _ = d_c.g_mul_(&self.f[t]);
    }

    fn delta(&self, t: usize) -> &Tensor {
        &self.each[t]
    }

    fn deltas(&self, _: &Tensor) -> Deltas {
        Deltas { of_input: self.rows.shallow_clone(), of_state: self.rows.shallow_clone() }
    }
}
