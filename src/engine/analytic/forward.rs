//! The forward pass of a layer, which keeps all tensors that the backward pass needs.

use tch::Tensor;

use super::cache::ForwardCache;
use super::derivative::ActivationDerivative;
use super::{gru, lstm, rnn};
use crate::cell::{Cell, CellName, LayerParameters, State};

/// Runs one layer on `input` `[T, B, I]`. Returns h_0 … h_T, `[T+1, B, H]`, and the cache of the backward
/// pass.
pub(crate) fn forward(
    cell: &dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    initial_state: &State,
    derivative: ActivationDerivative,
) -> (Tensor, Box<dyn ForwardCache>) {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    let rows = input.reshape([steps * batch, -1]);
    let projections = cell.input_bias(p).addmm(&rows, &p.w_ih.tr()).view([steps, batch, -1]);
    let h = states_after(&initial_state.h, steps);
    let w_hh_t = p.w_hh.tr();
    let cache: Box<dyn ForwardCache> = match cell.name() {
        CellName::Rnn => Box::new(rnn::forward(projections, &w_hh_t, &h, derivative)),
        CellName::Lstm => {
            let c = states_after(initial_state.c.as_ref().expect("the state of an LSTM has a c"), steps);
            Box::new(lstm::forward(projections, &w_hh_t, &h, c, derivative))
        }
        CellName::Gru => Box::new(gru::forward(projections, &w_hh_t, &p.b_hh, &h, derivative)),
        _ => unreachable!("`engine::check` has checked the cell"),
    };
    (h, cache)
}

/// Returns a buffer for a state before and after each of T steps, `[T+1, B, H]`, with the initial state
/// filled in.
fn states_after(initial_state: &Tensor, steps: i64) -> Tensor {
    let size = initial_state.size();
    let buffer = Tensor::empty([steps + 1, size[0], size[1]], (initial_state.kind(), initial_state.device()));
    buffer.get(0).copy_(initial_state);
    buffer
}
