//! Statistics of the gates.

use super::At;
use crate::diagnostics::gates::GateValue;
use crate::results::schema::GateRow;

/// The rows of all gates of a measurement.
pub fn gate_rows(at: At, found: &[GateValue]) -> Vec<GateRow> {
    let row = |found: &GateValue| GateRow {
        run_id: at.run_id.to_string(),
        layer: found.layer,
        gate: found.gate.to_string(),
        statistic: found.statistic.to_string(),
        value: found.value.is_finite().then_some(found.value),
        step: at.step,
    };
    found.iter().map(row).collect()
}
