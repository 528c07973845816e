//! A layer as the caller describes it: cell, sizes, parameters, input and initial state.

use crate::error::Error;

/// The kind of a recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Elman's RNN with tanh. One gate.
    Rnn,
    /// LSTM. Gates in the order i, f, g, o.
    Lstm,
    /// GRU, with the reset gate after the product with W_hn. Gates in the order r, z, n.
    Gru,
}

impl Cell {
    /// All cells.
    pub const ALL: [Cell; 3] = [Cell::Rnn, Cell::Lstm, Cell::Gru];

    /// Returns G, the number of gates that the weights stack.
    pub fn gates(self) -> usize {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }

    /// Returns true if the state consists of h and a cell state c.
    pub fn has_c(self) -> bool {
        self == Cell::Lstm
    }
}

/// The sizes of a layer's run. All are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// T, the number of steps.
    pub steps: usize,
    /// B, the number of sequences.
    pub batch: usize,
    /// I, the number of input features.
    pub input: usize,
    /// H, the number of hidden units.
    pub hidden: usize,
}

impl Size {
    /// Returns H rounded up to whole vectors.
    pub(crate) fn padded(&self, lanes: usize) -> usize {
        self.hidden.next_multiple_of(lanes)
    }
}

/// The parameters of a layer, row-major, with the gates stacked in the order of [`Cell`].
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a, E = f32> {
    /// W_ih, `[G·H, I]`.
    pub w_ih: &'a [E],
    /// W_hh, `[G·H, H]`.
    pub w_hh: &'a [E],
    /// b_ih, `[G·H]`.
    pub b_ih: &'a [E],
    /// b_hh, `[G·H]`.
    pub b_hh: &'a [E],
}

/// The state before the first step.
#[derive(Clone, Copy, Debug)]
pub struct InitialState<'a, E = f32> {
    /// h_0, `[B, H]`.
    pub h: &'a [E],
    /// c_0, `[B, H]`, for the LSTM only.
    pub c: Option<&'a [E]>,
}

/// A layer with its input and initial state. Arrays are row-major and time-major.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a, E = f32> {
    /// The cell.
    pub cell: Cell,
    /// The sizes.
    pub size: Size,
    /// The parameters.
    pub parameters: Parameters<'a, E>,
    /// The input x_1 … x_T, `[T, B, I]`.
    pub input: &'a [E],
    /// The state before the first step.
    pub initial: InitialState<'a, E>,
}

impl<E> Layer<'_, E> {
    /// Checks that no size is 0 and that every slice has its length.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Size { steps, batch, input, hidden } = self.size;
        for (name, size) in [("steps", steps), ("batch", batch), ("input", input), ("hidden", hidden)] {
            if size == 0 {
                return Err(Error::ZeroSize { name });
            }
        }
        let Parameters { w_ih, w_hh, b_ih, b_hh } = self.parameters;
        let stacked = self.cell.gates().saturating_mul(hidden);
        check_len("w_ih", w_ih, &[stacked, input])?;
        check_len("w_hh", w_hh, &[stacked, hidden])?;
        check_len("b_ih", b_ih, &[stacked])?;
        check_len("b_hh", b_hh, &[stacked])?;
        check_len("input", self.input, &[steps, batch, input])?;
        check_len("initial.h", self.initial.h, &[batch, hidden])?;
        self.check_c("initial.c", self.initial.c)
    }

    /// Checks a slice of shape `[B, H]`, which a cell with c must have and other cells must not have.
    pub(crate) fn check_c(&self, name: &'static str, c: Option<&[E]>) -> Result<(), Error> {
        match (c, self.cell.has_c()) {
            (None, false) => Ok(()),
            (Some(c), false) => Err(Error::Length { name, expected: vec![], found: c.len() }),
            (c, true) => check_len(name, c.unwrap_or_default(), &[self.size.batch, self.size.hidden]),
        }
    }

    /// Returns all slices that the layer reads.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[E]> {
        let Parameters { w_ih, w_hh, b_ih, b_hh } = self.parameters;
        [self.input, w_ih, w_hh, b_ih, b_hh, self.initial.h].into_iter().chain(self.initial.c)
    }
}

/// Checks the length of a slice against its shape.
pub(crate) fn check_len<E>(name: &'static str, numbers: &[E], shape: &[usize]) -> Result<(), Error> {
    let len = shape.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
    if len == Some(numbers.len()) {
        return Ok(());
    }
    Err(Error::Length { name, expected: shape.to_vec(), found: numbers.len() })
}
