//! A sequence in pieces of √T steps: the forward pass keeps the states before each piece only, and a piece is computed again
//! when it is needed. Memory grows as √T.

use std::ops::Range;

use tch::Tensor;

use crate::cell::{Parameters, State};
use crate::engine::analytic::{self, Derivation};

/// The pieces of a sequence and the states before each of them.
pub struct Pieces<'a> {
    p: &'a Parameters,
    input: &'a Tensor,
    ranges: Vec<Range<usize>>,
    firsts: Vec<Vec<State>>,
}

/// One layer, run over one piece.
pub struct Layer {
    /// The states before the piece and after each of its steps, `[t+1, B, H]`.
    pub h: Tensor,
    /// What its backward pass needs.
    pub derivation: Box<dyn Derivation>,
}

impl<'a> Pieces<'a> {
    /// Runs the whole sequence `[T, B, I]` once, from the states `first`.
    pub fn new(p: &'a Parameters, input: &'a Tensor, first: Vec<State>) -> Pieces<'a> {
        let steps = input.size()[0] as usize;
        let length = (steps as f64).sqrt().ceil() as usize;
        let ranges: Vec<Range<usize>> =
            (0..steps).step_by(length).map(|start| start..(start + length).min(steps)).collect();
        let mut pieces = Pieces { p, input, ranges, firsts: vec![first] };
        for n in 1..pieces.ranges.len() {
            let last = pieces.run(n - 1).iter().map(Layer::last).collect();
            pieces.firsts.push(last);
        }
        pieces
    }

    /// The steps (from 0) of each piece, from the first to the last.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> {
        self.ranges.iter().cloned().enumerate()
    }

    /// The input of a piece, `[t, B, I]`.
    pub fn input(&self, piece: usize) -> Tensor {
        let range = &self.ranges[piece];
        self.input.narrow(0, range.start as i64, range.len() as i64)
    }

    /// Runs one piece through all layers.
    pub fn run(&self, piece: usize) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::with_capacity(self.p.layers.len());
        for (parameters, first) in self.p.layers.iter().zip(&self.firsts[piece]) {
            let below = layers.last().map_or_else(|| self.input(piece), Layer::output);
            let (h, derivation) = analytic::forward(self.p.cell(), parameters, &below, first);
            layers.push(Layer { h, derivation });
        }
        layers
    }
}

impl Layer {
    /// The hidden states after each step, `[t, B, H]`.
    pub fn output(&self) -> Tensor {
        self.h.narrow(0, 1, self.steps())
    }

    /// The hidden states before each step, `[t, B, H]`.
    pub fn before(&self) -> Tensor {
        self.h.narrow(0, 0, self.steps())
    }

    fn steps(&self) -> i64 {
        self.h.size()[0] - 1
    }

    fn last(&self) -> State {
        let last = |states: &Tensor| states.get(states.size()[0] - 1).copy();
        State { h: last(&self.h), c: self.derivation.c().map(last) }
    }
}
