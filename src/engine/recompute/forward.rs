//! The forward pass of a layer, which keeps its states.

use tch::Tensor;

use crate::cell::{Cell, LayerParameters, State};
use crate::engine::buffer::starting_with;

/// Runs one layer on `input` `[T, B, I]`. Returns the states s_0 … s_T, `[T+1, B, H]` each.
pub(crate) fn forward(cell: &dyn Cell, p: &LayerParameters, input: &Tensor, initial_state: &State) -> State {
    let projections = p.project(&cell.input_bias(p), input).unbind(0);
    let layer = cell.prepare(p);
    let states = initial_state.map(|first| starting_with(first, projections.len() as i64 + 1));
    let mut state = initial_state.shallow_clone();
    for (t, projection) in projections.iter().enumerate() {
        state = cell.step_from_projection(&layer, projection, &state);
        for (all, tensor) in states.tensors().into_iter().zip(state.tensors()) {
            all.get(t as i64 + 1).copy_(tensor);
        }
    }
    states
}
