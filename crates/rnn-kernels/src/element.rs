//! The public functions. They are compiled in this crate, once for each type of number.

use crate::backward::{self, BackwardInputs};
use crate::error::Error;
use crate::forward::{self, Outputs};
use crate::grads::Grads;
use crate::layer::Layer;
use crate::options::Options;
use crate::saved::{Keep, SavedActivations};
use crate::vector::Vectors;

/// The type of a layer's numbers: f32 or f64.
pub trait Element: Vectors {
    /// Runs a forward pass.
    #[doc(hidden)]
    fn forward(
        options: Options,
        layer: &Layer<Self>,
        outputs: Outputs<Self>,
        keep: Keep,
    ) -> Result<SavedActivations<Self>, Error>;

    /// Runs a backward pass.
    #[doc(hidden)]
    fn backward(inputs: BackwardInputs<Self>, grads: Grads<Option<&mut [Self]>>) -> Result<(), Error>;
}

impl Element for f32 {
    fn forward(
        options: Options,
        layer: &Layer,
        outputs: Outputs,
        keep: Keep,
    ) -> Result<SavedActivations, Error> {
        forward::run(options, layer, outputs, keep)
    }

    fn backward(inputs: BackwardInputs, grads: Grads<Option<&mut [f32]>>) -> Result<(), Error> {
        backward::run(inputs, grads)
    }
}

impl Element for f64 {
    fn forward(
        options: Options,
        layer: &Layer<f64>,
        outputs: Outputs<f64>,
        keep: Keep,
    ) -> Result<SavedActivations<f64>, Error> {
        forward::run(options, layer, outputs, keep)
    }

    fn backward(inputs: BackwardInputs<f64>, grads: Grads<Option<&mut [f64]>>) -> Result<(), Error> {
        backward::run(inputs, grads)
    }
}

/// Runs a layer and keeps nothing for a backward pass.
///
/// # Errors
/// A size is 0, or a slice has the wrong length. In both cases nothing is written.
///
/// # Panics
/// If the operating system has no memory left.
pub fn forward<E: Element>(options: Options, layer: &Layer<E>, outputs: Outputs<E>) -> Result<(), Error> {
    E::forward(options, layer, outputs, Keep::Nothing).map(drop)
}

/// Runs a layer and returns the activations that [`backward()`] needs.
///
/// # Errors
/// As for [`forward()`].
///
/// # Panics
/// As for [`forward()`].
pub fn forward_saving<E: Element>(
    options: Options,
    layer: &Layer<E>,
    outputs: Outputs<E>,
) -> Result<SavedActivations<E>, Error> {
    E::forward(options, layer, outputs, Keep::Activations)
}

/// Computes the gradients that `grads` asks for, with the options of the forward pass.
///
/// On x86-64, subnormal gradients are treated as 0 during the steps back through time. They are those below
/// 1.2e-38 in f32, and below 2.2e-308 in f64.
///
/// # Errors
/// A slice has the wrong length, or the saved activations belong to another cell or other sizes. In both
/// cases nothing is written.
///
/// # Panics
/// If the operating system has no memory left.
pub fn backward<E: Element>(inputs: BackwardInputs<E>, grads: Grads<Option<&mut [E]>>) -> Result<(), Error> {
    E::backward(inputs, grads)
}
