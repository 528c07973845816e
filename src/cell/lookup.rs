//! The map from the name of a cell to its equations.

use super::gru::Gru;
use super::lstm::Lstm;
use super::name::CellName;
use super::rnn::Rnn;
use super::step::Cell;

/// Returns the equations of a cell.
pub fn cell(name: CellName) -> &'static dyn Cell {
    match name {
        CellName::Rnn => &Rnn,
        CellName::Lstm => &Lstm,
        CellName::Gru => &Gru,
    }
}
