//! The forward pass of a layer, which keeps its states.

use tch::Tensor;

use crate::cell::{Cell, LayerParameters, State};

/// Returns the products of the inputs of all steps with `bias`, `[T, B, G·H]`, given the input `[T, B, I]`.
pub(crate) fn project(p: &LayerParameters, bias: &Tensor, input: &Tensor) -> Tensor {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    bias.addmm(&input.reshape([steps * batch, -1]), &p.w_ih.tr()).view([steps, batch, -1])
}

/// Runs one layer on `input` `[T, B, I]`. Returns the states s_0 … s_T, `[T+1, B, H]` each.
pub(crate) fn forward(cell: &dyn Cell, p: &LayerParameters, input: &Tensor, initial_state: &State) -> State {
    let projections = project(p, &cell.input_bias(p), input).unbind(0);
    let layer = cell.prepare(p);
    let states = initial_state.map(|first| {
        let mut size = first.size();
        size.insert(0, projections.len() as i64 + 1);
        Tensor::empty(size, (first.kind(), first.device()))
    });
    let set = |t: usize, state: &State| {
        states.h.get(t as i64).copy_(&state.h);
        if let (Some(all), Some(c)) = (&states.c, &state.c) {
            all.get(t as i64).copy_(c);
        }
    };
    set(0, initial_state);
    let mut state = initial_state.shallow_clone();
    for (t, projection) in projections.iter().enumerate() {
        state = cell.step_from_projection(&layer, projection, &state);
        set(t + 1, &state);
    }
    states
}
