//! Grid × seeds → the list of runs.

use std::collections::BTreeSet;

use super::run::Run;
use super::sizing::Frame;
use crate::cell::CellName;
use crate::cell::init::Init;
use crate::config::check::Check;
use crate::config::spec::{Grid, Measure, Part, Shape, Spec};
use crate::config::task::TaskSpec;
use crate::config::training::TrainingSpec;
use crate::data::{Input, Inputs};
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::Predict;
use crate::settings::names::{Encoding, ExperimentKind};
use crate::settings::{Engines, Settings};
use crate::support::error::{Error, Result};

/// Every run of an experiment, in the order in which they are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the experiment and of its results directory.
    pub name: String,
    /// The runs.
    pub runs: Vec<Run>,
}

impl Plan {
    /// Multiplies a spec out. `inputs` are the data that the task names, `device` and `threads` where it will run.
    ///
    /// # Errors
    /// A grid point that makes no sense, one that comes twice, an `exclude` rule that fits no point, a text that is too short, a claim without
    /// the runs that it is about.
    pub fn new(spec: &Spec, inputs: &Inputs, device: &str, threads: usize) -> Result<Plan> {
        let mut expand = Expansion { spec, inputs, device, threads, used: vec![false; spec.exclude.len()] };
        let mut runs = Vec::new();
        for part in &spec.parts {
            expand.part(part, &mut runs)?;
        }
        if let Some(unused) = expand.used.iter().position(|used| !used) {
            let problem = "fits no grid point; expected each rule to leave something out";
            return Err(spec.source.error(&format!("exclude[{unused}]"), problem).into());
        }
        if runs.is_empty() {
            let problem = "leaves no grid point over; expected rules that leave some";
            return Err(spec.source.error("exclude", problem).into());
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = runs.iter().find(|run| !ids.insert(&run.id)) {
            let problem = format!("expected grid points that differ, found `{}` twice", twice.describe());
            return Err(spec.source.error("grid", problem).into());
        }
        spec.claim.iter().try_for_each(|claim| claim.fits(&spec.source, &runs))?;
        spec.targets.fit(&spec.name, &runs)?;
        Ok(Plan { name: spec.name.clone(), runs })
    }
}

/// A grid being multiplied out.
struct Expansion<'a> {
    spec: &'a Spec,
    inputs: &'a Inputs,
    device: &'a str,
    threads: usize,
    /// Which `exclude` rules have left something out.
    used: Vec<bool>,
}

