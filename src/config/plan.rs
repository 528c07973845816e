//! Grid × seeds → the list of runs, each with a `run_id` that names its settings.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::init::Init;
use super::names::{CellName, Dtype, Encoding, EngineName, Kind, Lags, LossName, Pass, PeerName};
use super::spec::{Grid, Measure, Part, Shape, Spec};
use super::task::Task;
use super::training::Settings;
use super::training::names::{ModelName, TargetSteps};
use super::training::sizing::Frame;
use crate::data::{Input, Inputs};
use crate::error::{Error, Result};

/// Every run of an experiment, in the order in which they are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the experiment and of its results directory.
    pub name: String,
    /// The runs.
    pub runs: Vec<Run>,
}

/// One point of the grid with one seed.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Hash of everything below.
    #[serde(skip)]
    pub id: String,
    /// The settings that every kind has.
    pub point: Point,
    /// What is measured.
    pub measure: RunMeasure,
    /// The seed of every random number in the run.
    pub seed: u64,
}

/// The settings that every kind has.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// `noise`, or another task with the name of its data or form.
    pub task: String,
    /// Checksum of the data, so that other data is another run.
    pub text_sha256: Option<String>,
    /// How a character becomes a vector.
    pub encoding: Option<Encoding>,
    /// The cell.
    pub cell: CellName,
    /// The init policy.
    pub init: Init,
    /// Number of stacked layers.
    pub layers: usize,
    /// Features of the input at each step.
    pub input_size: usize,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// The floating-point type.
    pub dtype: Dtype,
    /// `cpu` or `cuda:N`.
    pub device: String,
}

/// What one run measures.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunMeasure {
    /// Norms of the gradient at every step of one engine.
    Gradients {
        /// The engine.
        engine: EngineName,
        /// What is differentiated.
        loss: LossName,
        /// Steps between probe points, for an engine that shows no inner state.
        split_every: Option<usize>,
        /// At which lags rows are written.
        lags: Lags,
        /// Whether the adjoint is also split by the way it came.
        path_split: bool,
        /// Whether statistics of the gates are written too.
        gates: bool,
    },
    /// Products of the state's Jacobians.
    Jacobian {
        /// The engine.
        engine: EngineName,
        /// At which lags the norm is written.
        lags: Lags,
        /// Steps from one QR decomposition to the next.
        qr_every: usize,
        /// Steps at the end that Lyapunov exponents leave out.
        burn_in: usize,
    },
    /// Engines against each other.
    Speed {
        /// The engines, interleaved.
        engines: Vec<EngineName>,
        /// The passes.
        passes: Vec<Pass>,
        /// Samples of each engine and pass.
        samples: usize,
        /// Passes of each engine before the first sample.
        warmup: usize,
        /// After how many seconds no further round of samples starts.
        budget_seconds: f64,
        /// CPU threads.
        threads: usize,
        /// Other libraries, interleaved with the engines. Left out of the hash where there are none, as before there
        /// were any.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        peers: Vec<PeerName>,
    },
    /// Parameters learned on a task.
    Training(Box<Learning>),
}

/// What one run of training learns, with what.
#[derive(Debug, Clone, Serialize)]
pub struct Learning {
    /// The engine of recurrent layers.
    pub engine: EngineName,
    /// What stands between input and readout.
    pub model: ModelName,
    /// Step size after the warm-up.
    pub learning_rate: f64,
    /// A gradient of larger norm is scaled down to this; 0 for never.
    pub clip_norm: f64,
    /// Share of the training data that is learned from. Left out where it is all, as before there was such a setting: the
    /// runs of then keep their names.
    #[serde(skip_serializing_if = "is_all")]
    pub data_share: f64,
    /// Where sequences come from.
    pub task: Task,
    /// All else.
    pub settings: Settings,
}

fn is_all(share: &f64) -> bool {
    *share == 1.0
}

impl Learning {
    /// Whether recurrent layers are part of the model: cell, engine and init say nothing about one without.
    pub fn is_recurrent(&self) -> bool {
        self.model != ModelName::Transformer
    }
}

