//! Adjoints by autograd: total derivatives of the loss with respect to the states.
//!
//! The gradient of the t-th output of a fused call is only the direct part, because the state also flows
//! into step t+1 inside the call. Gradients are therefore taken with respect to the states themselves.

use tch::Tensor;

use super::norm::norms;
use super::profile::{Profile, is_at_several_steps};
use crate::cell::{Cell, LayerParameters, Parameters, State};
use crate::engine::{AdjointSlot, Engine, check, gradients};
use crate::error::Result;
use crate::settings::names::Quantity;

/// Runs `input` `[T, B, I]` through the layers, from the states `initial` or zeros. Then differentiates
/// `loss`, a scalar function of the output `[T, B, H]`.
///
/// Returns `total_h`, the totals of carried states (`total_c`), `direct_h` and `later_h` of every layer, and
/// `input_x`, at every step. For all of these, the engine must expose its states or store their adjoints in
/// the backward pass. Any other engine is called once every `split_every` steps. Then `total_h` is known at
/// the ends of these calls only, and the totals of carried states are missing.
///
/// # Errors
/// A shape does not fit the parameters, or the engine does not support the type or device.
pub fn profiles(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    split_every: usize,
    loss: impl FnOnce(&Tensor) -> Tensor,
) -> Result<Vec<Profile>> {
    let initial = check(engine, p, input, initial)?;
    let input = input.detach().copy().set_requires_grad(true);
    let mut layers: Vec<TracedLayer> = Vec::with_capacity(p.layers.len());
    for (layer, initial) in p.layers.iter().zip(&initial) {
        let below = layers.last().map_or(&input, |layer| &layer.output);
        layers.push(TracedLayer::run(engine, p.cell, layer, below, initial, split_every));
    }

    let output = layers.last().map_or(&input, |layer| &layer.output);
    let mut nodes = vec![&input];
    nodes.extend(layers.iter().flat_map(TracedLayer::nodes));
    let mut gradients = gradients(&loss(output), &nodes).into_iter();

    let input_x = norms(&gradients.next().expect("one gradient a node"));
    let mut profiles = Vec::new();
    for (n, layer) in layers.iter().enumerate() {
        profiles.extend(layer.profiles(p.cell, n, &mut gradients));
    }
    profiles.push(Profile::new(Quantity::InputX, 0, 1.., input_x));
    Ok(profiles)
}

/// The forward pass of one layer with access to the adjoints of its states.
struct TracedLayer {
    /// The output, `[T, B, H]`, as a separate node. Its gradient is the direct part.
    output: Tensor,
    adjoints: AdjointSource,
}

enum AdjointSource {
    /// The gradients of these states, one per step. The output is their stack.
    States(Vec<State>),
    /// The gradients of the states that enter the next call, plus the direct part. The numbers are the
    /// steps (from 1) of these states.
    Cuts(Vec<usize>, Vec<State>),
    /// A slot that the backward pass fills.
    Stored(AdjointSlot),
}

impl TracedLayer {
    fn run(
        engine: &dyn Engine,
        cell: &'static dyn Cell,
        layer: &LayerParameters,
        input: &Tensor,
        initial: &State,
        split_every: usize,
    ) -> TracedLayer {
        if let Some(states) = engine.states(cell, layer, input, initial) {
            let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
            return TracedLayer { output, adjoints: AdjointSource::States(states) };
        }
        if let Some((output, adjoints)) = engine.forward_with_adjoints(cell, layer, input, initial) {
            return TracedLayer { output, adjoints: AdjointSource::Stored(adjoints) };
        }
        // The cuts are counted from the end, so that the last step is a cut.
        let steps = input.size()[0] as usize;
        let mut cuts: Vec<usize> = (0..steps).step_by(split_every.max(1)).map(|lag| steps - lag).collect();
        cuts.reverse();
        let (mut outputs, mut states) = (Vec::new(), Vec::<State>::new());
        let mut start = 0;
        for &cut in &cuts {
            let segment = input.narrow(0, start as i64, (cut - start) as i64);
            let (output, last) = engine.layer(cell, layer, &segment, states.last().unwrap_or(initial));
            outputs.push(output);
            states.push(last.alias());
            start = cut;
        }
        TracedLayer { output: Tensor::cat(&outputs, 0), adjoints: AdjointSource::Cuts(cuts, states) }
    }

    /// Returns the nodes to differentiate with respect to: the output, then the tensors of each state.
    fn nodes(&self) -> Vec<&Tensor> {
        let mut nodes = vec![&self.output];
        match &self.adjoints {
            AdjointSource::States(states) => {
                nodes.extend(states.iter().flat_map(State::tensors));
            }
            AdjointSource::Cuts(_, states) => nodes.extend(states.iter().map(|state| &state.h)),
            AdjointSource::Stored(_) => (),
        }
        nodes
    }

    /// Returns the profiles, given an iterator that begins with the gradients of this layer's nodes. Takes
    /// only these gradients.
    fn profiles(
        &self,
        cell: &dyn Cell,
        layer: usize,
        gradients: &mut impl Iterator<Item = Tensor>,
    ) -> Vec<Profile> {
        let direct = gradients.next().expect("one gradient a node");
        let mut steps: Vec<usize> = (1..=direct.size()[0] as usize).collect();
        let totals = match &self.adjoints {
            AdjointSource::States(states) => {
                let tensors = states[0].tensors().len();
                let found: Vec<Tensor> = gradients.take(states.len() * tensors).collect();
                let every = |n: usize| found.iter().skip(n).step_by(tensors).collect::<Vec<_>>();
                State::from_tensors((0..tensors).map(|n| Tensor::stack(&every(n), 0)))
            }
            AdjointSource::Cuts(cuts, states) => {
                steps.clone_from(cuts);
                let index: Vec<i64> = cuts.iter().map(|step| *step as i64 - 1).collect();
                let index = Tensor::from_slice(&index).to_device(direct.device());
                let found = Tensor::stack(&gradients.take(states.len()).collect::<Vec<_>>(), 0);
                State::from_hidden(found + direct.index_select(0, &index))
            }
            AdjointSource::Stored(adjoints) => adjoints.take().expect("a loss depends on the layer"),
        };
        let direct_h = Profile::new(Quantity::DirectH, layer, 1.., norms(&direct));
        let later_h = is_at_several_steps(&direct_h.norms).then(|| {
            let places: Vec<i64> = steps.iter().map(|step| *step as i64 - 1).collect();
            let places = Tensor::from_slice(&places).to_device(direct.device());
            let later = &totals.h - direct.index_select(0, &places);
            Profile::new(Quantity::LaterH, layer, steps.iter().copied(), norms(&later))
        });
        let mut profiles = vec![Profile::new(Quantity::TotalH, layer, steps, norms(&totals.h))];
        for (state, total) in cell.carried().iter().zip(&totals.carried) {
            let quantity = Quantity::total(*state);
            profiles.extend(quantity.map(|quantity| Profile::new(quantity, layer, 1.., norms(total))));
        }
        profiles.push(direct_h);
        profiles.extend(later_h);
        profiles
    }
}
