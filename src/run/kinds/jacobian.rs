//! The kind `jacobian`: products of the state's Jacobians over lag, and statistics of the gates.

use super::tensors::run_parameters;
use crate::config::spec::Jacobian;
use crate::diagnostics::gates::statistics;
use crate::diagnostics::jacobian::{JacobianOptions, products};
use crate::plan::run::Run;
use crate::probe::{At, add_jacobian, gate_rows, observation};
use crate::results::Rows;
use crate::run::RunContext;
use crate::support::error::Result;
use crate::support::progress::Step;
use crate::task::batch;

/// Executes a run of this kind.
///
/// # Errors
/// A shape does not fit; the task's text is missing.
pub fn execute(run: &Run, options: Jacobian, context: &RunContext) -> Result<Rows> {
    let Jacobian { lags, qr_every, burn_in } = options;
    let p = run_parameters(run, context.target.device)?;
    let input = batch(run, context.text(), context.target.device)?.input;
    let engine = run.settings.engine.first().expect("a run of jacobian has an engine");
    let steps = run.settings.seq_len;
    let burn_in = burn_in.map_or(steps / 10, |steps| steps.0);
    let observe = |lag: usize| {
        // A run without checkpoints does not stop.
        let _ = (context.on_step)(Step::of("step", lag + 1, steps));
        observation(lag, steps, lags, qr_every.0)
    };
    let options = JacobianOptions { qr_every: qr_every.0, burn_in };
    let products = products(engine, &p, &input, None, options, observe)?;
    let at = At { run_id: &run.id, step: None };
    let gates = gate_rows(at, &statistics(&p, &input, None)?);
    let mut rows = Rows { gates, ..Rows::default() };
    add_jacobian(&mut rows, at, steps, &products, (lags, qr_every.0));
    Ok(rows)
}
