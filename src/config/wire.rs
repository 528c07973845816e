//! The config file as serde sees it: every key there is, plain types, unknown keys refused.
//!
//! `resolve` fills in every default, so that what is saved beside the results says all that was assumed.

use std::fmt;
use std::marker::PhantomData;

use super::claim::ClaimWire;
use super::grid::AUTO;
use super::training::wire::TrainingWire;
use serde::de::{self, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole config file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    /// Name of the results directory; default: the file's name without `.toml`.
    pub name: Option<String>,
    /// The question that the experiment asks.
    pub question: Option<String>,
    /// Where the claim or the method comes from.
    pub source: Option<String>,
    /// The expected outcome.
    pub expect: Option<String>,
    /// How long it takes, and on what machine.
    pub run_time: Option<String>,
    /// `gradients`, `jacobian`, `speed`, `training`, or a list of them.
    pub kind: OneOrMany<String>,
    /// One run a seed.
    pub seeds: Option<OneOrMany<i64>>,
    /// Grid points to leave out: each a table of settings and the values they must all have.
    pub exclude: Option<Vec<toml::Table>>,
    /// What is said of the networks, and what decides it.
    pub claim: Option<ClaimWire>,
    /// Where sequences come from.
    pub task: Option<TaskWire>,
    /// What is swept, for every kind.
    pub grid: Option<GridWire>,
    /// Settings of the kind `gradients`.
    pub gradients: Option<GradientsWire>,
    /// Settings of the kind `jacobian`.
    pub jacobian: Option<JacobianWire>,
    /// Settings of the kind `speed`.
    pub speed: Option<SpeedWire>,
    /// Settings of the kind `training`.
    pub training: Option<TrainingWire>,
}

/// `[task]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskWire {
    /// `noise`, `text`, `adding`, `copy_memory`, `temporal_order` or `images`.
    pub name: Option<String>,
    /// For `text` and `images`: a dataset that `lstm-lab data` knows.
    pub dataset: Option<String>,
    /// For `text`: any UTF-8 file instead, relative to the working directory.
    pub file: Option<String>,
    /// For a task with symbols: `one_hot` or `embedding`.
    pub encoding: Option<String>,
    /// For training on `text`: `character` or `word`.
    pub level: Option<String>,
    /// For training on `text`: shares of the splits train, valid and test, in the text's order.
    pub split: Option<[f64; 3]>,
    /// For training on `text`: how many characters from its beginning are used.
    pub limit: Option<i64>,
    /// For `text` by words: a word that is rarer in the training split is unknown.
    pub min_count: Option<i64>,
    /// For training on `text`: `every` or `last`.
    pub targets: Option<String>,
    /// With `targets = "last"`: steps from the start of one excerpt to that of the next.
    pub stride: Option<i64>,
    /// For `adding`: `2016` or `1997`.
    pub form: Option<String>,
    /// For `images`: whether the pixels come in one fixed random order.
    pub permuted: Option<bool>,
}

/// The axes of `[grid]`: all its keys but `shapes`.
pub const GRID_KEYS: &[&str] =
    &["cell", "engine", "init", "layers", "input_size", "hidden_size", "seq_len", "batch_size", "dtype"];

/// `[grid]`: every key takes one value or a list, and a list is swept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridWire {
    /// Cells.
    pub cell: Option<OneOrMany<String>>,
    /// Engines.
    pub engine: Option<OneOrMany<String>>,
    /// Init policies.
    pub init: Option<OneOrMany<String>>,
    /// Numbers of stacked layers.
    pub layers: Option<OneOrMany<i64>>,
    /// Features of the input at each step.
    pub input_size: Option<OneOrMany<i64>>,
    /// Units of each layer.
    pub hidden_size: Option<OneOrMany<i64>>,
    /// Steps.
    pub seq_len: Option<OneOrMany<i64>>,
    /// Sequences in a batch.
    pub batch_size: Option<OneOrMany<i64>>,
    /// `f32` or `f64`.
    pub dtype: Option<OneOrMany<String>>,
    /// Sizes that vary together instead of each with each.
    pub shapes: Option<Vec<ShapeWire>>,
}

/// One entry of `grid.shapes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeWire {
    /// Sequences in a batch.
    pub batch_size: Option<i64>,
    /// Steps.
    pub seq_len: Option<i64>,
    /// Features of the input at each step.
    pub input_size: Option<i64>,
    /// Units of each layer.
    pub hidden_size: Option<i64>,
}

