//! The interface between the passes and the equations of a cell.

use super::derivatives::Derivatives;
use crate::vector::Vector;

/// The largest number of blocks in a row.
pub const MAX_BLOCKS: usize = 4;

/// A row's numbers for one vector of units: one vector of each block.
pub type Row<S> = [<S as Vector>::V; MAX_BLOCKS];

/// A cell, as the layout of its rows and its equations on vectors.
///
/// A row belongs to one step of one sequence. It consists of blocks, each with one number for each unit. The
/// input's product of gate g is added to block g.
///
/// A row of δ holds the gradients with respect to the pre-activations, in blocks as well.
pub trait CellKernel: Copy + Send + Sync {
    /// The number of gates that the weights stack.
    const GATES: usize;
    /// The number of blocks in a row.
    const BLOCKS: usize;
    /// The block that the state's product of each gate is added to.
    const STATE_BLOCKS: &'static [usize];
    /// The number of blocks in a row of δ.
    const DELTAS: usize;
    /// The gate to whose product of the input each of the first blocks of δ belongs.
    const INPUT_DELTAS: &'static [usize];
    /// The first block of δ for the products of the state. The blocks of all gates follow in order.
    const FIRST_STATE_DELTA: usize;
    /// True if the cell has a cell state c.
    const HAS_C: bool;
    /// True if the equations use h_{t−1} outside the product with W_hh.
    const USES_H: bool;

    /// Computes one step and returns (h_t, c_t).
    ///
    /// `row` holds pre-activations on entry and activations (as [`CellKernel::backward`] needs them) on
    /// return. `h_prev` is arbitrary unless [`CellKernel::USES_H`]. `c_prev` and c_t are arbitrary unless
    /// [`CellKernel::HAS_C`].
    fn forward<S: Vector>(self, s: S, row: &mut Row<S>, h_prev: S::V, c_prev: S::V) -> (S::V, S::V);

    /// Computes one step of the backward pass, from a row in the form that `D` reads. Returns δ and ∂L/∂c_t
    /// (arbitrary for a cell without c).
    ///
    /// `d_h` is the gradient of h_t from the output and through W_hh of step t+1 on entry, and all of
    /// ∂L/∂h_t on return.
    ///
    /// `carry` is the gradient with respect to c_t (LSTM) or h_t (GRU) from step t+1 outside W_hh on
    /// entry. On return it is the same quantity of step t, for step t−1.
    fn backward<S: Vector, D: Derivatives>(
        self,
        s: S,
        step: &StepCache<S>,
        d_h: &mut S::V,
        carry: &mut S::V,
    ) -> (Row<S>, S::V);
}

/// The numbers of the forward pass that one step of the backward pass needs.
pub struct StepCache<S: Vector> {
    /// The row of activations or preactivations.
    pub row: Row<S>,
    /// h_{t−1}.
    pub h_prev: S::V,
    /// c_{t−1}.
    pub c_prev: S::V,
    /// c_t.
    pub c: S::V,
}
