//! The expected cost of a run from its sizes alone, which is the same on every machine.

use super::run::Run;
use super::sizing::gates;
use crate::config::spec::{Length, Measure};

/// The operations that count as a second of a run of speed, whose time is set by its budget.
const PER_SECOND: f64 = 1e9;

/// The sequences that count as an epoch. The true number is common to all trainings of an experiment.
const PER_EPOCH: f64 = 1e4;

/// The forward and backward pass, of which a pass of inference is a third.
const PASSES: f64 = 3.0;

/// A number to which the time of a run is about proportional. It balances the shards of an experiment.
pub fn cost(run: &Run) -> f64 {
    match &run.measure {
        Measure::Training(training) => {
            let updates = match training.length {
                Length::Steps(steps) => steps as f64,
                Length::Epochs(epochs) => epochs as f64 * PER_EPOCH / run.settings.batch_size as f64,
            };
            PASSES * updates * operations(run)
        }
        Measure::Speed(timing) => PER_SECOND * timing.seconds(),
        Measure::Step(step) => PER_SECOND * step.timing.seconds(),
        Measure::Gradients(_) | Measure::Jacobian(_) => PASSES * operations(run),
    }
}

/// A number to which the operations of one pass are about proportional.
pub fn operations(run: &Run) -> f64 {
    let settings = &run.settings;
    let [steps, batch, layers, input, hidden] =
        [settings.seq_len, settings.batch_size, settings.layers, settings.input_size, settings.hidden_size]
            .map(|size| size as f64);
    let gates = settings.cell.map_or(1, gates) as f64;
    let rows = match run.measure {
        // A product of Jacobians goes back as a batch of one row for each component of the state.
        Measure::Jacobian(_) => layers * hidden,
        _ => batch,
    };
    // The small term is the cost of calls, which do not depend on the sizes.
    steps * layers * gates * (rows * hidden * (hidden + input) + 1e4)
}
