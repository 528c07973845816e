//! The settings of a run: the one list of what can vary between two runs of an experiment.
//!
//! A setting is a field of [`Settings`] and a row of [`FIELDS`]. Configs, plans, selectors, CSV files and reports all go
//! through that list, so a new setting is declared here once.

mod engines;
mod field;
pub mod lags;
pub mod names;
mod value;

pub use engines::Engines;
pub use field::{Axis, Field, Form, Label, Of, Table, field};
pub use value::Value;

use serde::Serialize;

use crate::cell::CellName;
use crate::cell::init::Init;
use crate::device::Dtype;
use field::fields;
use names::{ExperimentKind, LossName, ModelName, OptimizerName};

/// Everything that can vary between two runs of an experiment. A field that a run does not have is `None`, or empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// What is measured.
    pub kind: ExperimentKind,
    /// The task with the name of its data or variant: `noise`, `text shakespeare`, `adding 2016`.
    pub task: String,
    /// The network, for training.
    pub model: Option<ModelName>,
    /// The cell; none for a model without recurrent layers, which has no engine and no init either.
    pub cell: Option<CellName>,
    /// The engine; for `speed` everything that is timed side by side.
    pub engine: Engines,
    /// The init policy.
    pub init: Option<Init>,
    /// Number of stacked layers.
    pub layers: usize,
    /// Features of the input at each step, I; 0 while the data that decides it is unknown.
    pub input_size: usize,
    /// Units of each layer, H; 0 while the data that decides it is unknown.
    pub hidden_size: usize,
    /// Steps, T.
    pub seq_len: usize,
    /// Sequences in a batch, B.
    pub batch_size: usize,
    /// The floating-point type.
    pub dtype: Dtype,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads that libtorch and the kernels may use.
    pub threads: usize,
    /// The loss that is differentiated, for `gradients`.
    pub loss: Option<LossName>,
    /// The optimizer, for training.
    pub optimizer: Option<OptimizerName>,
    /// Step size after the warm-up, for training.
    pub learning_rate: Option<f64>,
    /// The norm to which a larger gradient is scaled down, for training; 0 for never.
    pub clip_norm: Option<f64>,
    /// Probability with which a value between two layers is set to 0 in training.
    pub dropout: Option<f64>,
    /// Fraction of the training data that is learned from.
    pub train_fraction: Option<f64>,
    /// The seed of every random number in the run.
    pub seed: u64,
}

impl Settings {
    /// Settings of a kind before anything is chosen: no words, sizes of 0.
    pub fn blank(kind: ExperimentKind) -> Settings {
        Settings {
            kind,
            task: String::new(),
            model: None,
            cell: None,
            engine: Engines::default(),
            init: None,
            layers: 0,
            input_size: 0,
            hidden_size: 0,
            seq_len: 0,
            batch_size: 0,
            dtype: Dtype::F32,
            device: String::new(),
            threads: 0,
            loss: None,
            optimizer: None,
            learning_rate: None,
            clip_norm: None,
            dropout: None,
            train_fraction: None,
            seed: 0,
        }
    }

    /// The value of the setting `name` as configs and CSV files write it; none where the run has no such setting.
    pub fn value(&self, name: &str) -> Option<String> {
        field(name).and_then(|field| field.get(self))
    }

    /// The cell of recurrent layers.
    ///
    /// # Panics
    /// For a model without recurrent layers.
    pub fn cell(&self) -> CellName {
        self.cell.expect("recurrent layers have a cell")
    }

    /// The init policy of recurrent layers.
    ///
    /// # Panics
    /// For a model without recurrent layers.
    pub fn init(&self) -> Init {
        self.init.expect("recurrent layers have an init")
    }

    /// The network: recurrent layers unless training chooses another.
    pub fn model(&self) -> ModelName {
        self.model.unwrap_or(ModelName::Recurrent)
    }

    /// Returns false for a model without recurrent layers.
    pub fn is_recurrent(&self) -> bool {
        self.model != Some(ModelName::Transformer)
    }
}

