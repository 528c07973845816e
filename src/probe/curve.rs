//! Gradient norms over lag.

use crate::diagnostics::Profile;
use crate::results::GradientCurve;
use crate::settings::names::Lags;

/// The curve of a profile over a sequence of `steps` steps, with rows at the lags that `lags` writes.
/// `step` is the number of parameter updates before the measurement; `None` outside training.
pub fn curve(profile: Profile, step: Option<usize>, steps: usize, lags: Lags) -> GradientCurve {
    let norms = profile.norms.into_iter().map(|(t, norm)| (t, norm.log10()));
    GradientCurve::new((profile.quantity.to_string(), profile.layer), step, steps, norms, lags)
}