impl Run {
    /// The kind of the run.
    pub fn kind(&self) -> Kind {
        match self.measure {
            RunMeasure::Gradients { .. } => Kind::Gradients,
            RunMeasure::Jacobian { .. } => Kind::Jacobian,
            RunMeasure::Speed { .. } => Kind::Speed,
            RunMeasure::Training(_) => Kind::Training,
        }
    }

    /// What is learned, for the kind `training`.
    pub fn learning(&self) -> Option<&Learning> {
        match &self.measure {
            RunMeasure::Training(learning) => Some(learning),
            _ => None,
        }
    }

    /// Whether recurrent layers are part of the run.
    pub fn is_recurrent(&self) -> bool {
        self.learning().is_none_or(Learning::is_recurrent)
    }

    /// The engine, or all interleaved engines and peers separated by spaces; empty for a model without recurrent layers.
    pub fn engines(&self) -> String {
        match &self.measure {
            RunMeasure::Training(learning) if !learning.is_recurrent() => String::new(),
            RunMeasure::Training(learning) => learning.engine.to_string(),
            RunMeasure::Gradients { engine, .. } | RunMeasure::Jacobian { engine, .. } => engine.to_string(),
            RunMeasure::Speed { engines, peers, .. } => {
                let engines = engines.iter().map(|engine| engine.as_str());
                engines.chain(peers.iter().map(|peer| peer.as_str())).collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// One line for a person: what this run is.
    pub fn describe(&self) -> String {
        let p = &self.point;
        let layers = if p.layers > 1 { format!(" layers={}", p.layers) } else { String::new() };
        let seed = if self.kind() == Kind::Speed { String::new() } else { format!(" seed={}", self.seed) };
        let recurrent = || format!("{} [{}] {}", p.cell, self.engines(), p.init);
        let what = match self.learning() {
            None => recurrent(),
            Some(learning) => {
                let (rate, clip) = (learning.learning_rate, learning.clip_norm);
                let clip = if clip > 0.0 { format!(" clip={clip}") } else { String::new() };
                let share = learning.data_share;
                let share = if share < 1.0 { format!(" data={share}") } else { String::new() };
                let model = match learning.model {
                    ModelName::Recurrent => recurrent(),
                    ModelName::Attention => format!("{} attention", recurrent()),
                    ModelName::Transformer => ModelName::Transformer.to_string(),
                };
                format!("{model} lr={rate}{clip}{share}")
            }
        };
        format!(
            "{} {what} {}{layers} T={} B={} I={} H={} {}{seed}",
            self.kind(),
            p.task,
            p.seq_len,
            p.batch_size,
            p.input_size,
            p.hidden_size,
            p.dtype
        )
    }

    fn identified(mut self) -> Run {
        let settings = serde_json::to_vec(&self).expect("settings are plain data");
        let hash = Sha256::digest(&settings);
        self.id = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        self
    }
}

impl Plan {
    /// Multiplies a spec out. `inputs` are the data that the task names, `device` and `threads` where it will run.
    ///
    /// # Errors
    /// A grid point that makes no sense, an `exclude` rule that fits no point, a text that is too short, a claim without
    /// the runs that it is about.
    pub fn new(spec: &Spec, inputs: &Inputs, device: &str, threads: usize) -> Result<Plan> {
        let mut expand = Expansion { spec, inputs, device, threads, used: vec![false; spec.exclude.len()] };
        let mut runs = Vec::new();
        for part in &spec.parts {
            expand.part(part, &mut runs)?;
        }
        if let Some(unused) = expand.used.iter().position(|used| !used) {
            return Err(Error::Usage(format!(
                "{}: rule {} of `exclude` fits no grid point; expected each rule to leave something out",
                spec.name,
                unused + 1
            )));
        }
        if runs.is_empty() {
            return Err(Error::Usage(format!("{}: `exclude` leaves no grid point over", spec.name)));
        }
        spec.claim.iter().try_for_each(|claim| claim.fits(&spec.name, &runs))?;
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
            return Err(Error::Usage(format!(
                "{}: the engine `simd` works on the CPU only, but the device is {}; \
                 expected --device cpu, or the engine `analytic`",
                self.spec.name, self.device
            )));
        }
        if !part.measure.peers().is_empty() && self.device != "cpu" {
            return Err(Error::Usage(format!(
                "{}: peers are timed on the CPU only, but the device is {}; expected --device cpu",
                self.spec.name, self.device
            )));
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
        let input = self.inputs.of(part.measure.kind() == Kind::Training);
        if let Some(input) = input {
            input.holds(shape.seq_len, shape.batch_size, one_excerpt_each(task))?;
        }
        let seq_len = match (task, input) {
            (Task::Images { .. }, Some(input)) => input.steps().unwrap_or(shape.seq_len),
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
            Measure::Gradients { loss, split_every, lags, path_split, gates } => {
                for &engine in &part.grid.engine {
                    let split_every = (engine == EngineName::Builtin)
                        .then(|| split_every.unwrap_or_else(|| point.seq_len.div_ceil(50)));
                    let (loss, lags, path_split, gates) = (*loss, *lags, *path_split, *gates);
                    let measure =
                        RunMeasure::Gradients { engine, loss, split_every, lags, path_split, gates };
                    self.push_seeds(&point, &measure, runs)?;
                }
                Ok(())
            }
            Measure::Jacobian { lags, qr_every, burn_in } => {
                let burn_in = burn_in.unwrap_or(point.seq_len / 10);
                if burn_in + 1 >= point.seq_len {
                    return Err(Error::Usage(format!(
                        "{}: jacobian.burn_in: expected fewer steps than the lags of the sequence ({}), found {burn_in}",
                        self.spec.name,
                        point.seq_len - 1
                    )));
                }
                for &engine in &part.grid.engine {
                    let (lags, qr_every) = (*lags, *qr_every);
                    let measure = RunMeasure::Jacobian { engine, lags, qr_every, burn_in };
                    self.push_seeds(&point, &measure, runs)?;
                }
                Ok(())
            }
            // The numbers that are multiplied do not change how long that takes: one seed is enough.
            Measure::Speed { passes, samples, warmup, budget_seconds, peers } => {
                let measure = RunMeasure::Speed {
                    engines: part.grid.engine.clone(),
                    passes: passes.clone(),
                    samples: *samples,
                    warmup: *warmup,
                    budget_seconds: *budget_seconds,
                    threads: self.threads,
                    peers: peers.clone(),
                };
                self.push(point, measure, self.spec.seeds[0], runs)
            }
            Measure::Training { axes, settings } => {
                let engines = self.engines(&part.grid, point.dtype);
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

    /// The engines of training: those that are named, or the fastest one that serves device and type.
    fn engines(&self, grid: &Grid, dtype: Dtype) -> Vec<EngineName> {
        match (grid.engine.is_empty(), self.device, dtype) {
            (false, _, _) => grid.engine.clone(),
            (true, "cpu", Dtype::F32) => vec![EngineName::Simd],
            (true, "cpu", Dtype::F64) => vec![EngineName::Analytic],
            // cuDNN's.
            (true, _, _) => vec![EngineName::Builtin],
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
        let run = Run { id: String::new(), point, measure, seed };
        if self.excluded(&run) {
            return Ok(());
        }
        let fits = if run.is_recurrent() { run.point.init.fits(run.point.cell) } else { Ok(()) };
        fits.map_err(|problem| Error::Usage(format!("{}: {problem}", self.spec.name)))?;
        runs.push(run.identified());
        Ok(())
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
fn one_excerpt_each(task: &Task) -> bool {
    matches!(task, Task::Text { corpus, .. } if corpus.targets == TargetSteps::Last)
}

/// A task in one line, with its data or form.
fn described(task: &Task, input: Option<&Input>) -> String {
    let name = task.name();
    match task {
        Task::Noise | Task::CopyMemory { .. } | Task::TemporalOrder { .. } => name.to_string(),
        Task::Adding { form } => format!("{name} {form}"),
        Task::Images { dataset, permuted } => {
            format!("{name} {dataset}{}", if *permuted { " permuted" } else { "" })
        }
        Task::Text { .. } => {
            input.map_or_else(|| name.to_string(), |input| format!("{name} {}", input.title()))
        }
    }
}
