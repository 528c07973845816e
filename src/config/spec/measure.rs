//! The measurement of each kind. Its tables are read from the config as they are.

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
    /// Engine against engine, in seconds.
    Speed(Speed),
    /// Training on a task.
    Training(Box<TrainingSpec>),
}

impl Measure {
    /// The kind's name.
    pub fn kind(&self) -> ExperimentKind {
        match self {
            Measure::Gradients(_) => ExperimentKind::Gradients,
            Measure::Jacobian(_) => ExperimentKind::Jacobian,
            Measure::Speed(_) => ExperimentKind::Speed,
            Measure::Training(_) => ExperimentKind::Training,
        }
    }

    /// The other libraries that are timed; none where nothing is.
    pub fn frameworks(&self) -> &[FrameworkName] {
        match self {
            Measure::Speed(speed) => &speed.frameworks.0,
            _ => &[],
        }
    }
}

/// `[gradients]`, without the loss, which is swept.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gradients {
    /// Steps between the points at which `builtin` is cut to see its states; default: about fifty points.
    pub split_every: Option<Size>,
    /// `all` or `log`: the lags that rows are written for.
    pub lags: Lags,
    /// `true` splits the adjoint into the part along the cell state and the part through the gates (engine `analytic`).
    pub path_split: bool,
    /// `true` writes statistics of the gates to `gates.csv`.
    pub gates: bool,
}

impl Default for Gradients {
    fn default() -> Gradients {
        Gradients { split_every: None, lags: Lags::All, path_split: false, gates: false }
    }
}

/// `[jacobian]`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jacobian {
    /// `all` or `log`: the lags that the norm is written for.
    pub lags: Lags,
    /// Steps from one QR decomposition to the next.
    pub qr_every: Size,
    /// Steps at the end of the sequence that Lyapunov exponents leave out; default: a tenth of the sequence.
    pub burn_in: Option<Count>,
}

impl Default for Jacobian {
    fn default() -> Jacobian {
        Jacobian { lags: Lags::Log, qr_every: Size(1), burn_in: None }
    }
}

/// `[speed]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Speed {
    /// `forward`, `train` or both.
    pub pass: OneOrMany<PassName>,
    /// Samples of each engine and pass.
    pub samples: Size,
    /// Passes of each engine before the first sample.
    pub warmup: Size,
    /// No further round of samples starts after this many seconds; five rounds are always taken.
    pub budget_seconds: Positive,
    /// Other libraries that are timed beside the engines: `pytorch`, `jax`, `keras`, `onnxruntime`.
    pub frameworks: OneOrMany<FrameworkName>,
}

impl Default for Speed {
    fn default() -> Speed {
        Speed {
            pass: OneOrMany(PassName::ALL.to_vec()),
            samples: Size(30),
            warmup: Size(2),
            budget_seconds: Positive(20.0),
            frameworks: OneOrMany(vec![]),
        }
    }
}
