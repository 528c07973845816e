//! Adjoints: the total derivative of the loss with respect to the states, through every later step.
//!
//! What autograd gives for the t-th output of a fused call is only the direct part: the state also flows into
//! step t + 1, inside the call. Here the states themselves are asked for.

use tch::Tensor;

use super::{Norm, norms};
use crate::cell::{Cell, LayerParameters, Parameters, State};
use crate::config::names::Quantity;
use crate::engine::{Engine, check};
use crate::error::Result;

/// The norms of one quantity of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Which gradient.
    pub quantity: Quantity,
    /// The layer, from 0 (nearest the input).
    pub layer: usize,
    /// Step (from 1 to T) and norm.
    pub norms: Vec<(usize, Norm)>,
}

/// Runs `input` `[T, B, I]` through the layers, from the states `first` or zeros, and differentiates `loss`, a scalar made of the output `[T, B, H]`.
///
/// Gives `total_h`, `total_c` (LSTM) and `direct_h` of every layer and `input_x`, at every step. An engine that
/// shows no inner state is called piece by piece, cut every `split_every` steps; then `total_h` exists at the
/// cuts, and `total_c` not at all.
///
/// # Errors
/// A shape that does not fit the parameters; a type or device that the engine cannot work with.
pub fn profiles(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
    split_every: usize,
    loss: impl FnOnce(&Tensor) -> Tensor,
) -> Result<Vec<Profile>> {
    let first = check(engine, p, input, first)?;
    let input = input.detach().copy().set_requires_grad(true);
    let mut layers = Vec::with_capacity(p.layers.len());
    let mut below = input.shallow_clone();
    for (layer, first) in p.layers.iter().zip(first) {
        let probed = Probed::run(engine, p.cell(), layer, &below, &first, split_every);
        below = probed.output.shallow_clone();
        layers.push(probed);
    }

    let mut nodes = vec![&input];
    nodes.extend(layers.iter().flat_map(Probed::nodes));
    let loss = loss(&below);
    let mut gradients = Tensor::run_backward(&[loss], &nodes, false, false).into_iter();
    let mut next = || gradients.next().expect("one gradient a node");

    let every_step =
        |gradient: &Tensor| norms(gradient).into_iter().enumerate().map(|(n, g)| (n + 1, g)).collect();
    let input_gradient = next();
    let mut profiles = Vec::new();
    for (layer, probed) in layers.iter().enumerate() {
        probed.profiles(layer, &mut next, &mut profiles);
    }
    profiles.push(Profile { quantity: Quantity::InputX, layer: 0, norms: every_step(&input_gradient) });
    Ok(profiles)
}

/// One layer that was run so that its states are nodes of the autograd graph.
struct Probed {
    /// `[T, B, H]`, a node of its own: its gradient is the direct part.
    output: Tensor,
    /// The steps (from 1) whose states are at hand.
    steps: Vec<usize>,
    states: Vec<State>,
    /// Whether each state is the node that the output is made of (its gradient is the total), or only the part
    /// that flows into the next piece (its gradient lacks the direct part).
    states_feed_output: bool,
}

impl Probed {
    fn run(
        engine: &dyn Engine,
        cell: &dyn Cell,
        layer: &LayerParameters,
        input: &Tensor,
        first: &State,
        split_every: usize,
    ) -> Probed {
        match engine.states(cell, layer, input, first) {
            Some(states) => {
                let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
                Probed { output, steps: (1..=states.len()).collect(), states, states_feed_output: true }
            }
            None => Probed::split(engine, cell, layer, input, first, split_every),
        }
    }

    /// Runs the layer in pieces. The cuts are counted from the end, so that the last step is one of them.
    fn split(
        engine: &dyn Engine,
        cell: &dyn Cell,
        layer: &LayerParameters,
        input: &Tensor,
        first: &State,
        every: usize,
    ) -> Probed {
        let steps = input.size()[0] as usize;
        let mut cuts: Vec<usize> = (0..steps).step_by(every.max(1)).map(|lag| steps - lag).collect();
        cuts.reverse();
        let (mut outputs, mut states) = (Vec::new(), Vec::<State>::new());
        let mut start = 0;
        for &cut in &cuts {
            let piece = input.narrow(0, start as i64, (cut - start) as i64);
            let (output, last) = engine.layer(cell, layer, &piece, states.last().unwrap_or(first));
            outputs.push(output);
            states.push(last.alias());
            start = cut;
        }
        Probed { output: Tensor::cat(&outputs, 0), steps: cuts, states, states_feed_output: false }
    }

    /// The nodes to differentiate with respect to, in the order in which [`Probed::profiles`] takes gradients.
    fn nodes(&self) -> Vec<&Tensor> {
        let mut nodes = vec![&self.output];
        nodes.extend(self.states.iter().map(|state| &state.h));
        if self.states_feed_output {
            nodes.extend(self.states.iter().filter_map(|state| state.c.as_ref()));
        }
        nodes
    }

    fn profiles(&self, layer: usize, next: &mut impl FnMut() -> Tensor, profiles: &mut Vec<Profile>) {
        let direct = next();
        let of_states = |next: &mut dyn FnMut() -> Tensor| {
            let gradients: Vec<Tensor> = self.states.iter().map(|state| defined(next(), &state.h)).collect();
            Tensor::stack(&gradients, 0)
        };
        let mut total_h = of_states(next);
        if !self.states_feed_output {
            let cuts: Vec<i64> = self.steps.iter().map(|step| *step as i64 - 1).collect();
            total_h += direct.index_select(0, &Tensor::from_slice(&cuts).to_device(direct.device()));
        }
        let at_steps = |gradient: &Tensor| self.steps.iter().copied().zip(norms(gradient)).collect();
        profiles.push(Profile { quantity: Quantity::TotalH, layer, norms: at_steps(&total_h) });
        if self.states_feed_output && self.states.iter().all(|state| state.c.is_some()) {
            let total_c = of_states(next);
            profiles.push(Profile { quantity: Quantity::TotalC, layer, norms: at_steps(&total_c) });
        }
        let every_step = norms(&direct).into_iter().enumerate().map(|(n, norm)| (n + 1, norm)).collect();
        profiles.push(Profile { quantity: Quantity::DirectH, layer, norms: every_step });
    }
}

/// A gradient, or zeros where autograd found no way from the loss to the node.
fn defined(gradient: Tensor, like: &Tensor) -> Tensor {
    if gradient.defined() { gradient } else { like.zeros_like() }
}
