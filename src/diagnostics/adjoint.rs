//! Adjoints: the total derivative of the loss with respect to the states, through every later step.
//!
//! What autograd gives for the t-th output of a fused call is only the direct part: the state also flows into
//! step t + 1, inside the call. Here the states themselves are asked for.

use tch::Tensor;

use super::{Norm, norms};
use crate::cell::{Cell, LayerParameters, Parameters, State};
use crate::engine::{Adjoints, Engine, check};
use crate::error::Result;
use crate::settings::names::Quantity;

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

/// Runs `input` `[T, B, I]` through the layers, from the states `first` or zeros, and differentiates `loss`, a scalar made
/// of the output `[T, B, H]`.
///
/// Gives `total_h`, `total_c` (LSTM) and `direct_h` of every layer and `input_x`, at every step: an engine shows its
/// states, or its backward pass leaves their adjoints. One that does neither is called piece by piece, cut every
/// `split_every` steps; then `total_h` exists at the cuts, and `total_c` not at all.
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

/// One layer that was run so that its states can be asked for.
struct Probed {
    /// `[T, B, H]`, a node of its own: its gradient is the direct part.
    output: Tensor,
    states: States,
}

/// How the adjoints of the states are had.
enum States {
    /// The output is made of them, one a step: their gradients are the adjoints.
    Nodes(Vec<State>),
    /// Only some are at hand, at these steps (from 1), each as what flows into the next piece: their gradients lack
    /// the direct part.
    Cuts(Vec<usize>, Vec<State>),
    /// The backward pass leaves them.
    Left(Adjoints),
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
        if let Some(states) = engine.states(cell, layer, input, first) {
            let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
            return Probed { output, states: States::Nodes(states) };
        }
        match engine.layer_with_adjoints(cell, layer, input, first) {
            Some((output, adjoints)) => Probed { output, states: States::Left(adjoints) },
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
        Probed { output: Tensor::cat(&outputs, 0), states: States::Cuts(cuts, states) }
    }

    /// The nodes to differentiate with respect to, in the order in which [`Probed::profiles`] takes gradients.
    fn nodes(&self) -> Vec<&Tensor> {
        let mut nodes = vec![&self.output];
        match &self.states {
            States::Nodes(states) => {
                nodes.extend(states.iter().map(|state| &state.h));
                nodes.extend(states.iter().filter_map(|state| state.c.as_ref()));
            }
            States::Cuts(_, states) => nodes.extend(states.iter().map(|state| &state.h)),
            States::Left(_) => (),
        }
        nodes
    }

    fn profiles(&self, layer: usize, next: &mut impl FnMut() -> Tensor, profiles: &mut Vec<Profile>) {
        let direct = next();
        let mut of = |states: &[&Tensor]| {
            let gradients: Vec<Tensor> = states.iter().map(|state| defined(next(), state)).collect();
            Tensor::stack(&gradients, 0)
        };
        let mut push = |quantity, steps: &[usize], gradient: &Tensor| {
            let norms = steps.iter().copied().zip(norms(gradient)).collect();
            profiles.push(Profile { quantity, layer, norms });
        };
        let every_step: Vec<usize> = (1..=direct.size()[0] as usize).collect();
        let (steps, total_h, total_c) = match &self.states {
            States::Nodes(states) => {
                let total_h = of(&states.iter().map(|state| &state.h).collect::<Vec<_>>());
                let c: Vec<&Tensor> = states.iter().filter_map(|state| state.c.as_ref()).collect();
                (&every_step, total_h, (!c.is_empty()).then(|| of(&c)))
            }
            States::Cuts(cuts, states) => {
                let flowing = of(&states.iter().map(|state| &state.h).collect::<Vec<_>>());
                let at: Vec<i64> = cuts.iter().map(|step| *step as i64 - 1).collect();
                let at = Tensor::from_slice(&at).to_device(direct.device());
                (cuts, flowing + direct.index_select(0, &at), None)
            }
            States::Left(adjoints) => {
                let State { h, c } = adjoints.take().expect("a loss depends on the layer");
                (&every_step, h, c)
            }
        };
        push(Quantity::TotalH, steps, &total_h);
        if let Some(total_c) = &total_c {
            push(Quantity::TotalC, steps, total_c);
        }
        push(Quantity::DirectH, &every_step, &direct);
    }
}

/// A gradient, or zeros where autograd found no way from the loss to the node.
fn defined(gradient: Tensor, like: &Tensor) -> Tensor {
    if gradient.defined() { gradient } else { like.zeros_like() }
}
