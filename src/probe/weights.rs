//! The gradient of each parameter by lag.

use crate::diagnostics::weights::{Part, WeightProfile};
use crate::results::schema::WeightRow;
use crate::settings::names::Lags;

/// The rows of a profile over a sequence of `steps` steps, at the lags that `lags` writes.
pub fn weight_rows(run_id: &str, profile: &WeightProfile, steps: usize, lags: Lags) -> Vec<WeightRow> {
    let finite = |number: f64| number.is_finite().then_some(number);
    let parts = profile.parts.iter().enumerate().filter(|(lag, _)| lags.writes(*lag, steps));
    let row = |(lag, part): (usize, &_)| {
        let Part { log10_term, log10_sum, share, truncation_error } = *part;
        WeightRow {
            run_id: run_id.to_string(),
            parameter: profile.parameter.clone(),
            layer: profile.layer,
            t: steps - lag,
            lag,
            log10_term: finite(log10_term),
            log10_sum: finite(log10_sum),
            share: finite(share),
            truncation_error: finite(truncation_error),
        }
    };
    parts.map(row).collect()
}
