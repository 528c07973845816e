//! The expansion of a grid: one `Settings` for each combination of values.

use super::auto;
use super::dataset::at_its_key;
use super::interventions::step_changes;
use super::machine::Machine;
use super::rules;
use super::run::{Given, Run};
use super::sizing::ModelShape;
use super::weights::WeightsFiles;
use crate::config::Spec;
use crate::config::spec::{CorpusSpec, Measure, Part, Sweep, TaskSpec, TrainingSpec};
use crate::data::{Input, Inputs};
use crate::engine::{EngineName, engine, exact_engine};
use crate::settings::names::{ExperimentKind, PassName, Predict};
use crate::settings::{AUTO, Engines, Settings};
use crate::support::error::Result;

/// The settings that vary slowest in the order of runs, after the seed. The others follow in the order of
/// `FIELDS`.
const SLOWEST: [&str; 8] =
    ["hidden_size", "proj_size", "seq_len", "batch_size", "input_size", "layers", "dtype", "init"];

/// The expansion of the grids of an experiment.
pub struct Expansion<'a> {
    spec: &'a Spec,
    inputs: &'a Inputs,
    machine: &'a Machine,
    /// True for each `exclude` rule that has left out a run.
    used: Vec<bool>,
}

impl<'a> Expansion<'a> {
    pub fn new(spec: &'a Spec, inputs: &'a Inputs, machine: &'a Machine) -> Expansion<'a> {
        Expansion { spec, inputs, machine, used: vec![false; spec.exclude.len()] }
    }

    /// The index of the first `exclude` rule that has left out no run.
    pub fn unused_rule(&self) -> Option<usize> {
        self.used.iter().position(|used| !used)
    }

    /// Adds the runs of one kind.
    pub fn part(&mut self, part: &Part, runs: &mut Vec<Run>) -> Result<()> {
        let kind = part.measure.kind();
        // The time of a pass does not depend on its numbers, so speed needs one seed.
        let seeds = if kind == ExperimentKind::Speed { &self.spec.seeds[..1] } else { &self.spec.seeds[..] };
        let first = runs.len();
        let files = WeightsFiles::read(self.spec, part)?;
        let mut points = Vec::new();
        for shape in &part.grid.shapes {
            let mut settings = Settings::blank(kind);
            for value in shape {
                value.field.set(&mut settings, &value.text).expect("values are checked in the config");
            }
            for settings in product(&sweeps(part), settings) {
                points.push(self.completed(part, settings)?);
            }
        }
        // The seed varies slowest: the runs that are compared seed by seed are made close together in time.
        for &seed in seeds {
            for point in &points {
                self.push(Settings { seed, ..point.clone() }, (&part.measure, &files), first, runs)?;
            }
        }
        Ok(())
    }

    /// Fills in the settings that depend on the data, the device and the training.
    fn completed(&self, part: &Part, mut settings: Settings) -> Result<Settings> {
        let task = &self.spec.task;
        let learns = part.measure.training().is_some();
        let input = self.inputs.of(learns);
        if let (TaskSpec::Images { .. }, Some(input)) = (task, input) {
            settings.seq_len = input.steps().unwrap_or(settings.seq_len);
        }
        if let Some(input) = input {
            let holds = input.holds(settings.seq_len, settings.batch_size, one_excerpt_each(task));
            holds.map_err(|error| at_its_key(self.spec, error))?;
        }
        if task.fixes_input_size() {
            settings.input_size = input.map(Input::features).or(task.features()).unwrap_or(0);
        }
        settings.task = described(task, input);
        settings.device = self.machine.device.clone();
        settings.threads = self.machine.threads;
        self.resolve_engine(part, &mut settings);
        if let Some(training) = part.measure.training() {
            settings.optimizer = Some(training.optimizer.name);
            self.resolve_sizes(training, &mut settings);
            if !settings.is_recurrent() {
                let engine = Engines::default();
                settings = Settings { cell: None, init: None, proj_size: None, engine, ..settings };
            }
        }
        Ok(settings)
    }

    /// Replaces `auto`: speed gets all engines but `recompute` and `cuda` that support cell and device.
    /// Training gets one engine, and gradients and Jacobians the engine with exact adjoints.
    fn resolve_engine(&self, part: &Part, settings: &mut Settings) {
        let on_cpu = self.machine.device == "cpu";
        let cell = settings.cell.map(crate::cell::cell);
        let serves = |name: &EngineName| {
            // `recompute` is made for memory and for any cell, not for speed. `cuda` is experimental.
            !matches!(name, EngineName::Recompute | EngineName::Cuda)
                && cell.is_some_and(|cell| engine(*name).serves(cell))
                && (*name != EngineName::Simd || on_cpu)
        };
        let named = engine_words(part);
        match settings.kind {
            ExperimentKind::Speed => {
                let all = EngineName::ALL.iter().copied().filter(serves).collect();
                let engines = if named == [AUTO] {
                    all
                } else {
                    named.iter().filter_map(|word| word.parse().ok()).collect()
                };
                let frameworks = part.measure.frameworks().to_vec();
                settings.engine = Engines { engines, frameworks };
            }
            ExperimentKind::Training if named == [AUTO] => {
                let Some(cell) = settings.cell else { return };
                let engine = match step_changes(settings).next() {
                    Some(_) => EngineName::Fused,
                    None => auto::engine(self.machine, settings.dtype, cell, PassName::Train),
                };
                settings.engine = Engines::one(engine);
            }
            ExperimentKind::Gradients | ExperimentKind::Jacobian if named == [AUTO] => {
                settings.engine = cell.map_or_else(Engines::default, |cell| Engines::one(exact_engine(cell)));
            }
            _ => {}
        }
    }

    fn resolve_sizes(&self, training: &TrainingSpec, settings: &mut Settings) {
        if let Some(sizes) = &training.layer_sizes {
            (settings.hidden_size, settings.layers) = (sizes[0], sizes.len());
        }
        if let Some(budget) = training.parameter_budget {
            let task = &self.spec.task;
            let shape = ModelShape::of_run(task, settings, training.heads, self.inputs.of(true));
            let is_known = shape.is_known(task);
            settings.hidden_size = if is_known { shape.hidden_size(settings.layers, budget) } else { 0 };
        }
    }

    fn push(
        &mut self,
        settings: Settings,
        (measure, files): (&Measure, &WeightsFiles),
        first: usize,
        runs: &mut Vec<Run>,
    ) -> Result<()> {
        let mut excluded = false;
        for (rule, used) in self.spec.exclude.iter().zip(&mut self.used) {
            let fits = rule.fits(&settings);
            *used |= fits;
            excluded |= fits;
        }
        if excluded {
            return Ok(());
        }
        rules::check(self.spec, &settings, measure)?;
        let input = self.inputs.of(measure.training().is_some());
        let given = Given {
            data_sha256: input.map(|input| input.sha256().to_string()),
            weights: files.of(&settings),
        };
        let forced_isa = self.machine.isa_is_forced.then_some(self.machine.isa);
        let run = Run::new(settings, self.spec.task.clone(), given, measure.clone(), forced_isa);
        // A model without recurrent layers does not depend on cell, init and engine: it is one run.
        let again = !run.settings.is_recurrent() && runs[first..].iter().any(|other| other.id == run.id);
        if !again {
            runs.push(run);
        }
        Ok(())
    }
}

/// The sweeps of the grid, the slowest first. The engines of `speed` are no sweep: one run times all of
/// them.
fn sweeps(part: &Part) -> Vec<&Sweep> {
    let speed = part.measure.kind() == ExperimentKind::Speed;
    let swept = |sweep: &&Sweep| {
        let engine = sweep.field.name == "engine";
        !(engine && (speed || sweep.values == [AUTO]))
    };
    let mut sweeps: Vec<&Sweep> = part.grid.sweeps.iter().filter(swept).collect();
    sweeps.sort_by_key(|sweep| {
        SLOWEST.iter().position(|name| *name == sweep.field.name).unwrap_or(SLOWEST.len())
    });
    sweeps
}

fn engine_words(part: &Part) -> &[String] {
    let engines = part.grid.sweeps.iter().find(|sweep| sweep.field.name == "engine");
    engines.map_or(&[], |sweep| &sweep.values)
}

/// Every combination of the values. The first sweep varies slowest.
fn product(sweeps: &[&Sweep], start: Settings) -> Vec<Settings> {
    sweeps.iter().fold(vec![start], |points, sweep| {
        let with = |point: &Settings, text: &String| {
            let mut point = point.clone();
            sweep.field.set(&mut point, text).expect("values are checked in the config");
            point
        };
        points.iter().flat_map(|point| sweep.values.iter().map(move |text| with(point, text))).collect()
    })
}

/// Returns true if the sequences are independent excerpts of a text, not parallel streams.
fn one_excerpt_each(task: &TaskSpec) -> bool {
    matches!(task, TaskSpec::Text { corpus: CorpusSpec { predict: Predict::LastStep, .. }, .. })
}

/// The name of a task with its data or variant.
fn described(task: &TaskSpec, input: Option<&Input>) -> String {
    let name = task.name();
    match task {
        TaskSpec::Noise
        | TaskSpec::CopyMemory { .. }
        | TaskSpec::TemporalOrder { .. }
        | TaskSpec::Xor
        | TaskSpec::SelectiveCopy { .. } => name.to_string(),
        TaskSpec::ModularSum { modulus, .. } => format!("{name} {modulus}"),
        TaskSpec::Adding { variant } => format!("{name} {variant}"),
        TaskSpec::Images { dataset, permuted } => {
            format!("{name} {dataset}{}", if *permuted { " permuted" } else { "" })
        }
        TaskSpec::Text { .. } => {
            input.map_or_else(|| name.to_string(), |input| format!("{name} {}", input.title()))
        }
    }
}
