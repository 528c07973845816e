//! What a kind measures at each point of its grid, and how: the same for all runs of it.

use serde::Serialize;

use crate::settings::names::{Lags, PassName};

/// Settings of the kind `gradients`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Gradients {
    /// Steps between probe points, for an engine that shows no inner state.
    pub split_every: Option<usize>,
    /// At which lags rows are written.
    pub lags: Lags,
    /// Whether the adjoint is also split by the way it came.
    pub path_split: bool,
    /// Whether statistics of the gates are written too.
    pub gates: bool,
}

/// Settings of the kind `jacobian`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Jacobian {
    /// At which lags the norm is written.
    pub lags: Lags,
    /// Steps from one QR decomposition to the next.
    pub qr_every: usize,
    /// Steps at the end that Lyapunov exponents leave out; none: a tenth of the sequence.
    pub burn_in: Option<usize>,
}

/// Settings of the kind `speed`.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// The passes.
    pub passes: Vec<PassName>,
    /// Samples of each engine and pass.
    pub samples: usize,
    /// Passes of each engine before the first sample.
    pub warmup: usize,
    /// After how many seconds no further round of samples starts.
    pub budget_seconds: f64,
}
