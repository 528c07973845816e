//! The forward pass of a model: arguments, output, and the trait that models implement.

use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::weights::Weights;
use crate::cell::{Parameters, State};
use crate::error::Result;

/// Arguments of a forward pass.
pub struct ForwardArgs<'a> {
    /// The state before the first step, one entry per layer; `None` for zeros.
    pub initial: Option<&'a [State]>,
    /// The number of steps with an output, counted from the end.
    pub output_steps: i64,
    /// The random numbers of dropout; `None` outside training.
    pub dropout: Option<ChaCha8Rng>,
}

/// Output of a forward pass.
pub struct ModelOutput {
    /// `[S, B, O]` for the last S steps: numbers, or the logits of the classes.
    pub outputs: Tensor,
    /// The state after the last step, one entry per recurrent layer.
    pub state: Vec<State>,
}

/// A model, from vectors to outputs.
pub trait Model {
    /// The parameters.
    fn weights(&self) -> &Weights;

    /// Runs vectors `[T, B, I]`.
    ///
    /// # Errors
    /// A shape, a type or a device that the engine does not support.
    fn run(&self, vectors: &Tensor, args: ForwardArgs) -> Result<ModelOutput>;

    /// The recurrent layers, for diagnostics; `None` for a model without recurrent layers.
    fn layers(&self) -> Option<&Parameters> {
        None
    }
}
