//! What is measured on a run without changing it.

pub mod adjoint;
pub mod exact;
pub mod gates;
pub mod jacobian;
mod norm;
mod pieces;
mod singular;

use std::ops::Range;

use tch::Tensor;

use crate::cell::{Parameters, State};
use crate::engine::Engine;
use crate::engine::EngineName;
use crate::error::Result;
use adjoint::Profile;
use exact::PathSplit;
pub use norm::{Norm, norms};

/// The loss of some of the steps: given the output at these steps, `[t, B, H]`, and which they are (from 0), a scalar;
/// `None` where the loss does not depend on them. The loss of a sequence is the sum over its pieces.
pub type PieceLoss<'a> = dyn Fn(&Tensor, Range<usize>) -> Option<Tensor> + 'a;

/// How closely to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Steps between the cuts, for an engine that shows no inner state.
    pub split_every: usize,
    /// Whether adjoints are also split by the way they came, for an engine that can.
    pub paths: PathSplit,
}

/// The norms of all gradients of a sequence, `input` `[T, B, I]`, in the way that suits the engine: exactly for
/// `analytic`, by autograd for the others.
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn profiles(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
    look: Look,
    loss: &PieceLoss,
) -> Result<Vec<Profile>> {
    if engine.name() == EngineName::Analytic {
        return exact::profiles(p, input, first, look.paths, loss);
    }
    adjoint::profiles(engine, &p.leaves(), input, first, look.split_every, |output| {
        let steps = output.size()[0] as usize;
        loss(output, 0..steps).expect("a loss depends on some step")
    })
}
