//! What the kernels need to know of a cell: where its gates stand in a row, and its equations on vectors.

use super::vector::Simd;

/// Gates a row may have room for.
pub const MOST_BLOCKS: usize = 4;

/// A row's numbers for one vector of units: one of each block.
pub type Row<S> = [<S as Simd>::V; MOST_BLOCKS];

/// A cell. A row is what a step of one sequence keeps, in blocks of one number for each unit.
///
/// The input's product of gate g is added to block g.
pub trait Equations: Sync {
    /// Gates, as the weights stack them.
    const GATES: usize;
    /// Blocks of a row.
    const BLOCKS: usize;
    /// The block that the state's product of each gate is added to.
    const STATE_BLOCKS: &'static [usize];
    /// Blocks of a row of δ, the gradients of the products.
    const DELTAS: usize;
    /// The gates whose input's products the first blocks of δ belong to, in that order.
    const INPUT_DELTAS: &'static [usize];
    /// The first of the blocks of δ that belong to the state's products, all gates in their order.
    const FIRST_STATE_DELTA: usize;
    /// Whether the state has a c.
    const HAS_C: bool;
    /// Whether the equations use h_{t−1} other than in the product.
    const USES_H: bool;

    /// One step: `row` comes with the products and the biases and leaves as the backward pass wants it. Gives h and c;
    /// without [`Equations::USES_H`] and [`Equations::HAS_C`] that of the step before, and c, are arbitrary.
    fn forward<S: Simd>(s: S, row: &mut Row<S>, h_last: S::V, c_last: S::V) -> (S::V, S::V);

    /// One step back: gives δ, and the whole adjoint of c_t (arbitrary for a cell without). `d_h` comes with what reaches h_t from the output and through the product of the step
    /// after, and leaves as the whole adjoint. `carry` comes with what else the step after passed back (to c_t of the
    /// LSTM, to h_t of the GRU), and leaves with what this step passes back so.
    fn backward<S: Simd>(s: S, at: &Moment<S>, d_h: &mut S::V, carry: &mut S::V) -> (Row<S>, S::V);
}

/// What the forward pass left of a step.
pub struct Moment<S: Simd> {
    /// The row.
    pub row: Row<S>,
    /// h_{t−1}.
    pub h_last: S::V,
    /// c_{t−1}.
    pub c_last: S::V,
    /// c_t.
    pub c: S::V,
}
