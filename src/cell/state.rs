//! The recurrent state of a layer.

use tch::Tensor;

use crate::support::names::names;

names! {
    /// A state that a cell carries to the next step beside h.
    CarriedState ("carried state") {
        /// the cell state of an LSTM
        C = "c",
        /// the normaliser of an sLSTM
        N = "n",
        /// the stabiliser of an sLSTM: the logarithm of the scale of c and n
        M = "m",
        /// the velocity of an oscillator
        Z = "z",
        /// the imaginary part of a complex state, whose real part is h
        Im = "im",
    }
}

/// The state that a layer passes from one step to the next.
#[derive(Debug)]
pub struct State {
    /// The hidden state h_t, which is also the output, `[B, H]`, or `[B, P]` with a projection.
    pub h: Tensor,
    /// The states carried beside h, in the order of [`super::Cell::carried`], `[B, H]` each.
    pub carried: Vec<Tensor>,
}

impl State {
    /// Returns a state of h alone.
    pub fn from_hidden(h: Tensor) -> State {
        State { h, carried: vec![] }
    }

    /// Returns the state of these tensors: h, then the carried states.
    ///
    /// # Panics
    /// If there is no tensor.
    pub fn from_tensors(tensors: impl IntoIterator<Item = Tensor>) -> State {
        let mut tensors = tensors.into_iter();
        State { h: tensors.next().expect("a state has an h"), carried: tensors.collect() }
    }

    /// Returns the state of a linear recurrence as one tensor, `[B, H]`: h, or h + i·im.
    ///
    /// # Panics
    /// If there are more carried states than the imaginary part.
    pub fn joined(&self) -> Tensor {
        match &self.carried[..] {
            [] => self.h.shallow_clone(),
            [im] => Tensor::complex(&self.h, im),
            _ => panic!("expected at most one carried state, found {}", self.carried.len()),
        }
    }

    /// Returns the state that [`State::joined`] joins.
    pub fn from_joined(tensor: &Tensor) -> State {
        match tensor.is_complex() {
            true => State { h: tensor.real(), carried: vec![tensor.imag()] },
            false => State::from_hidden(tensor.shallow_clone()),
        }
    }

    /// Returns the same tensors as new nodes of the autograd graph. The gradient that reaches these nodes
    /// is separate from the gradient that reaches the output.
    pub fn alias(&self) -> State {
        self.map(|tensor| tensor.view_as(tensor))
    }

    /// Returns another handle on the same tensors.
    pub fn shallow_clone(&self) -> State {
        self.map(Tensor::shallow_clone)
    }

    /// Returns the tensors of the state: h, then the carried states.
    pub fn tensors(&self) -> Vec<&Tensor> {
        std::iter::once(&self.h).chain(&self.carried).collect()
    }

    /// Returns the sizes of h and of the carried states, each the last axis of its tensor.
    pub fn sizes(&self) -> Vec<i64> {
        self.tensors().iter().map(|tensor| tensor.size()[tensor.dim() - 1]).collect()
    }

    /// Returns the tensors with their names, such as `h` and `c`.
    pub fn named(&self, names: &[CarriedState]) -> Vec<(&'static str, &Tensor)> {
        let names = names.iter().map(|name| name.as_str());
        std::iter::once("h").chain(names).zip(self.tensors()).collect()
    }

    /// Returns the state with `change` applied to each tensor.
    pub fn map(&self, change: impl FnMut(&Tensor) -> Tensor) -> State {
        State::from_tensors(self.tensors().into_iter().map(change))
    }

    /// Returns the sum of two states of one cell.
    pub fn plus(&self, other: &State) -> State {
        State::from_tensors(self.tensors().into_iter().zip(other.tensors()).map(|(a, b)| a + b))
    }
}
