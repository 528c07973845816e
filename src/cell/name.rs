//! The names of cells.

use crate::support::names::names;

names! {
    /// The equations of one time step.
    CellName ("cell") {
        /// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
        Rnn = "rnn",
        /// long short-term memory: gates i, f, g, o and a cell state c
        Lstm = "lstm",
        /// gated recurrent unit: gates r, z, n (reset after the product, as in PyTorch)
        Gru = "gru",
    }
}
