//! The gradient of each parameter by lag.
//!
//! A first backward sweep adds up the whole gradient, and a second one compares the term of each lag with it.

use tch::{Tensor, no_grad};

use super::exact::sweep;
use super::profile::{DiagnosticOptions, Profile, SegmentLoss};
use super::segments::Segments;
pub use super::terms::Part;
use super::terms::Terms;
use crate::cell::{Parameters, State};
use crate::engine::{EngineName, check, engine};
use crate::error::Result;

/// The gradient of one parameter by lag.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightProfile {
    /// The name of the parameter, such as `weight_hh_l0`.
    pub parameter: String,
    /// The layer, from 0.
    pub layer: usize,
    /// The parts of the lags 0 to T − 1.
    pub parts: Vec<Part>,
}

/// Returns the profiles of [`super::profiles`], and the parts of ∂L/∂θ for every parameter θ by lag T − t, at
/// any magnitude. L is the mean of the loss over the sequences of `input` `[T, B, I]`. The initial states are
/// `initial` or zeros. The loss is called for each segment of both sweeps.
///
/// # Errors
/// A shape that does not fit the parameters, or a cell without a derivation.
pub fn weight_profiles(
    method: EngineName,
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    options: DiagnosticOptions,
    loss: &SegmentLoss,
) -> Result<(Vec<Profile>, Vec<WeightProfile>)> {
    let initial = check(engine(method), p, input, initial)?;
    let (profiles, parts) = no_grad(|| {
        let segments = Segments::new(method, p, input, initial);
        let mut first = Terms::new(p, None);
        let profiles = sweep(&segments, p, loss, options.split_paths, Some(&mut first));
        let mut second = Terms::new(p, Some(first.into_sums()));
        sweep(&segments, p, loss, false, Some(&mut second));
        (profiles, second.into_parts())
    });
    let layers = parts.into_iter().enumerate();
    let of_layer = |(layer, parts): (usize, Vec<_>)| parts.into_iter().map(move |parts| (layer, parts));
    let named = p.named().into_iter().zip(layers.flat_map(of_layer));
    // A cell without some of PyTorch's parameters has empty tensors in their place.
    let is_there = |((_, tensor), _): &((String, &Tensor), _)| tensor.numel() > 0;
    let profile = |((parameter, _), (layer, parts))| WeightProfile { parameter, layer, parts };
    Ok((profiles, named.filter(is_there).map(profile).collect()))
}
