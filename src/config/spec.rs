//! The checked config: every word known, every number in range, nothing optional that is needed.

use super::check::Check;
use super::claim::Claim;
use super::measure::{Gradients, Jacobian, Timing};
use super::setting::Selector;
use super::source::Source;
use super::targets::Targets;
use super::task::TaskSpec;
use super::training::{TrainingAxes, TrainingSpec};
use super::wire::Wire;
use crate::cell::CellName;
use crate::cell::init::Init;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::{ExperimentKind, FrameworkName, LossName};
use crate::support::error::Result;
use serde::Serialize;

/// One experiment, checked.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name of the results directory.
    pub name: String,
    /// The config with every default filled in, to be saved beside the results.
    pub resolved: Wire,
    /// One run a seed.
    pub seeds: Vec<u64>,
    /// Where sequences come from.
    pub task: TaskSpec,
    /// What is measured over which grid, in the config's order.
    pub parts: Vec<Part>,
    /// Grid points to leave out.
    pub exclude: Vec<Selector>,
    /// What is said of the networks, and what decides it.
    pub claim: Option<Claim>,
    /// The published results that the experiment repeats.
    pub targets: Targets,
    /// Where all this was read, for what is found wrong later.
    pub(crate) source: Source,
}

/// One kind of measurement over one grid.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is measured, and how.
    pub measure: Measure,
    /// What is swept.
    pub grid: Grid,
    /// What is swept in training beside the grid.
    pub axes: TrainingAxes,
    /// The losses that are differentiated, for `gradients`.
    pub losses: Vec<LossName>,
    /// Other libraries that are timed beside the engines, for `speed`.
    pub frameworks: Vec<FrameworkName>,
}

/// What is measured, and how.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Norms of the gradient at every step. No steps between probe points: about fifty points.
    Gradients(Gradients),
    /// Products of the state's Jacobians.
    Jacobian(Jacobian),
    /// Engine against engine, in seconds.
    Speed(Timing),
    /// What is learned, and how fast.
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
}

/// What is swept: each list is an axis.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Cells.
    pub cell: Vec<CellName>,
    /// Engines: an axis for `gradients`, interleaved within each run for `speed`; none where `auto` decides.
    pub engine: Vec<EngineName>,
    /// Init policies.
    pub init: Vec<Init>,
    /// Numbers of stacked layers.
    pub layers: Vec<usize>,
    /// Floating-point types.
    pub dtype: Vec<Dtype>,
    /// Sizes, already multiplied out.
    pub shapes: Vec<Shape>,
}

/// The sizes of one grid point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// Features of the input at each step; `None` where the task decides it (one-hot text).
    pub input_size: Option<usize>,
    /// Units of each layer; `None` where `training.parameters` decides it.
    pub hidden_size: Option<usize>,
}

impl Spec {
    /// Checks a config; published results are not part of it.
    ///
    /// # Errors
    /// The first key whose value is not usable, with its line.
    pub fn check(source: &Source, stem: &str) -> Result<Spec> {
        let mut resolved = source.wire()?.resolve(stem);
        let check = Check { source };
        let name = check.name(&resolved)?;
        let task = check.task(resolved.task.get_or_insert_default())?;
        let seeds = check.seeds(&resolved)?;
        let parts = check.parts(&resolved, &task)?;
        let exclude = check.exclude(&resolved)?;
        let claim = check.claim(resolved.claim.as_ref())?;
        let (targets, source) = (Targets::default(), source.clone());
        Ok(Spec { name, resolved, seeds, task, parts, exclude, claim, targets, source })
    }
}
