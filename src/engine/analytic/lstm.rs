//! The LSTM. Backward, with a the gates before activation and δ = ∂L/∂a:
//!
//! ```text
//! ∂L/∂h_t = direct_t + W_hhᵀ δ_{t+1}
//! ∂L/∂c_t = ∂L/∂h_t ⊙ o_t (1 − tanh² c_t) + ∂L/∂c_{t+1} ⊙ f_{t+1}
//! δ_i = ∂L/∂c_t ⊙ g_t i_t (1 − i_t)            δ_f = ∂L/∂c_t ⊙ c_{t−1} f_t (1 − f_t)
//! δ_g = ∂L/∂c_t ⊙ i_t (1 − g_t²)               δ_o = ∂L/∂h_t ⊙ tanh c_t · o_t (1 − o_t)
//! ```
//!
//! Only the first two lines are a recurrence; the factors of the others are computed for all steps beforehand.

use tch::Tensor;

use super::{Adjoints, Derivation};

/// What the backward pass needs.
pub struct Lstm {
    /// σ of all gates, `[T, B, 4H]`, in the order i, f, –, o: the third is g's place and not used.
    gates: Tensor,
    /// tanh of gate g, `[T, B, H]`.
    g: Tensor,
    /// c_0 … c_T, `[T+1, B, H]`.
    c: Tensor,
    /// tanh c_1 … tanh c_T, `[T, B, H]`.
    tanh_c: Tensor,
}

/// Fills in h_1 … h_T of `h` and c_1 … c_T of `c`, both `[T+1, B, H]`, given W_ih x + b `[T, B, 4H]`.
pub fn forward(projected: Tensor, w_hh_t: &Tensor, h: &Tensor, c: Tensor) -> Lstm {
    let (steps, hidden) = (projected.size()[0], h.size()[2]);
    let room = || h.narrow(0, 1, steps).empty_like();
    let (g, tanh_c) = (room(), room());
    {
        let gate = |n: i64| projected.narrow(2, n * hidden, hidden).unbind(0);
        let (i, f, g_in, o) = (gate(0), gate(1), gate(2), gate(3));
        let (h, c, g, tanh_c) = (h.unbind(0), c.unbind(0), g.unbind(0), tanh_c.unbind(0));
        for (t, mut a) in projected.unbind(0).into_iter().enumerate() {
            let _ = a.addmm_(&h[t], w_hh_t);
            let _ = g_in[t].tanh_out(&g[t]);
            // All four in one call on contiguous memory: faster than three of them in two.
            let _ = a.sigmoid_();
            let _ = f[t].mul_out(&c[t + 1], &c[t]).addcmul_(&i[t], &g[t]).tanh_out(&tanh_c[t]);
            let _ = o[t].mul_out(&h[t + 1], &tanh_c[t]);
        }
    }
    Lstm { gates: projected, g, c, tanh_c }
}

impl Lstm {
    fn gate(&self, n: i64) -> Tensor {
        let hidden = self.g.size()[2];
        self.gates.narrow(2, n * hidden, hidden)
    }

    /// The factors of δ, `[T, B, 4, H]`, and that of ∂L/∂h_t in ∂L/∂c_t, `[T, B, H]`.
    fn factors(&self) -> (Tensor, Tensor) {
        let (i, f, o) = (self.gate(0), self.gate(1), self.gate(3));
        let steps = self.g.size()[0];
        let slope = |gate: &Tensor| gate - gate.square();
        let all =
            Tensor::empty([steps, self.g.size()[1], 4, self.g.size()[2]], (self.g.kind(), self.g.device()));
        let place = |n: i64| all.select(2, n);
        let _ = slope(&i).mul_out(&place(0), &self.g);
        let _ = slope(&f).mul_out(&place(1), &self.c.narrow(0, 0, steps));
        let _ = i.addcmul_out(&place(2), &(&i * &self.g).neg_(), &self.g);
        let _ = slope(&o).mul_out(&place(3), &self.tanh_c);
        let of_h = o.addcmul(&(&o * &self.tanh_c).neg_(), &self.tanh_c);
        (all, of_h)
    }
}

impl Derivation for Lstm {
    fn c(&self) -> Option<&Tensor> {
        Some(&self.c)
    }

    fn backward(&self, w_hh: &Tensor, _: &Tensor, d_h: &mut Tensor, d_c: Option<Tensor>) -> Adjoints {
        let (steps, batch, hidden) = (self.g.size()[0], self.g.size()[1], self.g.size()[2]);
        // δ comes to stand where its factors were.
        let (delta, of_h) = self.factors();
        let through_c: Vec<Tensor> = delta.narrow(2, 0, 3).unbind(0);
        let through_h: Vec<Tensor> = delta.select(2, 3).unbind(0);
        let rows = delta.view([steps, batch, 4 * hidden]);
        let (deltas, f, of_h, mut d_h) =
            (rows.unbind(0), self.gate(1).unbind(0), of_h.unbind(0), d_h.unbind(0));
        // ∂L/∂c_t ⊙ f_t, what reaches c_{t−1}; begins with what comes from outside.
        let mut d_c = d_c.map_or_else(|| d_h[0].zeros_like(), |d_c| d_c.copy());
        for t in (0..steps as usize).rev() {
            if t + 1 < deltas.len() {
                let _ = d_h[t].addmm_(&deltas[t + 1], w_hh);
            }
            let _ = d_c.addcmul_(&d_h[t], &of_h[t]);
            let _ = through_c[t].shallow_clone().g_mul_(&d_c.unsqueeze(1));
            let _ = through_h[t].shallow_clone().g_mul_(&d_h[t]);
            let _ = d_c.g_mul_(&f[t]);
        }
        Adjoints {
            of_input_projection: rows,
            of_state_projection: None,
            of_first_h: None,
            of_first_c: Some(d_c),
        }
    }
}
