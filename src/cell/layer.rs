//! The parameters of one layer, under PyTorch's names and shapes.

use tch::Tensor;

use super::layout::StateSize;

/// The parameters of one layer. G is the number of gates. [`super::Layout`] says which cells have other
/// shapes than these.
#[derive(Debug)]
pub struct LayerParameters {
    /// `weight_ih_l{k}`, `[G·H, I]`. Above the first layer, I is the size of h.
    pub w_ih: Tensor,
    /// `weight_hh_l{k}`, `[G·H, H]`.
    pub w_hh: Tensor,
    /// `bias_ih_l{k}`, `[G·H]`.
    pub b_ih: Tensor,
    /// `bias_hh_l{k}`, `[G·H]`.
    pub b_hh: Tensor,
    /// Further parameters, in the order of [`super::Layout::further`]. PyTorch's cells have none.
    pub further: Vec<Tensor>,
}

impl LayerParameters {
    /// Returns all tensors, first in libtorch's order: w_ih, w_hh, b_ih, b_hh.
    pub fn tensors(&self) -> Vec<&Tensor> {
        [&self.w_ih, &self.w_hh, &self.b_ih, &self.b_hh].into_iter().chain(&self.further).collect()
    }

    /// Returns the sizes of the states of the layer, which has `gates` gates.
    pub fn state_size(&self, gates: usize) -> StateSize {
        let output = *self.w_hh.size().last().expect("a recurrent weight has a dimension");
        StateSize { hidden: self.w_ih.size()[0] / gates as i64, output }
    }

    /// Returns W_ih x + `bias` of all steps as one product, `[T, B, G·H]`, given the input `[T, B, I]`.
    pub fn project(&self, bias: &Tensor, input: &Tensor) -> Tensor {
        let (steps, batch) = (input.size()[0], input.size()[1]);
        bias.addmm(&input.reshape([steps * batch, -1]), &self.w_ih.tr()).view([steps, batch, -1])
    }

    /// Returns other handles on the same tensors.
    pub fn shallow_clone(&self) -> LayerParameters {
        self.map(Tensor::shallow_clone)
    }

    /// Returns the layer with `change` applied to each tensor.
    pub(super) fn map(&self, mut change: impl FnMut(&Tensor) -> Tensor) -> LayerParameters {
        LayerParameters {
            w_ih: change(&self.w_ih),
            w_hh: change(&self.w_hh),
            b_ih: change(&self.b_ih),
            b_hh: change(&self.b_hh),
            further: self.further.iter().map(change).collect(),
        }
    }
}
