//! One gate of a layer: its matrices and biases.

use tch::Tensor;

/// The parameters of one gate, as views of a layer's parameters.
#[derive(Debug)]
pub struct Gate {
    /// The matrix of the input, `[H, I]`.
    pub w_x: Tensor,
    /// The matrix of the previous hidden state, `[H, H]`, or `[H, P]` with a projection.
    pub w_h: Tensor,
    /// The bias of the input's product, `[H]`.
    pub b_x: Tensor,
    /// The bias of the hidden state's product, `[H]`.
    pub b_h: Tensor,
}

impl Gate {
    /// Returns W_x x + b_x, `[B, I]` → `[B, H]`.
    pub fn of_input(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.w_x.tr()) + &self.b_x
    }

    /// Returns W_h h + b_h, `[B, H]` or `[B, P]` → `[B, H]`.
    pub fn of_state(&self, h: &Tensor) -> Tensor {
        h.matmul(&self.w_h.tr()) + &self.b_h
    }
}
