//! The gradient of each parameter by lag.

use super::At;
use crate::diagnostics::weights::{Part, WeightProfile};
use crate::results::Rows;
use crate::results::schema::WeightRow;
use crate::settings::names::{Lags, Quantity};

/// Adds profiles over a sequence of `steps` steps, at the lags that `lags` writes. The fits of the recurrent
/// weights are those of all lags.
pub fn add_weights(rows: &mut Rows, at: At, profiles: &[WeightProfile], steps: usize, lags: Lags) {
    for profile in profiles {
        let of_profile = weight_rows(at.run_id, profile, steps, lags);
        if of_profile.first().is_some_and(WeightRow::is_recurrent) {
            let terms = profile.parts.iter().map(|part| Some(part.log10_term)).enumerate();
            let errors = profile.parts.iter().map(|part| Some(part.truncation_error.log10())).enumerate();
            let fit = |quantity: Quantity| at.fit_row(quantity.as_str(), profile.layer);
            rows.fits.push(fit(Quantity::WeightTerm).with_decay_of(terms));
            rows.fits.push(fit(Quantity::TruncationError).with_decay_of(errors));
        }
        rows.weights.extend(of_profile);
    }
}

/// The rows of a profile over a sequence of `steps` steps, at the lags that `lags` writes.
fn weight_rows(run_id: &str, profile: &WeightProfile, steps: usize, lags: Lags) -> Vec<WeightRow> {
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