impl fmt::Display for ShapeWire {
    /// As in the config: `{ seq_len = 20, batch_size = 4 }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = [
            ("seq_len", self.seq_len),
            ("batch_size", self.batch_size),
            ("input_size", self.input_size),
            ("hidden_size", self.hidden_size),
        ];
        let set = sizes.into_iter().filter_map(|(name, size)| Some(format!("{name} = {}", size?)));
        write!(f, "{{ {} }}", set.collect::<Vec<_>>().join(", "))
    }
}

/// `[gradients]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradientsWire {
    /// `last`, `sum` or `task`.
    pub loss: Option<String>,
    /// Steps between the probe points of an engine that shows no inner state (`builtin`).
    pub split_every: Option<i64>,
    /// `all` or `log`: at which lags rows are written.
    pub lags: Option<String>,
    /// Whether the adjoint is also split by the way it came (engine `analytic`).
    pub path_split: Option<bool>,
    /// Whether statistics of the gates are written too.
    pub gates: Option<bool>,
    /// Overrides of `[grid]` for this kind.
    pub grid: Option<GridWire>,
}

/// `[jacobian]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JacobianWire {
    /// `all` or `log`: at which lags the norm is written.
    pub lags: Option<String>,
    /// Steps from one QR decomposition to the next.
    pub qr_every: Option<i64>,
    /// Steps at the end of the sequence that Lyapunov exponents leave out, so that the directions can settle.
    pub burn_in: Option<i64>,
    /// Overrides of `[grid]` for this kind.
    pub grid: Option<GridWire>,
}

/// `[speed]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeedWire {
    /// `forward`, `train` or both.
    pub pass: Option<OneOrMany<String>>,
    /// Samples of each engine and pass.
    pub samples: Option<i64>,
    /// Passes of each engine before the first sample.
    pub warmup: Option<i64>,
    /// No further round of samples starts after this many seconds (but five are always taken).
    pub budget_seconds: Option<f64>,
    /// Other libraries to be timed beside the engines.
    pub peers: Option<OneOrMany<String>>,
    /// Overrides of `[grid]` for this kind.
    pub grid: Option<GridWire>,
}

impl Wire {
    /// Fills in every default. `stem` is the config file's name without its ending.
    ///
    /// The grid of each kind becomes complete (kind's own keys, else `[grid]`'s, else the default), and the
    /// shared `[grid]` disappears.
    pub fn resolve(mut self, stem: &str) -> Wire {
        self.name.get_or_insert_with(|| stem.to_string());
        self.seeds.get_or_insert_with(|| OneOrMany(vec![1]));
        let task = self.task.get_or_insert_default();
        let of_text = task.dataset.is_some() || task.file.is_some();
        task.name.get_or_insert_with(|| if of_text { "text" } else { "noise" }.to_string());
        let one_hot = "one_hot".to_string();
        let fixed_input = match task.name.as_deref() {
            Some("text" | "copy_memory" | "temporal_order") => {
                *task.encoding.get_or_insert_with(|| one_hot.clone()) == one_hot
            }
            Some("adding") => {
                task.form.get_or_insert_with(|| "2016".to_string());
                true
            }
            Some("images") => {
                task.permuted.get_or_insert(false);
                true
            }
            _ => false,
        };

        let fixed_steps = task.name.as_deref() == Some("images");
        let fixed = Fixed { input_size: fixed_input, seq_len: fixed_steps, hidden_size: false };
        let shared = self.grid.take().unwrap_or_default();
        let has = |kind: &str| self.kind.0.iter().any(|k| k == kind);
        if has("gradients") {
            let own = self.gradients.get_or_insert_default();
            own.loss.get_or_insert_with(|| "last".to_string());
            own.lags.get_or_insert_with(|| "all".to_string());
            own.path_split.get_or_insert(false);
            own.gates.get_or_insert(false);
            let grid = own.grid.take().unwrap_or_default().or(&shared);
            own.grid = Some(grid.resolve("analytic", "f64", 16, fixed));
        }
        if has("jacobian") {
            let own = self.jacobian.get_or_insert_default();
            own.lags.get_or_insert_with(|| "log".to_string());
            own.qr_every.get_or_insert(1);
            let grid = own.grid.take().unwrap_or_default().or(&shared);
            own.grid = Some(grid.resolve("analytic", "f64", 1, fixed));
        }
        if has("speed") {
            let own = self.speed.get_or_insert_default();
            own.pass.get_or_insert_with(|| OneOrMany(vec!["forward".into(), "train".into()]));
            own.samples.get_or_insert(30);
            own.warmup.get_or_insert(2);
            own.budget_seconds.get_or_insert(20.0);
            let grid = own.grid.take().unwrap_or_default().or(&shared);
            own.grid = Some(grid.resolve(AUTO, "f32", 16, fixed));
        }
        if has("training") {
            let own = self.training.get_or_insert_default();
            own.resolve();
            let mut grid = own.grid.take().unwrap_or_default().or(&shared);
            if let Some(sizes) = own.layer_sizes.as_deref().filter(|sizes| !sizes.is_empty()) {
                grid.hidden_size.get_or_insert_with(|| OneOrMany(vec![sizes[0]]));
                grid.layers.get_or_insert_with(|| OneOrMany(vec![sizes.len() as i64]));
            }
            let sized = own.parameters.is_some();
            own.grid = Some(grid.resolve(AUTO, "f32", 32, Fixed { hidden_size: sized, ..fixed }));
        }
        self
    }
}

