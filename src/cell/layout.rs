//! The shapes of a cell's parameters.

/// The parameters of one layer of a cell, besides the input matrix `[G·H, I]` and its bias `[G·H]`.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The recurrent weights.
    pub recurrent: Recurrent,
    /// The names of further parameters in weights files, without the layer: `weight_ci`. Each is a vector
    /// `[H]` that is drawn like a bias.
    pub further: &'static [&'static str],
}

/// The recurrent weights of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurrent {
    /// A matrix `[H, H]` and a bias `[H]` for each gate, stacked, as in PyTorch.
    Matrices,
    /// A vector `[H]`: each unit sees its own previous state only. There is no second bias.
    Vector,
    /// None: the gates do not see the state.
    None,
}

impl Layout {
    /// The layout of PyTorch's RNN, LSTM and GRU: one recurrent matrix and two biases for each gate.
    pub const PYTORCH: Layout = Layout { recurrent: Recurrent::Matrices, further: &[] };

    /// Returns true for the layout of PyTorch's RNN, LSTM and GRU.
    pub fn is_pytorch(&self) -> bool {
        self.recurrent == Recurrent::Matrices && self.further.is_empty()
    }

    /// Returns the parameter count of a layer with `gates` gates, `input` features and `hidden` units.
    pub fn parameters(&self, gates: u128, input: u128, hidden: u128) -> u128 {
        let recurrent = match self.recurrent {
            Recurrent::Matrices => gates * hidden * (hidden + 1),
            Recurrent::Vector => hidden,
            Recurrent::None => 0,
        };
        gates * hidden * (input + 1) + recurrent + self.further.len() as u128 * hidden
    }
}
