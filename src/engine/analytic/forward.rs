//! The forward pass of a layer, which keeps all tensors that the backward pass needs.

use tch::Tensor;

use super::cache::ForwardCache;
use super::derivative::ActivationDerivative;
use super::{gru, lstm, rnn};
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::engine::buffer::starting_with;

/// Runs one layer on `input` `[T, B, I]`. Returns h_0 … h_T, `[T+1, B, H]`, and the cache of the backward
/// pass.
pub(crate) fn forward(
    cell: &dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    initial_state: &State,
    derivative: ActivationDerivative,
) -> (Tensor, Box<dyn ForwardCache>) {
    let projections = p.project(&cell.input_bias(p), input);
    // A state before and after each of T steps.
    let count = input.size()[0] + 1;
    let h = starting_with(&initial_state.h, count);
    let w_hh_t = p.w_hh.tr();
    let cache: Box<dyn ForwardCache> = match cell.name() {
        Some(CellName::Rnn) => Box::new(rnn::forward(projections, &w_hh_t, &h, derivative)),
        Some(CellName::Lstm) => {
            let c = starting_with(&initial_state.carried[0], count);
            Box::new(lstm::forward(projections, &w_hh_t, &h, c, derivative))
        }
        Some(CellName::Gru) => Box::new(gru::forward(projections, &w_hh_t, &p.b_hh, &h, derivative)),
        _ => unreachable!("`engine::check` has checked the cell"),
    };
    (h, cache)
}
