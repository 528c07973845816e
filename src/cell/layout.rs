//! The shapes of a cell's states and parameters.

use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// The sizes of the states of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateSize {
    /// The number of units, H: the size of each gate and of the states carried beside h.
    pub hidden: i64,
    /// The size of h, which is the output: P with a projection, else H.
    pub output: i64,
}

impl StateSize {
    /// Returns the sizes for H units and a projection of size P, which is 0 without a projection.
    pub fn new(hidden: i64, proj_size: i64) -> StateSize {
        StateSize { hidden, output: if proj_size > 0 { proj_size } else { hidden } }
    }
}

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
    /// A matrix `[H, H]` and a bias `[H]` for each gate, stacked, as in PyTorch. With a projection, the
    /// matrices are `[H, P]`.
    Matrices,
    /// A vector `[H]`: each unit sees its own previous state only. There is no second bias.
    Vector,
    /// None: the gates do not see the state.
    None,
}

/// A parameter that PyTorch's RNN, LSTM and GRU do not have.
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
    /// The matrix that maps the units to h, `[P, H]`. A cell with it has a setting for P.
    Projection,
}

/// The initial numbers of a further parameter.
#[derive(Debug, Clone, Copy)]
pub enum FurtherInit {
    /// As for a bias, by the init policy.
    Bias,
    /// As for the recurrent matrix of a gate, by the init policy.
    Recurrent,
    /// As for a projection, by the init policy.
    Projection,
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

    /// Returns true if h is a projection of the units.
    pub fn has_projection(&self) -> bool {
        self.further.iter().any(|further| further.shape == FurtherShape::Projection)
    }

    /// Checks the size P of the projection in a layer with `hidden` units. P is 0 without a projection.
    ///
    /// # Errors
    /// A message with the expected and the found size, which begins with a verb. Its subject is the cell.
    pub fn check_projection(&self, hidden: i64, proj_size: i64) -> Result<(), String> {
        match self.has_projection() {
            true if (1..hidden).contains(&proj_size) => Ok(()),
            true => Err(format!(
                "projects its {hidden} units to fewer; expected at least 1 and below {hidden}, found \
                 {proj_size}"
            )),
            false if proj_size == 0 => Ok(()),
            false => Err(format!("has no projection; expected 0, found {proj_size}")),
        }
    }

    /// Returns the shape of the recurrent weights in a layer with `gates` gates.
    pub fn recurrent_shape(&self, gates: i64, size: StateSize) -> Vec<i64> {
        match self.recurrent {
            Recurrent::Matrices => vec![gates * size.hidden, size.output],
            Recurrent::Vector => vec![size.hidden],
            Recurrent::None => vec![0, size.hidden],
        }
    }

    /// Returns the length of the second bias in a layer with `gates` gates; 0 for a cell that has none.
    pub fn recurrent_bias(&self, gates: i64, size: StateSize) -> i64 {
        if self.recurrent == Recurrent::Matrices { gates * size.hidden } else { 0 }
    }

    /// Returns the parameter count of a layer with `gates` gates and `input` features.
    pub fn parameters(&self, gates: i64, input: i64, size: StateSize) -> u128 {
        let input_weights = vec![gates * size.hidden, input + 1];
        let recurrent = [self.recurrent_shape(gates, size), vec![self.recurrent_bias(gates, size)]];
        let further = self.further.iter().map(|further| further.size(gates, size));
        let count = |shape: Vec<i64>| shape.into_iter().map(|number| number as u128).product::<u128>();
        std::iter::once(input_weights).chain(recurrent).chain(further).map(count).sum()
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

    /// Returns the matrix of a projection, `[P, H]`, that is drawn by the init policy.
    pub const fn projection(name: &'static str) -> Further {
        Further { name, shape: FurtherShape::Projection, init: FurtherInit::Projection }
    }

    /// Returns the shape in a layer with `gates` gates.
    pub fn size(&self, gates: i64, size: StateSize) -> Vec<i64> {
        let StateSize { hidden, output } = size;
        match self.shape {
            FurtherShape::Units => vec![hidden],
            FurtherShape::Gates => vec![gates * hidden],
            FurtherShape::Matrix => vec![hidden, hidden],
            FurtherShape::Projection => vec![output, hidden],
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cell::{CellName, cell};

    #[test]
    fn check_projection_takes_sizes_below_the_units_of_a_cell_with_one() {
        let check = |name, hidden, size| cell(name).layout().check_projection(hidden, size);
        let projected = |hidden, size| check(CellName::LstmProjected, hidden, size);
        assert_eq!([projected(2, 1), projected(9, 8), check(CellName::Lstm, 9, 0)], [Ok(()), Ok(()), Ok(())]);
        for (hidden, size) in [(1, 1), (9, 0), (9, 9), (9, -1)] {
            let problem = projected(hidden, size).unwrap_err();
            assert!(problem.ends_with(&format!("below {hidden}, found {size}")), "{problem}");
        }
        assert_eq!(check(CellName::Lstm, 9, 4), Err("has no projection; expected 0, found 4".to_string()));
    }
}
