//! The part of an update before clipping, for the training loop and for timed steps.

use tch::Tensor;

use crate::model::{ForwardArgs, Model, ModelConfig, ModelOutput};
use crate::support::error::Result;
use crate::task::learning::{Batch, loss};

/// Returns the output for a batch, its loss, and the gradient of all parameters.
///
/// # Errors
/// A shape that does not fit the model.
pub fn loss_and_gradient(
    model: &dyn Model,
    config: &ModelConfig,
    batch: &Batch,
    args: ForwardArgs,
) -> Result<(ModelOutput, f64, Tensor)> {
    let output = model.run(&config.embed(model.weights(), &batch.input), args)?;
    let loss = loss(&output.outputs, &batch.target);
    let gradient = model.weights().gradient(&loss);
    Ok((output, loss.double_value(&[]), gradient))
}
