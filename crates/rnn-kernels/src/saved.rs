//! The activations that the forward pass keeps for the backward pass.

use crate::cells::CellKernel;
use crate::layer::{Cell, Size};
use crate::memory::{Buffer, row_stride};
use crate::number::Number;
use crate::options::Options;

/// The activations of a forward pass, for [`backward`](crate::backward()).
///
/// Below, P is H rounded up to whole vectors.
pub struct SavedActivations<E = f32> {
    /// The options of the forward pass. Their instruction set determines the layout of the rows.
    pub(crate) options: Options,
    pub(crate) cell: Cell,
    pub(crate) size: Size,
    /// The rows of all steps, `[T, B]` of [`row_width`] numbers each.
    pub(crate) rows: Buffer<E>,
    /// c_0 … c_T, `[T + 1, B, P]`. Empty for a cell without c.
    pub(crate) c: Buffer<E>,
}

/// The numbers of a forward pass that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The activations of all steps.
    Activations,
    /// The preactivations of all steps.
    Preactivations,
}

/// Returns the cell and the sizes in words.
pub fn describe(cell: Cell, size: Size) -> String {
    format!("{cell:?} {size:?}")
}

/// Returns the distance between the rows of a cell.
pub fn row_width<C: CellKernel, E: Number>(padded: usize) -> usize {
    row_stride::<E>(C::BLOCKS * padded)
}
