//! The checked config: every word known, every number in range, nothing optional that is needed.

use std::path::PathBuf;
use std::str::FromStr;

use super::init::Init;
use super::names::{CellName, Dtype, Encoding, EngineName, Kind, Lags, LossName, Pass, TaskName};
use super::source::Source;
use super::wire::{GridWire, OneOrMany, ShapeWire, TaskWire, Wire};
use crate::error::{ConfigError, Result};
use crate::words::unknown;

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
    pub task: Task,
    /// What is measured over which grid, in the config's order.
    pub parts: Vec<Part>,
    /// Grid points to leave out.
    pub exclude: Vec<Vec<(String, String)>>,
}

/// Where sequences come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Independent standard normal numbers.
    Noise,
    /// Characters of a text.
    Text {
        /// Which text.
        of: TextSource,
        /// How a character becomes a vector.
        encoding: Encoding,
    },
}

/// Which text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    /// A dataset that `lstm-lab data` knows.
    Dataset(String),
    /// Any UTF-8 file.
    File(PathBuf),
}

/// One kind of measurement over one grid.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is measured, and how.
    pub measure: Measure,
    /// What is swept.
    pub grid: Grid,
}

/// What is measured, and how.
#[derive(Debug, Clone)]
pub enum Measure {
    /// Norms of the gradient at every step.
    Gradients {
        /// What is differentiated.
        loss: LossName,
        /// Steps between probe points of an engine without visible states; `None`: about fifty points.
        split_every: Option<usize>,
        /// At which lags rows are written.
        lags: Lags,
    },
    /// Engine against engine, in seconds.
    Speed {
        /// Which passes are timed.
        passes: Vec<Pass>,
        /// Samples of each engine and pass.
        samples: usize,
        /// Passes of each engine before the first sample.
        warmup: usize,
        /// After how many seconds no further round of samples starts.
        budget_seconds: f64,
    },
}

impl Measure {
    /// The kind's name.
    pub fn kind(&self) -> Kind {
        match self {
            Measure::Gradients { .. } => Kind::Gradients,
            Measure::Speed { .. } => Kind::Speed,
        }
    }
}

/// What is swept: each list is an axis.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Cells.
    pub cell: Vec<CellName>,
    /// Engines: an axis for `gradients`, interleaved within each run for `speed`.
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
    /// Units of each layer.
    pub hidden_size: usize,
}

impl Spec {
    /// Checks a config.
    ///
    /// # Errors
    /// The first key whose value is not usable, with its line.
    pub fn check(source: &Source, stem: &str) -> Result<Spec> {
        let mut resolved = source.wire()?.resolve(stem);
        let check = Check { source };
        let name = check.name(&resolved)?;
        let task = check.task(resolved.task.as_mut().unwrap_or(&mut TaskWire::default()))?;
        let seeds = check.seeds(&resolved)?;
        let parts = check.parts(&resolved, &task)?;
        let exclude = check.exclude(&resolved)?;
        Ok(Spec { name, resolved, seeds, task, parts, exclude })
    }
}

/// Checks values and says which key is at fault.
struct Check<'a> {
    source: &'a Source,
}

