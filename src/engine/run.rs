//! The run of a sequence through a stack of layers, with a check of the shapes.

use tch::Tensor;

use super::interface::{Engine, Output};
use super::lookup::engine;
use super::name::EngineName;
use crate::cell::{Cell, Parameters, State};
use crate::device::dtype_name;
use crate::error::{Error, Result};

/// Runs a sequence `[T, B, I]` through a stack of layers.
///
/// `initial_states` has one state for each layer, with the shapes of [`Cell::zero_state`], and `None` means
/// that state. The result is recorded in libtorch's graph if the parameters, the input or a state require a
/// gradient.
///
/// # Errors
/// [`Error::Shape`] if a shape does not fit the parameters. [`Error::CellWithoutEngine`] if the engine cannot
/// run the cell. [`Error::Unsupported`] if it does not support the dtype or device. [`Error::MixedDtypes`]
/// if a parameter or a state has another dtype than the input.
pub fn forward(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    initial_states: Option<&[State]>,
) -> Result<Output> {
    Ok(engine.forward_layers(p, input, &check(engine, p, input, initial_states)?))
}

/// Checks an input `[T, B, I]` and the initial states against the parameters and the engine. Returns the
/// states, or those of [`zero_states`] for `None`.
///
/// # Errors
/// As for [`forward`].
pub fn check(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    initial_states: Option<&[State]>,
) -> Result<Vec<State>> {
    check_cell(engine, p)?;
    check_input(p, input)?;
    let initial_states: Vec<State> = match initial_states {
        Some(states) => {
            check_states(p, input, states)?;
            states.iter().map(State::shallow_clone).collect()
        }
        None => zero_states(p, input),
    };
    let states = initial_states.iter().flat_map(State::tensors);
    p.tensors().into_iter().chain([input]).chain(states).try_for_each(|tensor| {
        engine.accepts(tensor)?;
        check_dtype(input, tensor)
    })?;
    Ok(initial_states)
}

/// Checks that a tensor has the dtype of the input.
fn check_dtype(input: &Tensor, tensor: &Tensor) -> Result<()> {
    let (expected, found) = (input.kind(), tensor.kind());
    if expected == found {
        return Ok(());
    }
    Err(Error::MixedDtypes { expected: dtype_name(expected), found: dtype_name(found) })
}

/// Returns [`Cell::zero_state`] of every layer, for the batch size of the input `[T, B, I]`.
pub fn zero_states(p: &Parameters, input: &Tensor) -> Vec<State> {
    let batch_size = input.size()[1];
    p.layers.iter().map(|layer| p.cell.zero_state(layer, batch_size)).collect()
}

fn check_cell(engine: &dyn Engine, p: &Parameters) -> Result<()> {
    if engine.serves(p.cell) {
        return Ok(());
    }
    let cell = p.cell.name().map_or("a cell without a name".into(), |name| format!("the cell `{name}`"));
    let (engine, engines) = (engine.name().to_string(), listed_engines(p.cell));
    Err(Error::CellWithoutEngine { engine, cell, engines })
}

/// Returns the engines that can run a cell.
pub fn engines_of(cell: &dyn Cell) -> impl Iterator<Item = EngineName> {
    EngineName::ALL.iter().copied().filter(move |name| engine(*name).serves(cell))
}

/// Returns the names of the engines that can run a cell, for messages.
pub fn listed_engines(cell: &dyn Cell) -> String {
    engines_of(cell).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the engine whose diagnostics of a cell are exact at any length: `analytic` if the cell has a
/// derivation, else `recompute`.
pub fn exact_engine(cell: &dyn Cell) -> EngineName {
    let derived = engine(EngineName::Analytic).serves(cell);
    if derived { EngineName::Analytic } else { EngineName::Recompute }
}

/// Returns the engine with whose results and times those of the others are compared: `builtin`, which is
/// libtorch's own implementation, or `fused` for a cell that libtorch does not have.
pub fn reference_engine(cell: &dyn Cell) -> EngineName {
    let is_builtin = engine(EngineName::Builtin).serves(cell);
    if is_builtin { EngineName::Builtin } else { EngineName::Fused }
}

/// Checks that `input` is `[T, B, I]` with T, B ≥ 1 and the I of the parameters.
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

fn check_states(p: &Parameters, input: &Tensor, states: &[State]) -> Result<()> {
    if states.len() != p.layers.len() {
        let expected = format!("a list of {} states, one for each layer", p.layers.len());
        return Err(Error::Shape {
            name: "initial state".into(),
            expected,
            found: vec![states.len() as i64],
        });
    }
    let carried = p.cell.carried();
    for (layer, (parameters, state)) in p.layers.iter().zip(states).enumerate() {
        let zeros = p.cell.zero_state(parameters, input.size()[1]);
        let tensors = state.tensors();
        for (n, (name, expected)) in zeros.named(carried).into_iter().enumerate() {
            let found = tensors.get(n).map_or_else(Vec::new, |tensor| tensor.size());
            if found != expected.size() {
                let (name, expected) =
                    (format!("{name}0 of layer {layer}"), format!("{:?}", expected.size()));
                return Err(Error::Shape { name, expected, found });
            }
        }
        if state.carried.len() > carried.len() {
            let expected = format!("h and {} carried states", carried.len());
            let found = vec![state.carried.len() as i64];
            return Err(Error::Shape { name: format!("state of layer {layer}"), expected, found });
        }
    }
    Ok(())
}
