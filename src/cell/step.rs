//! The interface of a cell: one time step.

use tch::Tensor;

use super::gate::Gate;
use super::layer::LayerParameters;
use super::name::CellName;
use super::state::State;

/// One step of a recurrent cell, in two forms: the textbook equations, and a form with one matrix product
/// per step.
///
/// Shapes: batch size B, input size I, hidden size H, number of gates G.
pub trait Cell: Sync {
    /// Returns the cell's name.
    fn name(&self) -> CellName;

    /// Returns the names of the gates, in the order in which the parameters stack them. The list has
    /// length G.
    fn gates(&self) -> &'static [&'static str];

    /// Returns the position in [`Cell::gates`] of the gate that decides how much of the old state is kept:
    /// f of the LSTM, z of the GRU.
    fn retention_gate(&self) -> Option<usize> {
        None
    }

    /// Returns the position of the gate that decides how much new content enters, if it is not the
    /// retention gate.
    fn input_gate(&self) -> Option<usize> {
        None
    }

    /// Returns the position of the gate that computes the new content, with tanh. The other gates use σ.
    fn candidate(&self) -> usize;

    /// Returns true if the state consists of h and a cell state c.
    fn has_c(&self) -> bool {
        false
    }

    /// Returns the state before the first step: zeros `[B, H]` in the dtype and on the device of `like`.
    /// Each tensor has its own storage.
    fn zero_state(&self, like: &Tensor, batch_size: i64, hidden_size: i64) -> State {
        let zeros = || Tensor::zeros([batch_size, hidden_size], (like.kind(), like.device()));
        State { h: zeros(), c: self.has_c().then(zeros) }
    }

    /// Computes the activations of all gates, `[B, H]` each, by the textbook equations. x is `[B, I]`, and
    /// h_{t−1} is `[B, H]`. Each gate has its own two products.
    fn activations(&self, gates: &[Gate], x: &Tensor, h_prev: &Tensor) -> Vec<Tensor>;

    /// Computes the new state from the activations and the previous state.
    fn update(&self, activations: &[Tensor], previous: &State) -> State;

    /// Computes one step by the textbook equations: x `[B, I]` and the previous state give the new state.
    fn step(&self, gates: &[Gate], x: &Tensor, previous: &State) -> State {
        self.update(&self.activations(gates, x, &previous.h), previous)
    }

    /// Returns the bias that does not depend on the state, `[G·H]`. It is added to the products of the
    /// inputs of all steps before the loop over time.
    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        &p.b_ih + &p.b_hh
    }

    /// Computes one step from a given input projection. The function is the same as in [`Cell::step`].
    ///
    /// `projection` is W_x x_t plus [`Cell::input_bias`] for all gates, `[B, G·H]`. `w_hh_t` is the
    /// transposed recurrent matrix, `[H, G·H]`.
    fn step_from_projection(
        &self,
        p: &LayerParameters,
        w_hh_t: &Tensor,
        projection: &Tensor,
        previous: &State,
    ) -> State;
}
