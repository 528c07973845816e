//! Buffers for the states of a sequence.

use tch::Tensor;

/// Returns a buffer for `count` states, `[count, B, H]`, with the first state `[B, H]` filled in.
pub(crate) fn starting_with(first: &Tensor, count: i64) -> Tensor {
    let size = first.size();
    let buffer = Tensor::empty([count, size[0], size[1]], (first.kind(), first.device()));
    buffer.get(0).copy_(first);
    buffer
}
