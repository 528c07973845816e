//! The shapes of a cell's parameters.

use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// The parameters of one layer of a cell, besides the input matrix `[G·H, I]` and its bias `[G·H]`.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The recurrent weights.
    pub recurrent: Recurrent,
    /// Further parameters.
    pub further: &'static [Further],
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

/// A parameter that PyTorch's cells do not have.
#[derive(Debug, Clone, Copy)]
pub struct Further {
    /// The name in weights files, without the layer: `weight_ci`.
    pub name: &'static str,
    /// The shape.
    pub shape: FurtherShape,
    /// The initial numbers.
    pub init: FurtherInit,
}

/// The shape of a further parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FurtherShape {
    /// A number for each unit, `[H]`.
    Units,
    /// A number for each unit of each gate, `[G·H]`, in the order of [`super::Cell::gates`].
    Gates,
    /// A matrix of a state, `[H, H]`.
    Matrix,
}

/// The initial numbers of a further parameter.
#[derive(Debug, Clone, Copy)]
pub enum FurtherInit {
    /// As for a bias, by the init policy.
    Bias,
    /// As for the recurrent matrix of a gate, by the init policy.
    Recurrent,
    /// The same number everywhere, at every init policy.
    Constant(f64),
    /// A function of the cell, at every init policy. It takes the further parameters before this one, H,
    /// and the random numbers.
    Own(fn(&[Tensor], i64, &mut ChaCha8Rng) -> Tensor),
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
        let further = |further: &Further| match further.shape {
            FurtherShape::Units => hidden,
            FurtherShape::Gates => gates * hidden,
            FurtherShape::Matrix => hidden * hidden,
        };
        gates * hidden * (input + 1) + recurrent + self.further.iter().map(further).sum::<u128>()
    }
}

impl Further {
    /// Returns a vector `[H]` that is drawn like a bias.
    pub const fn like_bias(name: &'static str) -> Further {
        Further { name, shape: FurtherShape::Units, init: FurtherInit::Bias }
    }

    /// Returns a vector `[H]` that begins with the same number everywhere.
    pub const fn of_units(name: &'static str, first: f64) -> Further {
        Further { name, shape: FurtherShape::Units, init: FurtherInit::Constant(first) }
    }

    /// Returns a vector `[H]` that the cell draws itself (see [`FurtherInit::Own`]).
    pub const fn drawn(name: &'static str, draw: fn(&[Tensor], i64, &mut ChaCha8Rng) -> Tensor) -> Further {
        Further { name, shape: FurtherShape::Units, init: FurtherInit::Own(draw) }
    }

    /// Returns a vector `[G·H]` that begins with the same number everywhere.
    pub const fn of_gates(name: &'static str, first: f64) -> Further {
        Further { name, shape: FurtherShape::Gates, init: FurtherInit::Constant(first) }
    }

    /// Returns a matrix `[H, H]` that is drawn like the recurrent matrix of a gate.
    pub const fn like_recurrent(name: &'static str) -> Further {
        Further { name, shape: FurtherShape::Matrix, init: FurtherInit::Recurrent }
    }

    /// Returns the shape in a layer with `gates` gates and `hidden` units.
    pub fn size(&self, gates: i64, hidden: i64) -> Vec<i64> {
        match self.shape {
            FurtherShape::Units => vec![hidden],
            FurtherShape::Gates => vec![gates * hidden],
            FurtherShape::Matrix => vec![hidden, hidden],
        }
    }
}
