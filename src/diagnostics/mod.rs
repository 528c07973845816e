//! Measurements on a network that leave its computation unchanged.

pub mod autograd;
pub mod exact;
pub mod gates;
pub mod jacobian;
pub mod network;
mod norm;
mod paths;
mod profile;
mod r_product;
mod recursion;
mod scaled;
mod scaled_state;
mod segments;
mod singular;
mod terms;
pub mod weights;

use tch::{Kind, Tensor};

use crate::cell::{Parameters, State};
use crate::engine::{Engine, EngineName};
use crate::error::Result;
pub use norm::{Norm, norms};
pub use profile::{DiagnosticOptions, Profile, SegmentLoss};

/// Returns the norms of all gradients of a sequence, `input` `[T, B, I]`.
///
/// The engines `analytic` and `recompute`, and `simd` in f64, give them at any magnitude. The others use
/// autograd.
///
/// # Errors
/// A shape that does not fit the parameters, or an engine that cannot run the cell.
pub fn profiles(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    options: DiagnosticOptions,
    loss: &SegmentLoss,
) -> Result<Vec<Profile>> {
    if is_exact(engine.name(), input) {
        return exact::profiles(engine.name(), p, input, initial, options, loss);
    }
    autograd::profiles(engine, &p.leaves(), input, initial, options.split_every, |output| {
        let steps = output.size()[0] as usize;
        loss(output, 0..steps).expect("a loss depends on some step")
    })
}

/// Returns true if an engine gives the norms of this input at any magnitude.
pub fn is_exact(engine: EngineName, input: &Tensor) -> bool {
    match engine {
        EngineName::Analytic | EngineName::Recompute => true,
        EngineName::Simd => input.kind() == Kind::Double,
        _ => false,
    }
}
