//! The kind `jacobian`: products of the state's Jacobians over lag, and statistics of the gates.

use super::gates;
use super::tensors::run_parameters;
use crate::config::spec::Jacobian;
use crate::diagnostics::jacobian::{JacobianOptions, Observation, Product, products};
use crate::plan::run::Run;
use crate::results::Rows;
use crate::results::schema::JacobianRow;
use crate::run::RunContext;
use crate::settings::lags::spaced;
use crate::settings::names::JacobianQuantity;
use crate::support::error::Result;
use crate::support::progress::Step;
use crate::task::batch;

/// Singular value decompositions for each decade of lags; more would cost more than the steps themselves.
const SPECTRA: usize = 10;

/// Executes a run of this kind.
///
/// # Errors
/// A shape does not fit; the task's text is missing.
pub fn execute(run: &Run, options: Jacobian, context: &RunContext) -> Result<Rows> {
    let Jacobian { lags, qr_every, burn_in } = options;
    let p = run_parameters(&run.settings, context.target.device);
    let input = batch(run, context.text(), context.target.device)?.input;
    let engine = run.settings.engine.first().expect("a run of jacobian has an engine");
    let steps = run.settings.seq_len;
    let burn_in = burn_in.map_or(steps / 10, |steps| steps.0);
    let observation = |lag: usize| {
        // A run without checkpoints does not stop.
        let _ = (context.on_step)(Step::of("step", lag + 1, steps));
        if spaced(lag, steps, SPECTRA) {
            Observation::Spectrum
        } else if lags.writes(lag, steps) {
            Observation::Norm
        } else {
            Observation::Nothing
        }
    };
    let products =
        products(engine, &p, &input, None, JacobianOptions { qr_every: qr_every.0, burn_in }, observation)?;
    Ok(Rows {
        jacobian: products.iter().flat_map(|product| rows(run, product)).collect(),
        gates: gates::rows(run, &p, &input)?,
        ..Rows::default()
    })
}

fn rows(run: &Run, product: &Product) -> Vec<JacobianRow> {
    use JacobianQuantity::{ConditionNumber, Frobenius, Lyapunov, SingularValue, SpectralNorm};
    let row = |quantity, index, value| row(run, product.lag, quantity, index, value);
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

fn row(run: &Run, lag: usize, quantity: JacobianQuantity, index: Option<usize>, value: f64) -> JacobianRow {
    JacobianRow {
        run_id: run.id.clone(),
        quantity: quantity.to_string(),
        index,
        t: run.settings.seq_len - lag,
        lag,
        value: value.is_finite().then_some(value),
        unit: if quantity == JacobianQuantity::Lyapunov { "nats per step" } else { "log10" }.to_string(),
        zero: value == f64::NEG_INFINITY,
    }
}
