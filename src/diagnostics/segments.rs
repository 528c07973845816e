//! Gradient checkpointing over segments of √T steps.
//!
//! The first forward pass keeps only the states before each segment. A segment is recomputed when the
//! backward pass reaches it. Memory therefore grows as √T.

use std::ops::Range;

use tch::Tensor;

use crate::cell::{LayerParameters, Parameters, State};
use crate::engine::analytic::{self, ActivationDerivative, ForwardCache};
use crate::engine::buffer::starting_with;
use crate::engine::simd::ScaledForward;
use crate::engine::{EngineName, Lengths, Stage, engine, recompute};

/// The segments of a sequence and the states before each of them.
pub struct Segments<'a> {
    p: &'a Parameters,
    input: &'a Tensor,
    engine: EngineName,
    ranges: Vec<Range<usize>>,
    /// The number of sequences that each segment has. They are the first ones of the batch.
    sequences: Vec<i64>,
    /// The states of each layer before every segment, `[segments, B, H]`. They share one tensor. Small
    /// tensors that outlive the large buffers of a segment would keep the allocator from reusing these
    /// buffers.
    initial: Vec<State>,
}

/// The forward pass of one layer over one segment.
pub struct LayerSegment {
    /// The states before the segment and after each of its steps, `[t+1, B, H]` each.
    pub states: State,
    /// The tensors that the backward pass needs.
    pub method: Method,
}

/// A method to pull adjoints back through a layer.
pub enum Method {
    /// The derivation of the engine `analytic`.
    Derived(Box<dyn ForwardCache>),
    /// The kernels of the engine `simd`.
    Kernels(ScaledForward),
    /// One recorded step at a time, as in the engine `recompute`.
    Recorded {
        /// The input of the layer, `[t, B, I]`.
        input: Tensor,
    },
}

impl<'a> Segments<'a> {
    /// Runs the whole sequence `[T, B, I]` once, from the given states. The engine is `analytic`,
    /// `recompute` or, in f64, `simd`.
    pub fn new(
        engine: EngineName,
        p: &'a Parameters,
        input: &'a Tensor,
        initial: Vec<State>,
    ) -> Segments<'a> {
        let lengths = Lengths::equal(input.size()[0], input.size()[1]);
        Segments::of_lengths(engine, p, input, &initial, &lengths)
    }

    /// Runs sequences of the given lengths once, like [`Segments::new`]. The input and the states are
    /// aligned. A segment has the sequences that have begun at its first step.
    pub fn of_lengths(
        engine: EngineName,
        p: &'a Parameters,
        input: &'a Tensor,
        initial: &[State],
        lengths: &Lengths,
    ) -> Segments<'a> {
        let length = (input.size()[0] as f64).sqrt().ceil() as usize;
        let of_stage = |Stage { steps, sequences }: Stage| {
            let starts = steps.clone().step_by(length);
            starts.map(move |start| (start..(start + length).min(steps.end), sequences))
        };
        let (ranges, sequences): (Vec<Range<usize>>, Vec<i64>) =
            lengths.stages().into_iter().flat_map(of_stage).unzip();
        let buffer = |first: &Tensor| starting_with(first, ranges.len() as i64);
        let initial = initial.iter().map(|state| state.map(buffer)).collect();
        let segments = Segments { p, input, engine, ranges, sequences, initial };
        for n in 1..segments.ranges.len() {
            for (last, initial) in segments.last_states(n - 1).iter().zip(&segments.initial) {
                for (initial, last) in initial.tensors().into_iter().zip(last.tensors()) {
                    let (mut before, begun) = (initial.get(n as i64), last.size()[0]);
                    if begun < before.size()[0] {
                        // Sequences that begin later still have their first state.
                        before.copy_(&initial.get(0));
                    }
                    before.narrow(0, 0, begun).copy_(last);
                }
            }
        }
        segments
    }

    /// Returns the index and the steps (from 0) of each segment, from the first to the last.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> {
        self.ranges.iter().cloned().enumerate()
    }

    /// Returns the number of steps of the sequence.
    pub fn steps(&self) -> usize {
        self.input.size()[0] as usize
    }

    /// Returns the input of a segment, `[t, B, I]`, with the sequences of the segment.
    pub fn input(&self, segment: usize) -> Tensor {
        let range = &self.ranges[segment];
        let steps = self.input.narrow(0, range.start as i64, range.len() as i64);
        steps.narrow(1, 0, self.sequences[segment])
    }

    /// Returns the states of a layer before a segment, `[B, H]` each.
    fn first(&self, initial: &State, segment: usize) -> State {
        initial.map(|states| states.get(segment as i64).narrow(0, 0, self.sequences[segment]))
    }

    /// Runs one segment through all layers.
    pub fn run(&self, segment: usize) -> Vec<LayerSegment> {
        let mut layers: Vec<LayerSegment> = Vec::with_capacity(self.p.layers.len());
        for (parameters, initial) in self.p.layers.iter().zip(&self.initial) {
            let first = self.first(initial, segment);
            let below = layers.last().map_or_else(|| self.input(segment), LayerSegment::output);
            layers.push(self.run_layer(parameters, below, &first));
        }
        layers
    }

    /// Runs one segment through all layers. Returns the state of each layer after the last step.
    fn last_states(&self, segment: usize) -> Vec<State> {
        if self.engine != EngineName::Simd {
            let last = |states: &Tensor| states.get(states.size()[0] - 1);
            return self.run(segment).iter().map(|layer| layer.states.map(last)).collect();
        }
        // The kernels keep nothing for a backward pass here, which saves the time of its writes.
        let mut below = self.input(segment);
        let mut run = |(p, initial): (&LayerParameters, &State)| {
            let first = self.first(initial, segment);
            let (output, last) = engine(self.engine).layer(self.p.cell, p, &below, &first);
            below = output;
            last
        };
        self.p.layers.iter().zip(&self.initial).map(&mut run).collect()
    }

    fn run_layer(&self, p: &LayerParameters, input: Tensor, first: &State) -> LayerSegment {
        let cell = self.p.cell;
        if self.engine == EngineName::Recompute {
            let states = recompute::forward(cell, p, &input, first);
            return LayerSegment { states, method: Method::Recorded { input } };
        }
        if self.engine == EngineName::Simd {
            let (states, pass) = ScaledForward::run(cell, p, &input, first);
            return LayerSegment { states, method: Method::Kernels(pass) };
        }
        let derivative = ActivationDerivative::FromPreactivations;
        let (h, cache) = analytic::forward(cell, p, &input, first, derivative);
        let carried = cache.c().map(Tensor::shallow_clone).into_iter().collect();
        LayerSegment { states: State { h, carried }, method: Method::Derived(cache) }
    }
}

impl LayerSegment {
    /// Returns the hidden states after each step, `[t, B, H]`.
    pub fn output(&self) -> Tensor {
        self.states.h.narrow(0, 1, self.states.h.size()[0] - 1)
    }

    /// Returns the states before each step, `[t, B, H]` each.
    pub fn before(&self) -> State {
        self.states.map(|states| states.narrow(0, 0, states.size()[0] - 1))
    }
}