impl Expansion<'_> {
    fn part(&mut self, part: &Part, runs: &mut Vec<Run>) -> Result<()> {
        let Grid { cell, init, layers, dtype, shapes, engine } = &part.grid;
        if engine.contains(&EngineName::Simd) && self.device != "cpu" {
            let problem = format!(
                "the engine `simd` works on the CPU only, but the device is {}; \
                 expected --device cpu, or the engine `analytic`",
                self.device
            );
            return Err(self.wrong(part.measure.kind(), "engine", &problem));
        }
        if !part.frameworks.is_empty() && self.device != "cpu" {
            let problem = format!(
                "peers are timed on the CPU only, but the device is {}; expected --device cpu",
                self.device
            );
            return Err(self.spec.source.error("speed.peers", problem).into());
        }
        for &shape in shapes {
            for &layers in layers {
                for &dtype in dtype {
                    for &init in init {
                        for &cell in cell {
                            let settings = self.settings(part, (cell, init), layers, dtype, shape)?;
                            self.runs_at(part, settings, runs)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn settings(
        &self,
        part: &Part,
        (cell, init): (CellName, Init),
        layers: usize,
        dtype: Dtype,
        shape: Shape,
    ) -> Result<Settings> {
        let task = &self.spec.task;
        let kind = part.measure.kind();
        let input = self.inputs.of(kind == ExperimentKind::Training);
        if let Some(input) = input {
            input.holds(shape.seq_len, shape.batch_size, one_excerpt_each(task))?;
        }
        let seq_len = match (task, input) {
            (TaskSpec::Images { .. }, Some(input)) => input.steps().unwrap_or(shape.seq_len),
            _ => shape.seq_len,
        };
        let features = input.map(|input| input.features());
        Ok(Settings {
            task: described(task, input),
            cell: Some(cell),
            init: Some(init),
            layers,
            input_size: shape.input_size.or(features).or(task.features()).unwrap_or(1),
            // Where the number of parameters decides it, `push_learning` fills it in.
            hidden_size: shape.hidden_size.unwrap_or(0),
            seq_len,
            batch_size: shape.batch_size,
            dtype,
            device: self.device.to_string(),
            threads: self.threads,
            ..Settings::blank(kind)
        })
    }

    fn runs_at(&mut self, part: &Part, settings: Settings, runs: &mut Vec<Run>) -> Result<()> {
        match &part.measure {
            Measure::Gradients(_) | Measure::Jacobian(_) => {
                for &engine in &part.grid.engine {
                    let settings = Settings {
                        engine: Engines::one(engine),
                        loss: part.losses.first().copied(),
                        ..settings.clone()
                    };
                    self.push_seeds(&settings, &part.measure, runs)?;
                }
                Ok(())
            }
            // The numbers that are multiplied do not change how long that takes: one seed is enough.
            Measure::Speed(_) => {
                let engines = self.engines(ExperimentKind::Speed, &part.grid, settings.dtype);
                let engine = Engines { engines, frameworks: part.frameworks.clone() };
                let settings = Settings { engine, seed: self.spec.seeds[0], ..settings };
                self.push(settings, part.measure.clone(), runs)
            }
            Measure::Training(training) => self.training_at(part, training, settings, runs),
        }
    }

    fn training_at(
        &mut self,
        part: &Part,
        training: &TrainingSpec,
        settings: Settings,
        runs: &mut Vec<Run>,
    ) -> Result<()> {
        let axes = &part.axes;
        let engines = self.engines(ExperimentKind::Training, &part.grid, settings.dtype);
        for &engine in &engines {
            for &model in &axes.model {
                for &learning_rate in &axes.learning_rate {
                    for &clip_norm in &axes.clip_norm {
                        for (&dropout, &train_fraction) in
                            axes.dropout.iter().flat_map(|p| axes.train_fraction.iter().map(move |f| (p, f)))
                        {
                            let settings = Settings {
                                engine: Engines::one(engine),
                                model: Some(model),
                                optimizer: Some(training.optimizer.name),
                                learning_rate: Some(learning_rate),
                                clip_norm: Some(clip_norm),
                                dropout: Some(dropout),
                                train_fraction: Some(train_fraction),
                                ..settings.clone()
                            };
                            self.push_training(part, training, settings, engine == engines[0], runs)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The engines that are named; where none is, for training the fastest one that serves device and type, for speed all.
    fn engines(&self, kind: ExperimentKind, grid: &Grid, dtype: Dtype) -> Vec<EngineName> {
        if !grid.engine.is_empty() {
            return grid.engine.clone();
        }
        let serves = |engine| engine != EngineName::Simd || (self.device == "cpu" && dtype == Dtype::F32);
        match (kind, self.device) {
            (ExperimentKind::Speed, _) => {
                EngineName::ALL.iter().copied().filter(|engine| serves(*engine)).collect()
            }
            (_, "cpu") if serves(EngineName::Simd) => vec![EngineName::Simd],
            (_, "cpu") => vec![EngineName::Analytic],
            // cuDNN's.
            _ => vec![EngineName::Builtin],
        }
    }

    /// A model without recurrent layers is the same at every cell, init and engine: it is run at the first of each.
    fn push_training(
        &mut self,
        part: &Part,
        training: &TrainingSpec,
        mut settings: Settings,
        first_engine: bool,
        runs: &mut Vec<Run>,
    ) -> Result<()> {
        let grid = &part.grid;
        let first =
            first_engine && (settings.cell, settings.init) == (Some(grid.cell[0]), Some(grid.init[0]));
        if !settings.is_recurrent() && !first {
            return Ok(());
        }
        if let Some(wanted) = training.parameters {
            settings.hidden_size = self.frame(&settings, training).hidden_size(wanted);
        }
        if !settings.is_recurrent() {
            settings = Settings { cell: None, init: None, engine: Engines::default(), ..settings };
        }
        self.push_seeds(&settings, &part.measure, runs)
    }

    /// What the number of parameters of a run's model hangs on.
    fn frame(&self, settings: &Settings, training: &TrainingSpec) -> Frame {
        let input = self.inputs.of(true);
        let task = &self.spec.task;
        let embedding = task.encoding() == Some(Encoding::Embedding);
        let symbols = || input.map(Input::features).or(task.features()).unwrap_or(0);
        Frame {
            model: settings.model(),
            cell: settings.cell.unwrap_or(CellName::Rnn),
            layers: settings.layers,
            heads: training.heads,
            input_size: settings.input_size,
            outputs: input.map(Input::classes).or(task.outputs()).unwrap_or(1),
            embedded: if embedding { symbols() } else { 0 },
            positions: task.longest(settings.seq_len),
        }
    }

    fn push_seeds(&mut self, settings: &Settings, measure: &Measure, runs: &mut Vec<Run>) -> Result<()> {
        let seeds = self.spec.seeds.clone();
        let push = |seed| self.push(Settings { seed, ..settings.clone() }, measure.clone(), runs);
        seeds.into_iter().try_for_each(push)
    }

    fn push(&mut self, settings: Settings, measure: Measure, runs: &mut Vec<Run>) -> Result<()> {
        let input = self.inputs.of(settings.kind == ExperimentKind::Training);
        let data_sha256 = input.map(|input| input.sha256().to_string());
        let run = Run::new(settings, self.spec.task.clone(), data_sha256, measure);
        if self.excluded(&run) {
            return Ok(());
        }
        if let (Some(init), Some(cell)) = (run.settings.init, run.settings.cell) {
            init.fits(cell).map_err(|problem| self.wrong(run.settings.kind, "init", &problem))?;
        }
        runs.push(run);
        Ok(())
    }

    /// An error about a key of the grid.
    fn wrong(&self, kind: ExperimentKind, key: &str, problem: &str) -> Error {
        let check = Check { source: &self.spec.source };
        check.source.error(&check.grid_key(kind, key), problem).into()
    }

    fn excluded(&mut self, run: &Run) -> bool {
        let fits: Vec<bool> = self.spec.exclude.iter().map(|rule| rule.fits(&run.settings)).collect();
        for (used, fits) in self.used.iter_mut().zip(&fits) {
            *used |= fits;
        }
        fits.contains(&true)
    }
}

/// Whether excerpts of a text are drawn on their own, and not as streams side by side.
fn one_excerpt_each(task: &TaskSpec) -> bool {
    matches!(task, TaskSpec::Text { corpus, .. } if corpus.targets == Predict::Last)
}

/// A task in one line, with its data or form.
fn described(task: &TaskSpec, input: Option<&Input>) -> String {
    let name = task.name();
    match task {
        TaskSpec::Noise | TaskSpec::CopyMemory { .. } | TaskSpec::TemporalOrder { .. } => name.to_string(),
        TaskSpec::Adding { form } => format!("{name} {form}"),
        TaskSpec::Images { dataset, permuted } => {
            format!("{name} {dataset}{}", if *permuted { " permuted" } else { "" })
        }
        TaskSpec::Text { .. } => {
            input.map_or_else(|| name.to_string(), |input| format!("{name} {}", input.title()))
        }
    }
}
