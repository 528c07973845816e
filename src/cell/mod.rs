//! The equations of one time step, to be read beside a paper. No time loop here: that is an engine's work.
//!
//! A new cell is one new file that implements [`Cell`], a word in [`CellName`] and a line in [`cell`].

mod gru;
pub mod init;
mod lstm;
mod name;
mod parameters;
mod rnn;

use tch::Tensor;

pub use name::CellName;
pub use parameters::{LayerParameters, Parameters};

/// What a layer carries from one step to the next.
#[derive(Debug)]
pub struct State {
    /// The hidden state h_t, which is also the output, `[B, H]`.
    pub h: Tensor,
    /// The cell state c_t, `[B, H]`, for a cell that has one.
    pub c: Option<Tensor>,
}

impl State {
    /// A state of a cell with no `c`.
    pub fn of_h(h: Tensor) -> State {
        State { h, c: None }
    }

    /// The same tensors under new names in the autograd graph, so that what flows into the next step can be
    /// told apart from what flows into the output.
    pub fn alias(&self) -> State {
        self.map(|tensor| tensor.view_as(tensor))
    }

    /// Another handle on the same tensors.
    pub fn shallow_clone(&self) -> State {
        self.map(Tensor::shallow_clone)
    }

    /// The state with each tensor replaced by a function of it.
    pub fn map(&self, mut change: impl FnMut(&Tensor) -> Tensor) -> State {
        State { h: change(&self.h), c: self.c.as_ref().map(change) }
    }
}

/// The weights of one gate, cut out of a layer's parameters.
#[derive(Debug)]
pub struct Gate {
    /// From the input, `[H, I]`.
    pub w_x: Tensor,
    /// From the last hidden state, `[H, H]`.
    pub w_h: Tensor,
    /// Bias beside `w_x`, `[H]`.
    pub b_x: Tensor,
    /// Bias beside `w_h`, `[H]`.
    pub b_h: Tensor,
}

impl Gate {
    /// W_x x + b_x, `[B, I]` → `[B, H]`.
    pub fn from_input(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.w_x.tr()) + &self.b_x
    }

    /// W_h h + b_h, `[B, H]` → `[B, H]`.
    pub fn from_state(&self, h: &Tensor) -> Tensor {
        h.matmul(&self.w_h.tr()) + &self.b_h
    }

    /// W_x x + W_h h + b, the two biases added up, `[B, H]`.
    pub fn preactivation(&self, x: &Tensor, h: &Tensor) -> Tensor {
        self.from_input(x) + self.from_state(h)
    }
}

/// One step of a recurrent cell, written twice: as the textbook has it, and with the products pulled together.
pub trait Cell: Sync {
    /// The cell's word in configs.
    fn name(&self) -> CellName;

    /// The gates in the order in which the parameters stack them.
    fn gates(&self) -> &'static [&'static str];

    /// The gate whose bias decides how long the cell remembers, as a position in [`Cell::gates`].
    fn remembering_gate(&self) -> Option<usize> {
        None
    }

    /// The gate that lets new content in, where it is another than the remembering gate.
    fn admitting_gate(&self) -> Option<usize> {
        None
    }

    /// Whether the state has a `c` beside `h`.
    fn has_c(&self) -> bool {
        false
    }

    /// The gate whose activation is a tanh: new content. The others are sigmoids.
    fn candidate(&self) -> usize;

    /// The activations of all gates, `[B, H]` each, from x `[B, I]` and the last hidden state: the textbook equations, one
    /// product a gate and operand.
    fn activations(&self, gates: &[Gate], x: &Tensor, last_h: &Tensor) -> Vec<Tensor>;

    /// The new state that the activations make of the last.
    fn update(&self, activations: &[Tensor], last: &State) -> State;

    /// One step: x `[B, I]` and the last state to the new state.
    fn step(&self, gates: &[Gate], x: &Tensor, last: &State) -> State {
        self.update(&self.activations(gates, x, &last.h), last)
    }

    /// The bias that can be added to the input's products of all steps before the loop, `[G·H]`.
    fn hoisted_bias(&self, p: &LayerParameters) -> Tensor {
        &p.b_ih + &p.b_hh
    }

    /// The same function with the input's part given: `projected` is W_x x_t plus [`Cell::hoisted_bias`] for
    /// all gates side by side, `[B, G·H]`; `w_hh_t` is the transposed recurrent matrix, `[H, G·H]`.
    fn step_projected(&self, p: &LayerParameters, w_hh_t: &Tensor, projected: &Tensor, last: &State)
    -> State;
}

/// The cell of that name.
pub fn cell(name: CellName) -> &'static dyn Cell {
    match name {
        CellName::Rnn => &rnn::Rnn,
        CellName::Lstm => &lstm::Lstm,
        CellName::Gru => &gru::Gru,
    }
}

/// The state before the first step: zeros, a storage of its own for each tensor.
pub fn zero_state(cell: &dyn Cell, like: &Tensor, batch_size: i64, hidden_size: i64) -> State {
    let zeros = || Tensor::zeros([batch_size, hidden_size], (like.kind(), like.device()));
    State { h: zeros(), c: cell.has_c().then(zeros) }
}
