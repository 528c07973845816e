//! The output of a run.

use crate::results::{Limits, Rows};
use crate::support::error::Error;

/// The rows of a run, with the errors that kept it from being complete.
#[derive(Debug, Default)]
pub struct RunOutput {
    /// The rows.
    pub rows: Rows,
    /// Number of trainable parameters, for training.
    pub parameters: Option<usize>,
    /// The limits of the processor, for timings on the CPU.
    pub limits: Limits,
    /// The largest peak memory of the processes that the run started, bytes.
    pub peak_memory: Option<u64>,
    /// The largest peak memory of these processes on the CUDA device, bytes.
    pub peak_device_memory: Option<u64>,
    /// Errors that stopped part of the measurement, such as an engine with wrong results.
    pub errors: Vec<Error>,
    /// Seconds spent in earlier processes, if the run resumed from a checkpoint.
    pub seconds_before: f64,
}

impl From<Rows> for RunOutput {
    fn from(rows: Rows) -> RunOutput {
        RunOutput { rows, ..RunOutput::default() }
    }
}
