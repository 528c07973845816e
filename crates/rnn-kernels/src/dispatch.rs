//! The choice of a compiled pass: one for each cell and instruction set.

use crate::cells::{CellKernel, Gru, Lstm, Rnn};
use crate::isa::{Isa, Job};
use crate::layer::Cell;
use crate::vector::Vector;

/// A pass over a layer that is generic over the cell and the instruction set.
pub trait Pass {
    /// The result of the pass.
    type Result;
    /// Runs the pass.
    fn run<C: CellKernel, S: Vector>(self, cell: C, s: S) -> Self::Result;
}

/// Runs a pass with a cell and an instruction set.
pub fn dispatch<P: Pass>(cell: Cell, isa: Isa, pass: P) -> P::Result {
    match cell {
        Cell::Rnn => isa.run(WithCell(Rnn, pass)),
        Cell::Lstm => isa.run(WithCell(Lstm, pass)),
        Cell::Gru => isa.run(WithCell(Gru, pass)),
    }
}

struct WithCell<C, P>(C, P);

impl<C: CellKernel, P: Pass> Job for WithCell<C, P> {
    type Result = P::Result;

    fn run<S: Vector>(self, s: S) -> P::Result {
        self.1.run(self.0, s)
    }
}
