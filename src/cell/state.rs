//! The recurrent state of a layer.

use tch::Tensor;

/// The state that a layer passes from one step to the next.
#[derive(Debug)]
pub struct State {
    /// The hidden state h_t, which is also the output, `[B, H]`.
    pub h: Tensor,
    /// The cell state c_t, `[B, H]`, for a cell that has one.
    pub c: Option<Tensor>,
}

impl State {
    /// Returns a state without a cell state.
    pub fn from_hidden(h: Tensor) -> State {
        State { h, c: None }
    }

    /// Returns the same tensors as new nodes of the autograd graph. The gradient that reaches these nodes
    /// is separate from the gradient that reaches the output.
    pub fn alias(&self) -> State {
        self.map(|tensor| tensor.view_as(tensor))
    }

    /// Returns another handle on the same tensors.
    pub fn shallow_clone(&self) -> State {
        self.map(Tensor::shallow_clone)
    }

    /// Returns the tensors of the state: h, then c.
    pub fn tensors(&self) -> Vec<&Tensor> {
        std::iter::once(&self.h).chain(&self.c).collect()
    }

    /// Returns the state with `change` applied to each tensor.
    pub fn map(&self, mut change: impl FnMut(&Tensor) -> Tensor) -> State {
        State { h: change(&self.h), c: self.c.as_ref().map(change) }
    }
}
