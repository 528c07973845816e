//! A sequence in pieces of √T steps: the forward pass keeps the states before each piece only, and a piece is computed again
//! when it is needed. Memory grows as √T.

use std::ops::Range;

use tch::Tensor;

use crate::cell::{Parameters, State};
use crate::engine::analytic::{self, Derivation, Slopes};

/// The pieces of a sequence and the states before each of them.
pub struct Pieces<'a> {
    p: &'a Parameters,
    input: &'a Tensor,
    ranges: Vec<Range<usize>>,
    /// Of each layer the states before every piece, `[pieces, B, H]`. In one tensor: small ones that outlive the large
    /// buffers of a piece would keep the allocator from using these again.
    firsts: Vec<State>,
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
        let room = |of: &Tensor| {
            let size = of.size();
            let room = Tensor::empty([ranges.len() as i64, size[0], size[1]], (of.kind(), of.device()));
            room.get(0).copy_(of);
            room
        };
        let firsts = first.iter().map(|s| State { h: room(&s.h), c: s.c.as_ref().map(room) }).collect();
        let pieces = Pieces { p, input, ranges, firsts };
        for n in 1..pieces.ranges.len() {
            for (layer, firsts) in pieces.run(n - 1).iter().zip(&pieces.firsts) {
                layer.keep_last(firsts, n as i64);
            }
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
        let of_piece = |states: &Tensor| states.get(piece as i64);
        for (parameters, firsts) in self.p.layers.iter().zip(&self.firsts) {
            let first = State { h: of_piece(&firsts.h), c: firsts.c.as_ref().map(of_piece) };
            let below = layers.last().map_or_else(|| self.input(piece), Layer::output);
            let (h, derivation) = analytic::forward(self.p.cell(), parameters, &below, &first, Slopes::Exact);
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

    /// Writes the last state into the states before each piece, as that of the n-th.
    fn keep_last(&self, firsts: &State, n: i64) {
        let keep = |states: &Tensor, firsts: &Tensor| firsts.get(n).copy_(&states.get(states.size()[0] - 1));
        keep(&self.h, &firsts.h);
        if let (Some(c), Some(firsts)) = (self.derivation.c(), &firsts.c) {
            keep(c, firsts);
        }
    }
}