const fn word(symbol: &'static str) -> Field {
    Field::new(symbol, Form::Word, "")
}

/// A size. A product of two of the largest fits into 128 bits.
const fn size(symbol: &'static str) -> Field {
    Field::new(symbol, Form::Whole, "")
        .range("a whole number from 1 to 2^40", |size| (1.0..=LARGEST).contains(&size))
}

const fn number(symbol: &'static str) -> Field {
    Field::new(symbol, Form::Number, "a number").labelled(Label::Named)
}

const LARGEST: f64 = (1_u64 << 40) as f64;

/// Every setting, in the order of the columns of CSV files. The string is the head of its column in a report.
pub static FIELDS: &[Field] = fields![
    kind: word("kind"),
    task: word("task"),
    model: word("model").swept(Table::Training, |_| "recurrent"),
    cell: word("cell").swept(Table::Grid, |_| "rnn lstm gru"),
    engine: word("engine").swept(Table::Grid, default_engine),
    init: word("init").swept(Table::Grid, |_| "pytorch"),
    layers: size("layers")
        .labelled(Label::Prefix("L"))
        .range("a whole number from 1 to 1000", |layers| (1.0..=1000.0).contains(&layers))
        .swept(Table::Grid, |_| "1"),
    input_size: size("I").labelled(Label::Prefix("I")).swept(Table::Grid, |_| "32"),
    hidden_size: size("H").labelled(Label::Prefix("H")).swept(Table::Grid, |_| "64"),
    seq_len: size("T").labelled(Label::Prefix("T")).swept(Table::Grid, |_| "100"),
    batch_size: size("B").labelled(Label::Prefix("B")).swept(Table::Grid, default_batch_size),
    dtype: word("dtype").swept(Table::Grid, default_dtype),
    device: word("device"),
    threads: size("threads").labelled(Label::Named),
    loss: word("loss").labelled(Label::Named).swept(Table::Gradients, |_| "last"),
    optimizer: word("optimizer"),
    learning_rate: number("learning rate")
        .range("a number above 0", |rate| rate > 0.0 && rate.is_finite())
        .swept(Table::Training, default_rate),
    clip_norm: number("clip norm")
        .range("a number of at least 0", |norm| norm >= 0.0 && norm.is_finite())
        .swept(Table::Training, |_| "0"),
    dropout: number("dropout")
        .range("a probability from 0 up to but not 1", |p| (0.0..1.0).contains(&p))
        .swept(Table::Training, |_| "0"),
    train_fraction: number("train fraction")
        .range("a fraction above 0 and up to 1", |fraction| fraction > 0.0 && fraction <= 1.0)
        .swept(Table::Training, |_| "1"),
    seed: Field::new("seed", Form::Whole, "a whole number of at least 0").labelled(Label::Named),
];

/// The fastest engine for training, all engines for speed, the one with exact adjoints for the rest.
fn default_engine(of: Of) -> &'static str {
    match of.kind {
        ExperimentKind::Training | ExperimentKind::Speed => AUTO,
        ExperimentKind::Gradients | ExperimentKind::Jacobian => "analytic",
    }
}

/// Gradients and products of Jacobians lose digits over many steps.
fn default_dtype(of: Of) -> &'static str {
    match of.kind {
        ExperimentKind::Gradients | ExperimentKind::Jacobian => "f64",
        ExperimentKind::Training | ExperimentKind::Speed => "f32",
    }
}

/// Each sequence has a Jacobian of its own.
fn default_batch_size(of: Of) -> &'static str {
    match of.kind {
        ExperimentKind::Jacobian => "1",
        ExperimentKind::Gradients | ExperimentKind::Speed => "16",
        ExperimentKind::Training => "32",
    }
}

fn default_rate(of: Of) -> &'static str {
    if of.optimizer == OptimizerName::Sgd { "0.1" } else { "0.001" }
}

/// The word for an engine that is chosen where the device and the type are known.
pub const AUTO: &str = "auto";
