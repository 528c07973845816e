//! The interface of an engine.

use std::sync::{Arc, Mutex, PoisonError};

use tch::Tensor;

use super::name::EngineName;
use crate::cell::{Cell, LayerParameters, Parameters, State};
use crate::device;
use crate::error::{Error, Result};

/// The result of a sequence that ran through a stack of layers.
#[derive(Debug)]
pub struct Output {
    /// The hidden state of the last layer at every step, `[T, B, H]`.
    pub output: Tensor,
    /// The state after the last step, one entry for each layer.
    pub final_states: Vec<State>,
}

/// A way to run a cell over a sequence. [`super::forward`] checks the shapes, and the methods here do not.
pub trait Engine: Sync {
    /// Returns the engine's name.
    fn name(&self) -> EngineName;

    /// Returns true if the engine can run the cell. Most engines run all.
    fn serves(&self, _cell: &dyn Cell) -> bool {
        true
    }

    /// Checks that the engine supports the dtype and device of a tensor. Most engines support all.
    ///
    /// # Errors
    /// [`crate::error::Error::Unsupported`] if the engine does not support them.
    fn accepts(&self, _tensor: &Tensor) -> Result<()> {
        Ok(())
    }

    /// Computes the states s_1 … s_T of one layer as nodes of the autograd graph. Returns `None` if the
    /// states of the engine are not nodes.
    fn states(
        &self,
        _cell: &'static dyn Cell,
        _p: &LayerParameters,
        _input: &Tensor,
        _initial_state: &State,
    ) -> Option<Vec<State>> {
        None
    }

    /// Runs one layer. The input `[T, B, I]` and the initial state give the output `[T, B, H]` and the
    /// final state.
    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let states = self.states(cell, p, input, initial_state);
        gather(states.expect("an engine implements `states` or `layer`"))
    }

    /// Runs one layer like [`Engine::layer`], and makes its backward pass keep the adjoints of the states.
    /// Returns the output `[T, B, H]` and the slot for the adjoints. Returns `None` if the engine does not
    /// compute adjoints.
    fn forward_with_adjoints(
        &self,
        _cell: &'static dyn Cell,
        _p: &LayerParameters,
        _input: &Tensor,
        _initial_state: &State,
    ) -> Option<(Tensor, AdjointSlot)> {
        None
    }

    /// Runs all layers, each on the output of the layer below.
    fn forward_layers(&self, p: &Parameters, input: &Tensor, initial_states: &[State]) -> Output {
        let mut output = input.shallow_clone();
        let mut final_states = Vec::with_capacity(p.layers.len());
        for (layer, initial_state) in p.layers.iter().zip(initial_states) {
            let (above, final_state) = self.layer(p.cell, layer, &output, initial_state);
            output = above;
            final_states.push(final_state);
        }
        Output { output, final_states }
    }
}

/// A slot that a backward pass fills with the adjoints of a layer's states.
///
/// The adjoint of a state is the total derivative of the loss with respect to it.
#[derive(Debug, Clone, Default)]
pub struct AdjointSlot(Arc<Mutex<Option<State>>>);

impl AdjointSlot {
    pub(super) fn set(&self, adjoints: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(adjoints);
    }

    /// Takes the adjoints of h_1 … h_T and of the carried states, `[T, B, H]` each. `None` before a
    /// backward pass.
    pub fn take(&self) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns the error of an engine that does not support the dtype or device of a tensor.
pub fn unsupported(engine: EngineName, accepted: &'static str, tensor: &Tensor) -> Error {
    let (dtype, device) = (device::dtype_name(tensor.kind()), device::name(tensor.device()));
    Error::Unsupported { engine: engine.to_string(), accepted, found: format!("{dtype} on {device}") }
}

/// Returns the output and the final state of a layer, given the output, the final h and the final carried
/// states.
pub(super) fn unpacked(outputs: Vec<Tensor>) -> (Tensor, State) {
    let mut outputs = outputs.into_iter();
    (outputs.next().expect("the output"), State::from_tensors(outputs))
}

/// Returns the output and the final state of a layer, given all states.
fn gather(states: Vec<State>) -> (Tensor, State) {
    let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    let final_state = states.into_iter().next_back().expect("a sequence has at least one step");
    (output, final_state)
}
