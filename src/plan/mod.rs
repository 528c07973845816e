//! The plan of an experiment: from its config and its data to its runs.
//!
//! ```
//! use lstm_lab::{config, data::Inputs, plan::{Machine, Plan}};
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("lengths.toml");
//! let text = "kind = \"gradients\"\n[grid]\ncell = \"lstm\"\nseq_len = [10, 100]\n";
//! std::fs::write(&path, text)?;
//!
//! let spec = config::load(&path, &["seeds=[1, 2]".to_string()])?;
//! // The task is noise, which needs no data.
//! let plan = Plan::new(&spec, &Inputs::default(), &Machine::new("cpu", 1, "avx2"))?;
//! assert_eq!((plan.name.as_str(), plan.runs.len()), ("lengths", 4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auto;
pub mod cost;
mod dataset;
mod disk;
mod expand;
pub mod groups;
pub mod inputs;
mod interventions;
mod machine;
mod memory;
mod only;
mod rules;
pub mod run;
mod select;
mod shard;
pub mod sizing;
mod weights;

use std::collections::BTreeSet;

use crate::config::Spec;
use crate::config::spec::Part;
use crate::data::Inputs;
use crate::settings::names::ExperimentKind;
use crate::support::error::Result;
pub use dataset::{check_dataset, cut};
pub use machine::Machine;
pub use only::Only;
pub use rules::error as key_error;
use run::Run;
pub use shard::Shard;
pub use weights::WeightsFile;

/// The largest number of grid points and seeds of an experiment.
const MAX_RUNS: u128 = 100_000;

/// Refuses a grid with more runs than can be planned, before it is expanded.
fn check_count(spec: &Spec) -> Result<()> {
    let of_part = |part: &Part| {
        let is_speed = part.measure.kind() == ExperimentKind::Speed;
        let seeds = if is_speed { 1 } else { spec.seeds.len() as u128 };
        // A run of speed times all its engines.
        let sweeps = part.grid.sweeps.iter().filter(|sweep| !(is_speed && sweep.field.name == "engine"));
        let sizes = sweeps.map(|sweep| sweep.values.len() as u128);
        sizes.fold(seeds * part.grid.shapes.len() as u128, u128::saturating_mul)
    };
    let runs = spec.parts.iter().map(of_part).fold(0, u128::saturating_add);
    if runs <= MAX_RUNS {
        return Ok(());
    }
    let key = if spec.seeds.len() as u128 > MAX_RUNS { "seeds" } else { "grid" };
    let problem = format!("expected at most {MAX_RUNS} runs, counted before `exclude`, found {runs}");
    Err(spec.file.error(key, problem).into())
}

/// Every run of an experiment, in the order of execution.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name of the experiment and of its results directory.
    pub name: String,
    /// The runs.
    pub runs: Vec<Run>,
}

impl Plan {
    /// The plan of an experiment with the data `inputs`, on a machine.
    ///
    /// # Errors
    /// Too many runs, a run with contradictory settings, a repeated run, an `exclude` rule that fits no run,
    /// a text that is too short, a test that lacks its runs, a published result with runs of several grid
    /// points, a run that needs more memory than the machine has.
    pub fn new(spec: &Spec, inputs: &Inputs, machine: &Machine) -> Result<Plan> {
        check_count(spec)?;
        let mut expansion = expand::Expansion::new(spec, inputs, machine);
        let mut runs = Vec::new();
        for part in &spec.parts {
            expansion.part(part, &mut runs)?;
        }
        if let Some(unused) = expansion.unused_rule() {
            let problem = "fits no grid point; expected each rule to leave something out";
            return Err(spec.file.error(&format!("exclude[{unused}]"), problem).into());
        }
        if runs.is_empty() {
            let problem = "leaves no grid point over; expected rules that leave some";
            return Err(spec.file.error("exclude", problem).into());
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = runs.iter().find(|run| !ids.insert(&run.id)) {
            let problem = format!("expected grid points that differ, found `{}` twice", twice.describe());
            return Err(spec.file.error("grid", problem).into());
        }
        // An override may take the runs of a test away.
        if spec.changes.is_empty() && spec.changed.is_empty() {
            select::check_tests(spec, &runs)?;
        }
        select::check_published(&spec.name, &spec.published, &runs)?;
        if let Some(limit) = machine.memory {
            memory::check(spec, &runs, inputs, limit)?;
        }
        Ok(Plan { name: spec.name.clone(), runs })
    }

    /// The ids of the runs.
    pub fn ids(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.id.clone()).collect()
    }

    /// The bytes that the results of these runs take on the disk, about. Without the data that determines
    /// sizes, they are too few.
    pub fn disk(runs: &[&Run], inputs: &Inputs) -> f64 {
        runs.iter().map(|run| disk::bytes(run, inputs)).sum()
    }

    /// The one of these runs that needs most memory, with the bytes that it needs at its peak, estimated from
    /// below.
    pub fn largest<'a>(runs: &[&'a Run], inputs: &Inputs) -> Option<(&'a Run, f64)> {
        memory::largest(runs.iter().copied(), inputs)
    }

    /// Returns true if every run of another plan is part of this one.
    pub fn contains(&self, other: &Plan) -> bool {
        let ids: BTreeSet<&str> = self.runs.iter().map(|run| run.id.as_str()).collect();
        other.runs.iter().all(|run| ids.contains(run.id.as_str()))
    }
}
