//! The backward pass derived by hand, in tensor operations, for any device and for f32 and f64.
//!
//! The forward and the backward pass each loop over time once, with in-place operations on views of
//! preallocated buffers. Everything outside the recurrence is computed for all steps at once:
//! - before the forward loop, the products of the inputs;
//! - before the backward loop, the derivatives of the activations;
//! - after the backward loop, the gradients of weights and inputs, as one product over all T·B rows.

mod cache;
mod derivative;
mod engine;
mod forward;
mod gru;
mod lstm;
mod rnn;

pub(crate) use cache::{BackwardStep, ForwardCache};
pub(crate) use derivative::ActivationDerivative;
pub(crate) use engine::Analytic;
pub(crate) use forward::forward;