impl GridWire {
    /// This grid's keys, and where it has none the other's. A size that `shapes` sets here hides the other's.
    fn or(self, other: &GridWire) -> GridWire {
        let other = other.clone();
        let shaped = self.shapes.is_some();
        let own_sizes = self.batch_size.is_some()
            || self.seq_len.is_some()
            || self.input_size.is_some()
            || self.hidden_size.is_some();
        let unless_shaped = |own: Option<_>, other| own.or(if shaped { None } else { other });
        GridWire {
            cell: self.cell.or(other.cell),
            engine: self.engine.or(other.engine),
            init: self.init.or(other.init),
            layers: self.layers.or(other.layers),
            input_size: unless_shaped(self.input_size, other.input_size),
            hidden_size: unless_shaped(self.hidden_size, other.hidden_size),
            seq_len: unless_shaped(self.seq_len, other.seq_len),
            batch_size: unless_shaped(self.batch_size, other.batch_size),
            dtype: self.dtype.or(other.dtype),
            shapes: self.shapes.or(if own_sizes { None } else { other.shapes }),
        }
    }

    fn resolve(mut self, engine: &str, dtype: &str, batch_size: i64, fixed: Fixed) -> GridWire {
        let words = |words: &[&str]| OneOrMany(words.iter().map(|word| word.to_string()).collect());
        let one = |n: i64| OneOrMany(vec![n]);
        self.cell.get_or_insert_with(|| words(&["rnn", "lstm", "gru"]));
        self.engine.get_or_insert_with(|| words(&[engine]));
        self.init.get_or_insert_with(|| words(&["pytorch"]));
        self.layers.get_or_insert_with(|| one(1));
        self.dtype.get_or_insert_with(|| words(&[dtype]));
        let in_shapes = |has: fn(&ShapeWire) -> bool| self.shapes.iter().flatten().any(has);
        let shaped = [
            in_shapes(|s| s.input_size.is_some()),
            in_shapes(|s| s.hidden_size.is_some()),
            in_shapes(|s| s.seq_len.is_some()),
            in_shapes(|s| s.batch_size.is_some()),
        ];
        if !shaped[0] && !fixed.input_size {
            self.input_size.get_or_insert_with(|| one(32));
        }
        if !shaped[1] && !fixed.hidden_size {
            self.hidden_size.get_or_insert_with(|| one(64));
        }
        if !shaped[2] && !fixed.seq_len {
            self.seq_len.get_or_insert_with(|| one(100));
        }
        if !shaped[3] {
            self.batch_size.get_or_insert_with(|| one(batch_size));
        }
        self
    }
}

/// Sizes that the grid does not decide.
#[derive(Clone, Copy)]
struct Fixed {
    /// Decided by the task.
    input_size: bool,
    /// Decided by the task's data.
    seq_len: bool,
    /// Decided by `training.parameters`.
    hidden_size: bool,
}

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

/// Hands a lone value to `T` itself, so that a wrong type is reported as plainly as it is inside a list.
struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("one value or a list of values")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(OneOrMany(vec![T::deserialize(value.into_deserializer())?]))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(OneOrMany(vec![T::deserialize(value.into_deserializer())?]))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(OneOrMany(vec![T::deserialize(value.into_deserializer())?]))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(OneOrMany(vec![T::deserialize(value.into_deserializer())?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(OneOrMany(values))
    }
}
