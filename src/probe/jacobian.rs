//! Products of Jacobians over lag.

use super::At;
use crate::diagnostics::jacobian::{Observation, Product};
use crate::results::schema::JacobianRow;
use crate::settings::lags::spaced;
use crate::settings::names::{JacobianQuantity, Lags};

/// Singular value decompositions for each decade of lags; more would cost more than the steps themselves.
const SPECTRA: usize = 10;

/// The numbers that are observed at a lag of a sequence, of which `lags` writes the norms.
pub fn observation(lag: usize, steps: usize, lags: Lags) -> Observation {
    if spaced(lag, steps, SPECTRA) {
        Observation::Spectrum
    } else if lags.writes(lag, steps) {
        Observation::Norm
    } else {
        Observation::Nothing
    }
}

/// The rows of the product at one lag of a sequence of `steps` steps.
pub fn jacobian_rows(at: At, steps: usize, product: &Product) -> Vec<JacobianRow> {
    use JacobianQuantity::{ConditionNumber, Frobenius, Lyapunov, SingularValue, SpectralNorm};
    let row = |quantity: JacobianQuantity, index, value: f64| JacobianRow {
        run_id: at.run_id.to_string(),
        quantity: quantity.to_string(),
        index,
        t: steps - product.lag,
        lag: product.lag,
        value: value.is_finite().then_some(value),
        unit: if quantity == Lyapunov { "nats per step" } else { "log10" }.to_string(),
        zero: value == f64::NEG_INFINITY,
        step: at.step,
    };
    let mut rows = vec![row(Frobenius, None, product.log10_frobenius)];
    if let [largest, .., smallest] | [largest @ smallest] = product.log10_singular.as_slice() {
        rows.push(row(SpectralNorm, None, *largest));
        rows.push(row(ConditionNumber, None, largest - smallest));
    }
    let numbered = |quantity, values: &[f64]| {
        values.iter().zip(1..).map(|(value, n)| row(quantity, Some(n), *value)).collect::<Vec<_>>()
    };
    rows.extend(numbered(SingularValue, &product.log10_singular));
    rows.extend(numbered(Lyapunov, &product.lyapunov));
    rows
}
