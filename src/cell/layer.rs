//! The parameters of one layer, under PyTorch's names and shapes.

use tch::Tensor;

use super::gate::Gate;

/// The parameters of one layer. G is the number of gates.
#[derive(Debug)]
pub struct LayerParameters {
    /// `weight_ih_l{k}`, `[G·H, I]` (I is H above the first layer).
    pub w_ih: Tensor,
    /// `weight_hh_l{k}`, `[G·H, H]`.
    pub w_hh: Tensor,
    /// `bias_ih_l{k}`, `[G·H]`.
    pub b_ih: Tensor,
    /// `bias_hh_l{k}`, `[G·H]`.
    pub b_hh: Tensor,
}

impl LayerParameters {
    /// Returns the four tensors in libtorch's order: w_ih, w_hh, b_ih, b_hh.
    pub fn tensors(&self) -> [&Tensor; 4] {
        [&self.w_ih, &self.w_hh, &self.b_ih, &self.b_hh]
    }

    /// Returns the number of units of the layer, H.
    pub fn hidden_size(&self) -> i64 {
        self.w_hh.size()[1]
    }

    /// Returns the matrices and biases of each of `count` gates. They are views, and gradients flow
    /// through them.
    pub fn gates(&self, count: usize) -> Vec<Gate> {
        let cut = |tensor: &Tensor| tensor.chunk(count as i64, 0).into_iter();
        cut(&self.w_ih)
            .zip(cut(&self.w_hh))
            .zip(cut(&self.b_ih).zip(cut(&self.b_hh)))
            .map(|((w_x, w_h), (b_x, b_h))| Gate { w_x, w_h, b_x, b_h })
            .collect()
    }

    /// Returns the layer with `change` applied to each tensor.
    pub(super) fn map(&self, mut change: impl FnMut(&Tensor) -> Tensor) -> LayerParameters {
        LayerParameters {
            w_ih: change(&self.w_ih),
            w_hh: change(&self.w_hh),
            b_ih: change(&self.b_ih),
            b_hh: change(&self.b_hh),
        }
    }
}
