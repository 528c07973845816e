//! Statistics of the gates, for the kinds `gradients` and `jacobian`.

use tch::Tensor;

use crate::cell::Parameters;
use crate::diagnostics::gates::{GateValue, statistics};
use crate::plan::run::Run;
use crate::results::schema::GateRow;
use crate::support::error::Result;

/// The rows of a run with these parameters and this input `[T, B, I]`.
///
/// # Errors
/// A shape does not fit.
pub fn rows(run: &Run, p: &Parameters, input: &Tensor) -> Result<Vec<GateRow>> {
    Ok(statistics(p, input, None)?.iter().map(|found| row(run, found)).collect())
}

fn row(run: &Run, found: &GateValue) -> GateRow {
    GateRow {
        run_id: run.id.clone(),
        layer: found.layer,
        gate: found.gate.to_string(),
        statistic: found.statistic.to_string(),
        value: found.value.is_finite().then_some(found.value),
    }
}
