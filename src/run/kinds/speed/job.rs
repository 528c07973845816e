//! The messages between a run of kind `speed` and a process that times its engines.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::step_spec::StepSpec;
use crate::cell::CellName;
use crate::engine::EngineName;
use crate::results::schema::SpeedRow;
use crate::settings::names::{FrameworkName, PassName};

/// The part of a run that one process times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The run.
    pub run_id: String,
    /// Number of the process in its run, from 0.
    pub process: usize,
    /// The seed of the run; the order of the engines in each round is drawn from it.
    pub seed: u64,
    /// The cell.
    pub cell: CellName,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads.
    pub threads: usize,
    /// The engines. All of them agree with the reference.
    pub engines: Vec<EngineName>,
    /// The frameworks.
    pub frameworks: Vec<FrameworkName>,
    /// The training step, if the workload is one.
    pub step: Option<StepSpec>,
    /// The passes to time.
    pub passes: Vec<PassName>,
    /// The number of passes before the first round.
    pub warmup: usize,
    /// The largest number of rounds of each pass.
    pub rounds: usize,
    /// The seconds after which no further round of a pass starts.
    pub seconds: f64,
    /// The directory with the workload's files.
    pub workload: PathBuf,
}

impl Job {
    /// Leaves the frameworks that failed out of the next job. Returns false if the whole process failed.
    pub fn retain_without(&mut self, answer: &Answer) -> bool {
        let failed = |name| answer.failures.iter().any(|failure| failure.framework == Some(name));
        self.frameworks.retain(|name| !failed(*name));
        answer.failures.iter().all(|failure| failure.framework.is_some())
    }
}

/// The samples of a process, and the contenders that failed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The samples.
    pub rows: Vec<SpeedRow>,
    /// The failures.
    pub failures: Vec<Failure>,
    /// The peak resident memory of the process, bytes; `None` if the system does not report it.
    pub peak_memory: Option<u64>,
    /// The peak memory of tensors on the CUDA device, bytes; `None` on the CPU.
    pub peak_device_memory: Option<u64>,
}

/// A failure of one contender, or of the whole process.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The framework that failed; `None` for a failure of the process.
    pub framework: Option<FrameworkName>,
    /// The error message.
    pub message: String,
}
