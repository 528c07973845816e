//! The measurement of each kind. Serde reads `[gradients]`, `[jacobian]` and `[speed]` directly into
//! these types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainingSpec;
use crate::config::value::{Count, OneOrMany, Positive, Size};
use crate::settings::names::{ExperimentKind, FrameworkName, Lags, PassName};

/// The measurement of one kind, the same for all its runs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Norms of the gradient at every step.
    Gradients(Gradients),
    /// Products of the state's Jacobians.
    Jacobian(Jacobian),
    /// The times of engines, in turn.
    Speed(Speed),
    /// The times of training steps with each engine, in turn.
    Step(Box<StepTiming>),
    /// Training on a task.
    Training(Box<TrainingSpec>),
}

impl Measure {
    /// The kind's name.
    pub fn kind(&self) -> ExperimentKind {
        match self {
            Measure::Gradients(_) => ExperimentKind::Gradients,
            Measure::Jacobian(_) => ExperimentKind::Jacobian,
            Measure::Speed(_) | Measure::Step(_) => ExperimentKind::Speed,
            Measure::Training(_) => ExperimentKind::Training,
        }
    }

    /// The settings of `speed`; `None` for another kind.
    pub fn timing(&self) -> Option<&Speed> {
        match self {
            Measure::Speed(timing) => Some(timing),
            Measure::Step(step) => Some(&step.timing),
            _ => None,
        }
    }

    /// The settings of training, for a measurement of a model that learns a task.
    pub fn training(&self) -> Option<&TrainingSpec> {
        match self {
            Measure::Training(training) => Some(training),
            Measure::Step(step) => Some(&step.training),
            _ => None,
        }
    }

    /// The other frameworks that are timed; empty for other kinds than `speed`.
    pub fn frameworks(&self) -> &[FrameworkName] {
        self.timing().map_or(&[], |timing| &timing.frameworks.0)
    }

    /// The kinds whose tables hold swept settings of the measurement. A training step has two.
    pub fn tables(&self) -> Vec<ExperimentKind> {
        let of_training = matches!(self, Measure::Step(_)).then_some(ExperimentKind::Training);
        [self.kind()].into_iter().chain(of_training).collect()
    }
}

/// The settings of a timed training step.
#[derive(Debug, Clone, Serialize)]
pub struct StepTiming {
    /// The samples and the frameworks.
    pub timing: Speed,
    /// The model and the optimizer. The length of the training and its evaluations have no effect.
    pub training: TrainingSpec,
}

/// The keys of `[gradients]`, except the swept `loss`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gradients {
    /// The number of steps, at least 1, between the measured steps of the engine `builtin`, which exposes
    /// no inner state; default: a fiftieth of the sequence. Other engines measure every step.
    pub split_every: Option<Size>,
    /// The lags that have rows: `all` (default), or `log`, which is about fifty per decade.
    pub lags: Lags,
    /// True if the adjoint is also split into the part along the cell state and the part through the
    /// gates; default: `false`. Only for the engines `analytic` and `recompute`.
    pub path_split: bool,
    /// True if statistics of the gates are written to `gates.csv`; default: `false`.
    pub gates: bool,
    /// True if the gradient of every parameter is split by lag in `weights.csv`; default: `false`. Only for
    /// the engines `analytic` and `recompute`. It adds a second backward pass, and both passes compute the
    /// gradient of every parameter at every step.
    pub weights: bool,
}

impl Default for Gradients {
    fn default() -> Gradients {
        Gradients { split_every: None, lags: Lags::All, path_split: false, gates: false, weights: false }
    }
}

/// The keys of `[jacobian]`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jacobian {
    /// The lags with a row of the Frobenius norm: `all`, or `log` (default), which is about fifty per
    /// decade. The other numbers have rows at about ten lags per decade.
    pub lags: Lags,
    /// The number of steps from one QR decomposition to the next, at least 1; default: 1.
    pub qr_every: Size,
    /// The number of steps at the end of the sequence that Lyapunov exponents leave out, from 0 to T −
    /// 2; default: a tenth of the sequence.
    pub burn_in: Option<Count>,
}

impl Default for Jacobian {
    fn default() -> Jacobian {
        Jacobian { lags: Lags::Log, qr_every: Size(1), burn_in: None }
    }
}

/// The keys of `[speed]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Speed {
    /// The timed passes: `forward`, `train`, or a list of both (default). `step` stands alone. It times an
    /// update of the model that `[task]` and `[training]` describe: output, loss, gradient, clipping and
    /// optimizer, on one batch.
    pub pass: OneOrMany<PassName>,
    /// The largest number of samples of each engine and pass, over all processes, at least 1; default: 30.
    /// The processes share it equally.
    pub samples: Size,
    /// The number of processes that time the engines one after the other, at least 1; default: 3. An
    /// interval covers differences between processes only if there are at least two. There are never more
    /// processes than samples.
    pub processes: Size,
    /// The number of passes of each engine in each process before the first sample, at least 1; default: 2.
    pub warmup: Size,
    /// The time in seconds after which no further round of samples starts, above 0; default: 20. The
    /// processes and passes share it equally. At least three rounds are made in each process if `samples`
    /// allows.
    pub budget_seconds: Positive,
    /// The other frameworks that are timed in turn with the engines: `pytorch`, `jax`, `keras`,
    /// `onnxruntime`, `openvino`, `torchrecurrent`, or a list of them; default: none. The pass `step` has
    /// `pytorch`, `pytorch_compiled` and `torchrecurrent`. They need f32, the CPU and
    /// `scripts/frameworks/run`.
    pub frameworks: OneOrMany<FrameworkName>,
}

impl Speed {
    /// The expected seconds: the budget, and the start of each framework in each process.
    pub fn seconds(&self) -> f64 {
        /// The time in which a framework starts, compiles, and is compared with the engines: a rough mean.
        const START: f64 = 6.0;
        self.budget_seconds.0 + START * (self.frameworks.0.len() * self.processes.0) as f64
    }
}

impl Default for Speed {
    fn default() -> Speed {
        Speed {
            pass: OneOrMany(vec![PassName::Forward, PassName::Train]),
            samples: Size(30),
            processes: Size(3),
            warmup: Size(2),
            budget_seconds: Positive(20.0),
            frameworks: OneOrMany(vec![]),
        }
    }
}
