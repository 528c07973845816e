//! The weights as right factors of products with δ.

use crate::cells::CellKernel;
use crate::gemm::panels::Panels;
use crate::layer::{Layer, Size};
use crate::pool::Worker;
use crate::vector::Vector;

/// Packs a thread's chunk of W_hh and W_ih, in this order. `padded` is H rounded up to whole vectors.
pub fn pack<C: CellKernel, S: Vector>(
    s: S,
    layer: &Layer<S::Element>,
    padded: usize,
    worker: &Worker,
    [state, input]: [Panels<S::Element>; 2],
) {
    let Size { input: features, hidden, .. } = layer.size;
    let parameters = layer.parameters;
    let row = |k: usize, gate: fn(usize) -> usize| {
        let unit = k % padded;
        (unit < hidden).then_some(gate(k / padded) * hidden + unit)
    };
    state.fill(s, worker.chunk(state.columns.len()), |k| {
        row(k, |gate| gate).map(|row| &parameters.w_hh[row * hidden..][..hidden])
    });
    input.fill(s, worker.chunk(input.columns.len()), |k| {
        row(k, |n| C::INPUT_DELTAS[n]).map(|row| &parameters.w_ih[row * features..][..features])
    });
}