impl Check<'_> {
    fn name(&self, wire: &Wire) -> Result<String, ConfigError> {
        let name = wire.name.clone().unwrap_or_default();
        let fine = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        if name.trim().is_empty() || name.starts_with('.') || !name.chars().all(fine) {
            return Err(self.source.error(
                "name",
                format!("expected a directory name of letters, digits, `-`, `_`, `.`, found `{name}`"),
            ));
        }
        Ok(name)
    }

    fn word<T: FromStr<Err = String>>(&self, key: &str, word: &str) -> Result<T, ConfigError> {
        word.parse().map_err(|problem: String| self.source.error(key, problem))
    }

    fn words<T: FromStr<Err = String> + PartialEq>(
        &self,
        key: &str,
        words: &Option<OneOrMany<String>>,
    ) -> Result<Vec<T>, ConfigError> {
        let mut values = Vec::new();
        for word in words.iter().flat_map(|words| &words.0) {
            let value = self.word(key, word)?;
            if values.contains(&value) {
                return Err(self
                    .source
                    .error(key, format!("expected each value once, found `{word}` again")));
            }
            values.push(value);
        }
        if values.is_empty() {
            return Err(self.source.error(key, "expected at least one value, found an empty list"));
        }
        Ok(values)
    }

    fn size(&self, key: &str, value: i64) -> Result<usize, ConfigError> {
        usize::try_from(value).ok().filter(|size| (1..=1 << 40).contains(size)).ok_or_else(|| {
            self.source.error(key, format!("expected a whole number of at least 1, found {value}"))
        })
    }

    fn sizes(&self, key: &str, values: &Option<OneOrMany<i64>>) -> Result<Vec<usize>, ConfigError> {
        let values = values.as_ref().map(|values| values.0.as_slice()).unwrap_or_default();
        let sizes = values.iter().map(|value| self.size(key, *value)).collect::<Result<Vec<_>, _>>()?;
        if sizes.is_empty() {
            return Err(self.source.error(key, "expected at least one value, found an empty list"));
        }
        match sizes.iter().enumerate().find(|(n, size)| sizes[..*n].contains(size)) {
            Some((_, twice)) => {
                Err(self.source.error(key, format!("expected each value once, found {twice} again")))
            }
            None => Ok(sizes),
        }
    }

    fn seeds(&self, wire: &Wire) -> Result<Vec<u64>, ConfigError> {
        let seeds = wire.seeds.as_ref().map(|seeds| seeds.0.as_slice()).unwrap_or_default();
        if seeds.is_empty() {
            return Err(self.source.error("seeds", "expected at least one seed, found an empty list"));
        }
        let mut checked = Vec::new();
        for seed in seeds {
            let seed = u64::try_from(*seed).map_err(|_| {
                self.source.error("seeds", format!("expected whole numbers of at least 0, found {seed}"))
            })?;
            if checked.contains(&seed) {
                return Err(self
                    .source
                    .error("seeds", format!("expected each seed once, found {seed} again")));
            }
            checked.push(seed);
        }
        Ok(checked)
    }

    /// Checks the task and makes the path of a text file absolute in the resolved config, so that it means the
    /// same wherever that config is run again.
    fn task(&self, wire: &mut TaskWire) -> Result<Task, ConfigError> {
        let name: TaskName = self.word("task.name", wire.name.as_deref().unwrap_or("noise"))?;
        if name == TaskName::Noise {
            for (key, set) in [
                ("task.dataset", wire.dataset.is_some()),
                ("task.file", wire.file.is_some()),
                ("task.encoding", wire.encoding.is_some()),
            ] {
                if set {
                    return Err(self
                        .source
                        .error(key, "belongs to the task `text`, but the task is `noise`"));
                }
            }
            return Ok(Task::Noise);
        }
        let encoding = self.word("task.encoding", wire.encoding.as_deref().unwrap_or("one_hot"))?;
        let of = match (&wire.dataset, &wire.file) {
            (Some(name), None) => TextSource::Dataset(name.clone()),
            (None, Some(file)) => {
                let path = std::path::absolute(file)
                    .map_err(|e| self.source.error("task.file", format!("expected a path, found: {e}")))?;
                wire.file = Some(path.display().to_string());
                TextSource::File(path)
            }
            (Some(_), Some(_)) => {
                return Err(self.source.error("task.file", "expected `dataset` or `file`, found both"));
            }
            (None, None) => {
                return Err(self.source.error(
                    "task.name",
                    "the task `text` needs `task.dataset = \"shakespeare\"` or `task.file = \"PATH\"`",
                ));
            }
        };
        Ok(Task::Text { of, encoding })
    }

    fn parts(&self, wire: &Wire, task: &Task) -> Result<Vec<Part>, ConfigError> {
        let kinds: Vec<Kind> = self.words("kind", &Some(wire.kind.clone()))?;
        for (key, kind, set) in [
            ("gradients", Kind::Gradients, wire.gradients.is_some()),
            ("speed", Kind::Speed, wire.speed.is_some()),
        ] {
            if set && !kinds.contains(&kind) {
                return Err(self
                    .source
                    .error(key, format!("has settings, but `kind` does not name `{key}`")));
            }
        }
        kinds.into_iter().map(|kind| self.part(kind, wire, task)).collect()
    }

    fn part(&self, kind: Kind, wire: &Wire, task: &Task) -> Result<Part, ConfigError> {
        let (measure, grid) = match kind {
            Kind::Gradients => {
                let own = wire.gradients.clone().unwrap_or_default();
                let loss = self.word("gradients.loss", own.loss.as_deref().unwrap_or("last"))?;
                if loss == LossName::Task && *task == Task::Noise {
                    return Err(self.source.error(
                        "gradients.loss",
                        "expected `last` or `sum`, found `task`: the task `noise` has no loss of its own",
                    ));
                }
                let split_every =
                    own.split_every.map(|every| self.size("gradients.split_every", every)).transpose()?;
                let lags = self.word("gradients.lags", own.lags.as_deref().unwrap_or("all"))?;
                (Measure::Gradients { loss, split_every, lags }, own.grid)
            }
            Kind::Speed => {
                let own = wire.speed.clone().unwrap_or_default();
                let budget_seconds = own.budget_seconds.unwrap_or(20.0);
                if !(budget_seconds > 0.0 && budget_seconds.is_finite()) {
                    return Err(self.source.error(
                        "speed.budget_seconds",
                        format!("expected a number of seconds above 0, found {budget_seconds}"),
                    ));
                }
                let measure = Measure::Speed {
                    passes: self.words("speed.pass", &own.pass)?,
                    samples: self.size("speed.samples", own.samples.unwrap_or(30))?,
                    warmup: self.size("speed.warmup", own.warmup.unwrap_or(2))?,
                    budget_seconds,
                };
                (measure, own.grid)
            }
        };
        let grid = self.grid(kind, &grid.unwrap_or_default(), task)?;
        if kind == Kind::Speed && !grid.engine.contains(&EngineName::Builtin) {
            let key = self.grid_key(kind, "engine");
            return Err(self
                .source
                .error(&key, "expected `builtin` among the engines: speed is measured against it"));
        }
        Ok(Part { measure, grid })
    }

    /// Where the user wrote a grid key that counts for `kind`: in the kind's own grid or in the shared one.
    fn grid_key(&self, kind: Kind, key: &str) -> String {
        let own = format!("{kind}.grid.{key}");
        if self.source.sets(&own) { own } else { format!("grid.{key}") }
    }

    fn grid(&self, kind: Kind, wire: &GridWire, task: &Task) -> Result<Grid, ConfigError> {
        let key = |name: &str| self.grid_key(kind, name);
        Ok(Grid {
            cell: self.words(&key("cell"), &wire.cell)?,
            engine: self.words(&key("engine"), &wire.engine)?,
            init: self.words(&key("init"), &wire.init)?,
            layers: self.sizes(&key("layers"), &wire.layers)?,
            dtype: self.words(&key("dtype"), &wire.dtype)?,
            shapes: self.shapes(kind, wire, task)?,
        })
    }

    /// Multiplies the size axes out, in the order hidden size, steps, batch, input, below the joint `shapes`.
    fn shapes(&self, kind: Kind, wire: &GridWire, task: &Task) -> Result<Vec<Shape>, ConfigError> {
        let joint = match &wire.shapes {
            Some(shapes) if shapes.is_empty() => {
                let key = self.grid_key(kind, "shapes");
                return Err(self.source.error(&key, "expected at least one shape, found an empty list"));
            }
            Some(shapes) => shapes.clone(),
            None => vec![ShapeWire::default()],
        };
        let fixed_input = matches!(task, Task::Text { encoding: Encoding::OneHot, .. });
        let mut shapes = Vec::new();
        for shape in &joint {
            for hidden_size in self.axis(kind, "hidden_size", shape.hidden_size, &wire.hidden_size)? {
                for seq_len in self.axis(kind, "seq_len", shape.seq_len, &wire.seq_len)? {
                    for batch_size in self.axis(kind, "batch_size", shape.batch_size, &wire.batch_size)? {
                        let sizes = |input_size| Shape { seq_len, batch_size, input_size, hidden_size };
                        if fixed_input {
                            self.no_input_size(kind, shape, wire)?;
                            shapes.push(sizes(None));
                            continue;
                        }
                        for input in self.axis(kind, "input_size", shape.input_size, &wire.input_size)? {
                            shapes.push(sizes(Some(input)));
                        }
                    }
                }
            }
        }
        Ok(shapes)
    }

    fn axis(
        &self,
        kind: Kind,
        name: &str,
        joint: Option<i64>,
        axis: &Option<OneOrMany<i64>>,
    ) -> Result<Vec<usize>, ConfigError> {
        let key = self.grid_key(kind, name);
        match (joint, axis) {
            (Some(_), Some(_)) => {
                Err(self.source.error(&key, "is set here and in `shapes`; expected it in one of them"))
            }
            (Some(size), None) => Ok(vec![self.size(&self.grid_key(kind, "shapes"), size)?]),
            (None, None) => {
                let shapes = self.grid_key(kind, "shapes");
                Err(self.source.error(&shapes, format!("expected every shape, or none, to set `{name}`")))
            }
            (None, axis) => self.sizes(&key, axis),
        }
    }

    fn no_input_size(&self, kind: Kind, shape: &ShapeWire, wire: &GridWire) -> Result<(), ConfigError> {
        if shape.input_size.is_none() && wire.input_size.is_none() {
            return Ok(());
        }
        let name = if shape.input_size.is_some() { "shapes" } else { "input_size" };
        Err(self.source.error(
            &self.grid_key(kind, name),
            "one-hot text has as many input features as its vocabulary has characters: \
             leave input_size out, or set task.encoding = \"embedding\"",
        ))
    }

    fn exclude(&self, wire: &Wire) -> Result<Vec<Vec<(String, String)>>, ConfigError> {
        const KEYS: &[&str] = &[
            "kind",
            "cell",
            "engine",
            "init",
            "layers",
            "input_size",
            "hidden_size",
            "seq_len",
            "batch_size",
            "dtype",
        ];
        let mut rules = Vec::new();
        for rule in wire.exclude.iter().flatten() {
            let mut pairs = Vec::new();
            for (key, value) in rule {
                if !KEYS.contains(&key.as_str()) {
                    let problem = unknown("grid key", key, KEYS.iter().copied());
                    return Err(self.source.error("exclude", problem));
                }
                let value = match value {
                    toml::Value::String(text) if key == "init" => {
                        self.word::<Init>("exclude", text)?.to_string()
                    }
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Integer(number) => number.to_string(),
                    other => {
                        let problem =
                            format!("expected a string or a whole number for `{key}`, found {other}");
                        return Err(self.source.error("exclude", problem));
                    }
                };
                pairs.push((key.clone(), value));
            }
            rules.push(pairs);
        }
        Ok(rules)
    }
}
