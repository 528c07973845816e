//! The interface between the forward and the backward pass of a cell.

use tch::Tensor;

/// The tensors of a cell's forward pass that its backward pass needs.
///
/// Shapes: projections are `[T, B, G·H]` for G gates. States are `[T+1, B, H]`, with the initial state
/// first.
pub(crate) trait ForwardCache: Send {
    /// Returns the cell states c_0 … c_T, `[T+1, B, H]`, for a cell that has them.
    fn c(&self) -> Option<&Tensor> {
        None
    }

    /// Starts the backward recursion by computing the factors of all steps. `h` is h_0 … h_T, `[T+1, B,
    /// H]`.
    fn backward_steps(&self, h: &Tensor) -> Box<dyn BackwardStep>;
}

/// A cell's backward recursion, one step at a time from the last to the first.
///
/// Steps t are counted from 0. The adjoint of a state is the total derivative of the loss with respect to
/// it, `[B, H]`. The carried state is the state with a direct path to the previous step: c of the LSTM, h
/// of the GRU. The RNN has none.
pub(crate) trait BackwardStep {
    /// Adds to `d_h_prev` the gradient that reaches h_{t−1} from h_t outside W_hh. `d_h` is the adjoint of
    /// h_t.
    fn add_skip_to_h(&self, _t: usize, _d_h: &Tensor, _d_h_prev: &mut Tensor) {}

    /// Adds to `d_c` the gradient that reaches c_t through h_t. Afterwards `d_c` is the adjoint of c_t.
    fn accumulate_cell_grad(&self, _t: usize, _d_h: &Tensor, _d_c: &mut Tensor) {}

    /// Returns the gradient of the carried state that results from `d_h`, a part of the adjoint of h_t. It
    /// is (∂h_t/∂c_t)ᵀ `d_h` for the LSTM, `d_h` for the GRU, and `None` for the RNN.
    fn state_jacobian_vec(&self, _t: usize, _d_h: &Tensor) -> Option<Tensor> {
        None
    }

    /// Returns the factor of the adjoint of the carried state on its direct path to step t−1: f_t of the
    /// LSTM, z_t of the GRU, `[B, H]`.
    fn retention(&self, _t: usize) -> Option<&Tensor> {
        None
    }

    /// Computes δ_t = ∂L/∂(W_hh h_{t−1} + b) from the adjoints of step t. `d_c` becomes the gradient that
    /// reaches c_{t−1}.
    fn gate_grads(&mut self, t: usize, d_h: &Tensor, d_c: Option<&mut Tensor>);

    /// Returns δ_t, `[B, G·H]`.
    fn delta(&self, t: usize) -> &Tensor;

    /// Returns ∂L/∂(W_ih x_t + b_ih), `[B, G·H]`, given the adjoint of h_t.
    fn input_delta(&self, t: usize, _d_h: &Tensor) -> Tensor {
        self.delta(t).shallow_clone()
    }

    /// Returns the gradients of both projections at all steps, given the adjoints of h_1 … h_T, `[T, B,
    /// H]`. The recursion must have passed all steps.
    fn deltas(&self, d_h: &Tensor) -> Deltas;
}

/// The gradients of the two projections at all steps, `[T, B, G·H]`.
pub(crate) struct Deltas {
    /// ∂L/∂(W_ih x_t + b_ih).
    pub of_input: Tensor,
    /// ∂L/∂(W_hh h_{t−1} + b_hh).
    pub of_state: Tensor,
}
