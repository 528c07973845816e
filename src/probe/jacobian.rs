//! Products of Jacobians over lag.

use super::At;
use crate::diagnostics::jacobian::{Observation, Product};
use crate::results::Rows;
use crate::results::schema::JacobianRow;
use crate::settings::lags::spaced;
use crate::settings::names::{JacobianQuantity, Lags};

/// Singular value decompositions for each decade of lags; more would cost more than the steps themselves.
const SPECTRA: usize = 10;

/// The numbers that are observed at a lag of a sequence, of which `lags` writes the norms. Every `qr_every`
/// lags there is a decomposition, whose norm counts in the fit.
pub fn observation(lag: usize, steps: usize, lags: Lags, qr_every: usize) -> Observation {
    if spaced(lag, steps, SPECTRA) {
        Observation::Spectrum
    } else if lags.writes(lag, steps) || lag.is_multiple_of(qr_every) {
        Observation::Norm
    } else {
        Observation::Nothing
    }
}

/// Adds the products over a sequence of `steps` steps, at the lags that `lags` writes. The fit of their norm
/// takes each `qr_every`th lag, whatever is written.
pub fn add_jacobian(
    rows: &mut Rows,
    at: At,
    steps: usize,
    products: &[Product],
    (lags, qr_every): (Lags, usize),
) {
    let fitted = products.iter().filter(|product| product.lag.is_multiple_of(qr_every));
    let norms = fitted.map(|product| (product.lag, Some(product.log10_frobenius)));
    rows.fits.push(at.fit_row(JacobianQuantity::Frobenius.as_str(), 0).with_decay_of(norms));
    let written = products.iter().filter(|product| lags.writes(product.lag, steps));
    rows.jacobian.extend(written.flat_map(|product| jacobian_rows(at, steps, product)));
}

/// The rows of the product at one lag of a sequence of `steps` steps.
fn jacobian_rows(at: At, steps: usize, product: &Product) -> Vec<JacobianRow> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn add_jacobian_written_lags_do_not_change_the_fit() {
        let steps = 1000;
        let product = |lag: usize| Product {
            lag,
            // A curve that bends: short lags, of which `log` writes more, are steeper.
            log10_frobenius: -(lag as f64).sqrt(),
            log10_singular: vec![],
            lyapunov: vec![],
        };
        for (qr_every, fitted) in [(1, 1000), (7, 143)] {
            let of = |lags| {
                let is_observed =
                    |lag: &usize| observation(*lag, steps, lags, qr_every) != Observation::Nothing;
                let products: Vec<Product> = (0..steps).filter(is_observed).map(product).collect();
                let mut rows = Rows::default();
                let at = At { run_id: "a", step: None };
                add_jacobian(&mut rows, at, steps, &products, (lags, qr_every));
                rows
            };
            let (all, log) = (of(Lags::All), of(Lags::Log));
            assert!(log.jacobian.len() < 300 && all.jacobian.len() == steps);
            assert_eq!((all.fits.len(), all.fits[0].lags), (1, fitted));
            assert_eq!(all.fits, log.fits);
        }
    }
}
