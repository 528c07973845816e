//! Gradients by libtorch's autograd.

use tch::Tensor;
use tch_autograd::grad;

/// Returns the gradient of a scalar `loss` with respect to each input, in the input's shape. It is zero
/// for an input that the loss does not depend on.
pub fn gradients(loss: &Tensor, inputs: &[&Tensor]) -> Vec<Tensor> {
    let found = Tensor::run_backward(&[loss], inputs, false, false);
    // libtorch leaves the gradient undefined where no path leads to the input.
    let or_zeros = |(gradient, input): (Tensor, &&Tensor)| match gradient.defined() {
        true => gradient,
        false => input.zeros_like(),
    };
    found.into_iter().zip(inputs).map(or_zeros).collect()
}

/// Returns vector-Jacobian products through a recorded graph, which is kept. They are zeros for an input that
/// no output depends on.
///
/// # Panics
/// If the shapes of the vectors are not those of the outputs.
pub(crate) fn vjp(outputs: &[&Tensor], vectors: &[&Tensor], inputs: &[&Tensor]) -> Vec<Tensor> {
    let found = grad(outputs, vectors, inputs, true).expect("the shapes are those of the recorded step");
    let or_zeros =
        |(gradient, input): (Option<Tensor>, &&Tensor)| gradient.unwrap_or_else(|| input.zeros_like());
    found.into_iter().zip(inputs).map(or_zeros).collect()
}
