//! A Rust closure as the backward pass of a node in libtorch's autograd graph, and vector-Jacobian
//! products.
//!
//! PyTorch has `torch.autograd.Function`, but tch has no binding for it. [`custom_function`] fills the
//! gap. The forward pass may be computed in any way. Its outputs become results of its inputs, and a
//! closure computes the gradient. The outputs can then be used like the results of any operation of
//! libtorch.
//!
//! ```
//! use tch::{Kind, Tensor};
//! use tch_autograd::custom_function;
//!
//! // y = x³ with a hand-written derivative.
//! let x = Tensor::from_slice(&[1.0, 2.0]).set_requires_grad(true);
//! let cube = tch::no_grad(|| &x * &x * &x);
//! let saved = x.detach();
//! let y = custom_function(&[&x], vec![cube], move |grad| {
//!     let grad_y = grad.outputs[0].as_ref()?;
//!     Some(vec![Some(grad_y * &saved * &saved * 3.0)])
//! })
//! .unwrap();
//! let gradients = Tensor::run_backward(&[y[0].sum(Kind::Double)], &[&x], false, false);
//! assert_eq!(gradients[0], Tensor::from_slice(&[3.0, 12.0]));
//! ```
//!
//! [`grad`] is `torch.autograd.grad`, with a vector for each output. tch's own `run_backward` takes
//! scalars only.

mod error;
mod ffi;
mod saved;
mod vjp;

use tch::Tensor;

pub use error::Error;
pub use saved::Saved;

/// The arguments of a backward pass.
#[derive(Debug)]
pub struct GradOutputs {
    /// The gradient of the loss with respect to each output, in the output's shape. `None` where the loss
    /// does not depend on the output.
    pub outputs: Vec<Option<Tensor>>,
    /// True for each input whose gradient will be used. The other gradients need not be computed.
    pub needs_input_grad: Vec<bool>,
}

/// The gradients of the inputs: one entry for each input, in the input's shape. `None` for an input
/// without gradient.
///
/// `None` as a whole means that no input has a gradient.
pub type GradInputs = Option<Vec<Option<Tensor>>>;

/// Makes `outputs` the results of `inputs` in libtorch's graph, with `backward` as their backward pass.
///
/// `outputs` must be new tensors, computed with gradients off ([`tch::no_grad`]), and none may be a view
/// of another. The closure owns everything that it needs. To keep an output, the closure must hold
/// [`Saved::new`] of it or `output.detach()`. The output itself would keep the graph alive for ever.
///
/// The closure is dropped when a backward pass has freed the graph, or with the last output. If gradients
/// are off, or no input requires a gradient, the outputs are returned unchanged and the closure is dropped
/// at once.
///
/// The backward pass fails with libtorch's error if
/// - the closure panics, or returns a wrong number of gradients or a wrong shape;
/// - the graph was freed by an earlier backward pass;
/// - `create_graph` is set: the closure's own operations are not recorded.
///
/// # Errors
/// [`Error::OutputHasHistory`] if an output already requires a gradient. [`Error::Libtorch`] if libtorch
/// refuses an output.
pub fn custom_function(
    inputs: &[&Tensor],
    outputs: Vec<Tensor>,
    backward: impl Fn(GradOutputs) -> GradInputs + Send + 'static,
) -> Result<Vec<Tensor>, Error> {
    if !needs_grad(inputs) {
        return Ok(outputs);
    }
    if let Some(position) = outputs.iter().position(Tensor::requires_grad) {
        return Err(Error::OutputHasHistory(position));
    }
    ffi::attach(inputs, &outputs, Box::new(backward)).map_err(Error::Libtorch)?;
    Ok(outputs)
}

/// Returns true if an operation on these inputs is recorded: gradients are on, and at least one input
/// requires a gradient.
pub fn needs_grad(inputs: &[&Tensor]) -> bool {
    ffi::grad_is_enabled() && inputs.iter().any(|tensor| tensor.requires_grad())
}

/// Returns the vector-Jacobian product of each input: Σ_k (∂`outputs[k]` / ∂input)ᵀ `grad_outputs[k]`, in the
/// input's shape. `None` for an input that requires no gradient, or that no output depends on.
///
/// This is `torch.autograd.grad` with `allow_unused`. An input may itself be an output. An output without a
/// history contributes nothing. With `keep_graph`, the graph serves further calls.
///
/// # Errors
/// [`Error::Libtorch`] if libtorch refuses: a vector of the wrong shape, or a graph that was freed.
///
/// # Panics
/// If there is not one vector for each output.
pub fn grad(
    outputs: &[&Tensor],
    grad_outputs: &[&Tensor],
    inputs: &[&Tensor],
    keep_graph: bool,
) -> Result<Vec<Option<Tensor>>, Error> {
    assert_eq!(outputs.len(), grad_outputs.len(), "one vector for each output");
    let recorded = outputs.iter().zip(grad_outputs).filter(|(output, _)| output.requires_grad());
    let (outputs, grad_outputs): (Vec<&Tensor>, Vec<&Tensor>) = recorded.unzip();
    let wanted: Vec<&Tensor> = inputs.iter().copied().filter(|input| input.requires_grad()).collect();
    let found = match outputs.is_empty() || wanted.is_empty() {
        true => Vec::new(),
        false => vjp::grad(&outputs, &grad_outputs, &wanted, keep_graph).map_err(Error::Libtorch)?,
    };
    let mut found = found.into_iter();
    Ok(inputs.iter().map(|input| if input.requires_grad() { found.next().flatten() } else { None }).collect())
}
