//! Grid × seeds → the list of runs.

use std::collections::BTreeSet;

use super::sizing::Frame;
use crate::cell::CellName;
use crate::cell::init::Init;
use crate::config::check::Check;
use crate::config::measure::Gradients;
use crate::config::spec::{Grid, Measure, Part, Shape, Spec};
use crate::config::task::TaskSpec;
use crate::data::{Input, Inputs};
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::plan::run::{Learning, Point, Run, RunMeasure};
use crate::settings::names::Predict;
use crate::settings::names::{Encoding, ExperimentKind};
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
        if !part.measure.peers().is_empty() && self.device != "cpu" {
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
                            let point = self.point(part, (cell, init), layers, dtype, shape)?;
                            self.runs_at(part, point, runs)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn point(
        &self,
        part: &Part,
        (cell, init): (CellName, Init),
        layers: usize,
        dtype: Dtype,
        shape: Shape,
    ) -> Result<Point> {
        let task = &self.spec.task;
        let input = self.inputs.of(part.measure.kind() == ExperimentKind::Training);
        if let Some(input) = input {
            input.holds(shape.seq_len, shape.batch_size, one_excerpt_each(task))?;
        }
        let seq_len = match (task, input) {
            (TaskSpec::Images { .. }, Some(input)) => input.steps().unwrap_or(shape.seq_len),
            _ => shape.seq_len,
        };
        let features = input.map(|input| input.features());
        Ok(Point {
            task: described(task, input),
            text_sha256: input.map(|input| input.sha256().to_string()),
            encoding: task.encoding(),
            cell,
            init,
            layers,
            input_size: shape.input_size.or(features).or(task.features()).unwrap_or(1),
            // Where the number of parameters decides it, `push_learning` fills it in.
            hidden_size: shape.hidden_size.unwrap_or(0),
            seq_len,
            batch_size: shape.batch_size,
            dtype,
            device: self.device.to_string(),
        })
    }

    fn runs_at(&mut self, part: &Part, point: Point, runs: &mut Vec<Run>) -> Result<()> {
        match &part.measure {
            Measure::Gradients(settings) => {
                for &engine in &part.grid.engine {
                    let split_every = (engine == EngineName::Builtin)
                        .then(|| settings.split_every.unwrap_or_else(|| point.seq_len.div_ceil(50)));
                    let settings = Gradients { split_every, ..*settings };
                    self.push_seeds(&point, &RunMeasure::Gradients { engine, settings }, runs)?;
                }
                Ok(())
            }
            Measure::Jacobian { settings, burn_in } => {
                let (settings, burn_in) = (*settings, burn_in.unwrap_or(point.seq_len / 10));
                for &engine in &part.grid.engine {
                    self.push_seeds(&point, &RunMeasure::Jacobian { engine, settings, burn_in }, runs)?;
                }
                Ok(())
            }
            // The numbers that are multiplied do not change how long that takes: one seed is enough.
            Measure::Speed { timing, peers } => {
                let measure = RunMeasure::Speed {
                    engines: self.engines(ExperimentKind::Speed, &part.grid, point.dtype),
                    timing: timing.clone(),
                    threads: self.threads,
                    peers: peers.clone(),
                };
                self.push(point, measure, self.spec.seeds[0], runs)
            }
            Measure::Training { axes, settings } => {
                let engines = self.engines(ExperimentKind::Training, &part.grid, point.dtype);
                for &engine in &engines {
                    for &model in &axes.model {
                        for &learning_rate in &axes.learning_rate {
                            for &clip_norm in &axes.clip_norm {
                                for &data_share in &axes.data_share {
                                    let learning = Learning {
                                        engine,
                                        model,
                                        learning_rate,
                                        clip_norm,
                                        data_share,
                                        task: self.spec.task.clone(),
                                        task_revision: self.spec.task.revision(point.dtype),
                                        settings: settings.as_ref().clone(),
                                    };
                                    let first = engine == engines[0];
                                    self.push_learning(part, &point, learning, first, runs)?;
                                }
                            }
                        }
                    }
                }
                Ok(())
            }
        }
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
    fn push_learning(
        &mut self,
        part: &Part,
        point: &Point,
        learning: Learning,
        first_engine: bool,
        runs: &mut Vec<Run>,
    ) -> Result<()> {
        let grid = &part.grid;
        let first = first_engine && (point.cell, point.init) == (grid.cell[0], grid.init[0]);
        if !learning.is_recurrent() && !first {
            return Ok(());
        }
        let point = match learning.settings.parameters {
            Some(wanted) => {
                let hidden_size = self.frame(point, &learning).hidden_size(wanted);
                Point { hidden_size, ..point.clone() }
            }
            None => point.clone(),
        };
        self.push_seeds(&point, &RunMeasure::Training(Box::new(learning)), runs)
    }

    /// What the number of parameters of a run's model hangs on.
    fn frame(&self, point: &Point, learning: &Learning) -> Frame {
        let input = self.inputs.of(true);
        let embedding = point.encoding == Some(Encoding::Embedding);
        let symbols = || input.map(Input::features).or(learning.task.features()).unwrap_or(0);
        Frame {
            model: learning.model,
            cell: point.cell,
            layers: point.layers,
            heads: learning.settings.heads,
            input_size: point.input_size,
            outputs: input.map(Input::classes).or(learning.task.outputs()).unwrap_or(1),
            embedded: if embedding { symbols() } else { 0 },
            positions: learning.task.longest(point.seq_len),
        }
    }

    fn push_seeds(&mut self, point: &Point, measure: &RunMeasure, runs: &mut Vec<Run>) -> Result<()> {
        let seeds = &self.spec.seeds;
        seeds.iter().try_for_each(|seed| self.push(point.clone(), measure.clone(), *seed, runs))
    }

    fn push(&mut self, point: Point, measure: RunMeasure, seed: u64, runs: &mut Vec<Run>) -> Result<()> {
        let run = Run::new(point, measure, seed);
        if self.excluded(&run) {
            return Ok(());
        }
        let fits = if run.is_recurrent() { run.point.init.fits(run.point.cell) } else { Ok(()) };
        fits.map_err(|problem| self.wrong(run.kind(), "init", &problem))?;
        runs.push(run);
        Ok(())
    }

    /// An error about a key of the grid.
    fn wrong(&self, kind: ExperimentKind, key: &str, problem: &str) -> Error {
        let check = Check { source: &self.spec.source };
        check.source.error(&check.grid_key(kind, key), problem).into()
    }

    fn excluded(&mut self, run: &Run) -> bool {
        let fits: Vec<bool> =
            self.spec.exclude.iter().map(|rule| rule.fits(|name| run.setting(name))).collect();
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
