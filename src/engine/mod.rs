//! How a cell is run over a sequence. All engines compute the same function of the same parameters.
//!
//! Sequences are time-major: `[T, B, features]`.

pub mod agreement;
pub(crate) mod analytic;
mod builtin;
mod fused;
mod name;
mod simd;
mod stepwise;

use std::sync::{Arc, Mutex, PoisonError};

use tch::Tensor;

use crate::cell::{self, Cell, LayerParameters, Parameters, State};
use crate::error::{Error, Result};
pub use name::EngineName;
pub use simd::{fma_peak, instructions as simd_instructions};

/// What a stack of layers makes of a sequence.
#[derive(Debug)]
pub struct Output {
    /// The last layer's hidden state at every step, `[T, B, H]`.
    pub output: Tensor,
    /// The state after the last step, one entry a layer.
    pub last: Vec<State>,
}

/// A way to run a cell over a sequence. Shapes are checked by [`forward`], not here.
pub trait Engine: Sync {
    /// The engine's word in configs.
    fn name(&self) -> EngineName;

    /// Whether the engine can work with tensors of this one's type and device; most can with any.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it cannot.
    fn accepts(&self, _tensor: &Tensor) -> Result<()> {
        Ok(())
    }

    /// The states s_1 … s_T of one layer as nodes of the autograd graph, from an engine that shows them.
    fn states(
        &self,
        _cell: &dyn Cell,
        _p: &LayerParameters,
        _input: &Tensor,
        _first: &State,
    ) -> Option<Vec<State>> {
        None
    }

    /// Runs one layer: input `[T, B, I]` and first state to the output `[T, B, H]` and the last state.
    fn layer(&self, cell: &dyn Cell, p: &LayerParameters, input: &Tensor, first: &State) -> (Tensor, State) {
        gather(
            self.states(cell, p, input, first).expect("an engine has states to show or a `layer` of its own"),
        )
    }

    /// One layer like [`Engine::layer`], from an engine whose backward pass has the adjoints of the states at hand: gives the
    /// output and where they will be left.
    fn layer_with_adjoints(
        &self,
        _cell: &dyn Cell,
        _p: &LayerParameters,
        _input: &Tensor,
        _first: &State,
    ) -> Option<(Tensor, Adjoints)> {
        None
    }

    /// Runs all layers, each on the output of the one below.
    fn stack(&self, p: &Parameters, input: &Tensor, first: &[State]) -> Output {
        let mut output = input.shallow_clone();
        let mut last = Vec::with_capacity(p.layers.len());
        for (layer, first) in p.layers.iter().zip(first) {
            let (next, state) = self.layer(p.cell(), layer, &output, first);
            output = next;
            last.push(state);
        }
        Output { output, last }
    }
}

/// Where a backward pass leaves the adjoints of a layer's states as it comes by.
#[derive(Debug, Clone, Default)]
pub struct Adjoints(Arc<Mutex<Option<State>>>);

impl Adjoints {
    fn leave(&self, adjoints: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(adjoints);
    }

    /// Those of h_1 … h_T and c_1 … c_T, each `[T, B, H]`; `None` where no backward pass came by.
    pub fn take(&self) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The engine of that name.
pub fn engine(name: EngineName) -> &'static dyn Engine {
    match name {
        EngineName::Stepwise => &stepwise::Stepwise,
        EngineName::Fused => &fused::Fused,
        EngineName::Analytic => &analytic::Analytic,
        EngineName::Simd => &simd::SimdEngine,
        EngineName::Builtin => &builtin::Builtin,
    }
}

/// Runs a sequence `[T, B, I]` through a stack of layers, from zeros where no first state is given.
///
/// # Errors
/// A shape that does not fit the parameters; a type or device that the engine cannot work with.
pub fn forward(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
) -> Result<Output> {
    Ok(engine.stack(p, input, &check(engine, p, input, first)?))
}

/// Checks an input `[T, B, I]` and first states, one a layer, against the parameters and the engine; gives the states,
/// zeros where there are none.
///
/// # Errors
/// A shape that does not fit the parameters; a type or device that the engine cannot work with.
pub fn check(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
) -> Result<Vec<State>> {
    check_input(p, input)?;
    let first: Vec<State> = match first {
        Some(first) => {
            check_state(p, input, first)?;
            first.iter().map(State::shallow_clone).collect()
        }
        None => zero_states(p, input),
    };
    let states = first.iter().flat_map(|state| std::iter::once(&state.h).chain(&state.c));
    p.tensors().into_iter().chain([input]).chain(states).try_for_each(|tensor| engine.accepts(tensor))?;
    Ok(first)
}

/// The state before the first step of every layer: zeros that fit the input's batch, type and device.
pub fn zero_states(p: &Parameters, input: &Tensor) -> Vec<State> {
    let batch_size = input.size()[1];
    p.layers.iter().map(|layer| cell::zero_state(p.cell(), input, batch_size, layer.hidden_size())).collect()
}

/// Whether `input` is `[T, B, I]` with T, B ≥ 1 and the parameters' I.
fn check_input(p: &Parameters, input: &Tensor) -> Result<()> {
    let expected = p.input_size();
    match input.size().as_slice() {
        [steps, batch, features] if *steps >= 1 && *batch >= 1 && *features == expected => Ok(()),
        found => Err(Error::Shape {
            name: "input".to_string(),
            expected: format!("[T, B, {expected}] with T and B at least 1"),
            found: found.to_vec(),
        }),
    }
}

fn check_state(p: &Parameters, input: &Tensor, first: &[State]) -> Result<()> {
    let shape = [input.size()[1], p.hidden_size()];
    let wrong = |name: String, found: Vec<i64>| Error::Shape { name, expected: format!("{shape:?}"), found };
    if first.len() != p.layers.len() {
        let expected = format!("a list of {} states, one a layer", p.layers.len());
        return Err(Error::Shape { name: "first state".into(), expected, found: vec![first.len() as i64] });
    }
    for (layer, state) in first.iter().enumerate() {
        if state.h.size() != shape {
            return Err(wrong(format!("h0 of layer {layer}"), state.h.size()));
        }
        match (&state.c, p.cell().has_c()) {
            (Some(c), true) if c.size() != shape => {
                return Err(wrong(format!("c0 of layer {layer}"), c.size()));
            }
            (None, true) => return Err(wrong(format!("c0 of layer {layer}"), vec![])),
            _ => {}
        }
    }
    Ok(())
}

/// The output and last state of a layer whose states are all at hand.
fn gather(states: Vec<State>) -> (Tensor, State) {
    let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    let last = states.into_iter().next_back().expect("a sequence has at least one step");
    (output, last)
}
