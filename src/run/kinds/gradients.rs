//! The kind `gradients`: the norm of the gradient at every step.

use std::cell::Cell;
use std::ops::Range;

use tch::Tensor;

use super::tensors::{output_gradient, run_parameters};
use crate::config::spec::Gradients;
use crate::diagnostics::gates::statistics;
use crate::diagnostics::weights::weight_profiles;
use crate::diagnostics::{self, DiagnosticOptions};
use crate::engine::parity;
use crate::engine::{EngineName, engine};
use crate::plan::run::Run;
use crate::probe::{At, add_gradients, add_weights, gate_rows};
use crate::results::Rows;
use crate::run::RunContext;
use crate::settings::names::LossName;
use crate::support::error::Result;
use crate::support::progress::Step;
use crate::task::{Loss, batch};

/// The engine that all others must agree with: the textbook equations.
const REFERENCE: EngineName = EngineName::Stepwise;

/// Steps of the parity check. Over more steps, exploding gradients would amplify rounding differences.
const PARITY_STEPS: i64 = 32;

/// Executes a run of this kind.
///
/// # Errors
/// The engine disagrees with the reference; a shape does not fit; the task has no such loss.
pub fn execute(run: &Run, options: Gradients, context: &RunContext) -> Result<Rows> {
    let Gradients { split_every, lags, path_split, gates: with_gates, weights } = options;
    let (settings, device) = (&run.settings, context.target.device);
    let steps = settings.seq_len;
    let name = settings.engine.first().expect("a run of gradients has an engine");
    let p = run_parameters(run, device)?;
    let batch = batch(run, context.text(), device)?;
    if name != REFERENCE {
        let steps = batch.input.size()[0].min(PARITY_STEPS);
        let start = batch.input.narrow(0, 0, steps);
        let upstream = output_gradient(settings, steps, &start);
        let tolerance = parity::tolerance(start.kind());
        parity::check(engine(name), engine(REFERENCE), &p, &start, &upstream, tolerance)?;
    }
    let loss = Loss::new(settings.loss.unwrap_or(LossName::Last), settings, &batch)?;
    let profile_options = DiagnosticOptions {
        split_every: match name {
            EngineName::Builtin | EngineName::Cuda => {
                split_every.map_or_else(|| steps.div_ceil(50), |every| every.0)
            }
            _ => 1,
        },
        split_paths: path_split,
    };
    let (sweeps, done) = (if weights { 2 } else { 1 }, Cell::new(0));
    let loss = |output: &Tensor, segment: Range<usize>| {
        // A run without checkpoints does not stop. Segments come in the order of the backward pass.
        done.set(done.get() + segment.len());
        let _ = (context.on_step)(Step::of("step", done.get(), sweeps * steps));
        loss.of_segment(output, segment, steps)
    };
    let (profiles, weights) = if weights {
        weight_profiles(name, &p, &batch.input, None, profile_options, &loss)?
    } else {
        (diagnostics::profiles(engine(name), &p, &batch.input, None, profile_options, &loss)?, vec![])
    };
    let at = At { run_id: &run.id, step: None };
    let gates = if with_gates { gate_rows(at, &statistics(&p, &batch.input, None)?) } else { vec![] };
    let mut rows = Rows { gates, ..Rows::default() };
    add_gradients(&mut rows, at, profiles, steps, lags);
    add_weights(&mut rows, at, &weights, steps, lags);
    Ok(rows)
}
