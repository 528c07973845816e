//! The choice of a compiled pass: one for each cell and instruction set.

use crate::cells::{CellKernel, Gru, Lstm, Rnn};
use crate::isa::{Isa, Job};
use crate::layer::Cell;
use crate::vector::{Vector, Vectors};

/// A pass over a layer of numbers of type `E` that is generic over the cell and the instruction set.
pub trait Pass<E> {
    /// The result of the pass.
    type Result;
    /// Runs the pass.
    fn run<C: CellKernel, S: Vector<Element = E>>(self, cell: C, s: S) -> Self::Result;
}

/// Runs a pass with a cell and an instruction set.
pub fn dispatch<E: Vectors, P: Pass<E>>(cell: Cell, isa: Isa, pass: P) -> P::Result {
    match cell {
        Cell::Rnn => isa.run(WithCell(Rnn, pass)),
        Cell::Lstm => isa.run(WithCell(Lstm, pass)),
        Cell::Gru => isa.run(WithCell(Gru, pass)),
    }
}

struct WithCell<C, P>(C, P);

impl<E, C: CellKernel, P: Pass<E>> Job<E> for WithCell<C, P> {
    type Result = P::Result;

    fn run<S: Vector<Element = E>>(self, s: S) -> P::Result {
        self.1.run(self.0, s)
    }
}
