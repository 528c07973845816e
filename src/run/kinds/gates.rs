//! Statistics of the gates, for the kinds that write them beside their own rows.

use tch::Tensor;

use crate::cell::Parameters;
use crate::diagnostics::gates::{GateValue, statistics};
use crate::plan::run::Run;
use crate::results::schema::GateRow;
use crate::support::error::Result;

/// The rows of a run, given its parameters and input `[T, B, I]`.
///
/// # Errors
/// A shape does not fit.
pub fn rows(run: &Run, p: &Parameters, input: &Tensor) -> Result<Vec<GateRow>> {
    Ok(statistics(p, input, None)?.iter().map(|found| row(run, found)).collect())
}

fn row(run: &Run, found: &GateValue) -> GateRow {
    let point = &run.point;
    GateRow {
        run_id: run.id.clone(),
        cell: point.cell.to_string(),
        engine: run.engines(),
        init: point.init.to_string(),
        task: point.task.clone(),
        hidden_size: point.hidden_size,
        seq_len: point.seq_len,
        batch_size: point.batch_size,
        seed: run.seed,
        layer: found.layer,
        gate: found.gate.to_string(),
        statistic: found.statistic.to_string(),
        value: found.value.is_finite().then_some(found.value),
    }
}
