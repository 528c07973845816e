//! Gradients by libtorch's autograd.

use tch::Tensor;

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
