//! The settings of a run: the one list of values that can differ between two runs of an experiment.
//!
//! A setting is a field of [`Settings`] and a row of [`FIELDS`]. Configs, plans, selectors, CSV files
//! and reports all read that list, so a new setting is declared here once.

mod engines;
mod field;
mod init;
pub mod lags;
pub mod names;
pub mod schema;
mod value;

pub use engines::Engines;
pub use field::{Axis, Field, Form, Label, Of, Table, field};
pub use init::{InitFile, InitSetting, is_name};
pub use value::Value;

use std::ops::Bound::{Excluded, Included, Unbounded};

use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::{CellName, StateSize};
use crate::device::Dtype;
use field::fields;
use names::{ExperimentKind, LossName, ModelName, OptimizerName};

/// The values that can differ between two runs of an experiment. A setting that a run does not have is
/// `None` or empty. A size is 0 while the data that determines it is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Settings {
    /// The measurement: `gradients`, `jacobian`, `speed` or `training`.
    pub kind: ExperimentKind,
    /// The task with the name of its data or variant: `noise`, `text shakespeare`, `adding 2016`.
    pub task: String,
    /// The model that is trained: `recurrent` (default), `attention` or `transformer`.
    pub model: Option<ModelName>,
    /// The cell of recurrent layers, one of the cells of `lstm-lab list`; default: `rnn`, `lstm` and `gru`.
    /// The model `transformer` has none.
    pub cell: Option<CellName>,
    /// The engine: `stepwise`, `fused`, `analytic`, `recompute`, `scan`, `simd` (on the CPU), `cuda` (on
    /// CUDA, experimental) or `builtin`; default: `auto`. `stepwise`, `fused` and `recompute` run every
    /// cell, `scan` runs `minlstm`, `mingru` and `lru`, `builtin` runs `rnn`, `lstm`, `gru`, `relu_rnn` and
    /// `lstm_projected`, `cuda` runs `lstm` in f32, and the others run `rnn`, `lstm` and `gru`. `auto` is
    /// never part of a list. For `gradients` and `jacobian` it means `analytic` where it runs the cell, else
    /// `recompute`; `jacobian` takes these two only. For `training` it means one engine by measured times
    /// (see [kernels.md](kernels.md)). For `speed` it means all engines but `recompute` and `cuda` that
    /// support cell and device. `speed` times all engines of the list in one run. `builtin` must be among
    /// them, or `fused` for a cell that `builtin` does not run: the reference of the others.
    #[schemars(schema_with = "engines::schema")]
    pub engine: Engines,
    /// The init policy of recurrent layers, such as `orthogonal(1.2)` or `pytorch+forget_bias(1)`;
    /// default: `pytorch`. `gradients` and `jacobian` also take the parameters of a file,
    /// `{ file = "PATH" }`.
    #[schemars(schema_with = "init::schema")]
    pub init: Option<InitSetting>,
    /// The number of stacked layers, L, from 1 to 1000; default: 1.
    pub layers: usize,
    /// The number of input features per step, I, from 1 to 2^40; default: 32. Only for `noise` and for
    /// `encoding = "embedding"`; other data determines it.
    pub input_size: usize,
    /// The number of hidden units of each layer, H, from 1 to 2^40; default: 64.
    pub hidden_size: usize,
    /// The size of h, P, of the cell `lstm_projected`, from 1 to below `hidden_size`; default: 0, which is
    /// for the other cells. c and the gates have H units, and h is a projection of them. PyTorch's `nn.LSTM`
    /// has it under this name.
    #[serde(skip_serializing_if = "is_off")]
    pub proj_size: Option<usize>,
    /// The number of steps, T, from 1 to 2^40; default: 100. `jacobian`, `adding` and `xor` need at least 2
    /// steps; `temporal_order`, `selective_copy` and the variant `1997` of `adding` need 10. Not for
    /// `images`, which have one step per pixel.
    pub seq_len: usize,
    /// The number of sequences in a batch, B, from 1 to 2^40. Default: 16 for `gradients` and `speed`, 1
    /// for `jacobian` (its only value), 32 for `training`.
    pub batch_size: usize,
    /// The floating-point type: `f32` or `f64`. Default: `f64` for `gradients` and `jacobian` (its only
    /// value), `f32` for `speed` and `training`.
    pub dtype: Dtype,
    /// The device, `cpu` or `cuda:N`, from the option `--device`.
    pub device: String,
    /// The number of CPU threads that libtorch and the kernels may use, from the option `--threads`.
    pub threads: usize,
    /// The loss that `gradients` differentiates: `last` (default), `sum` or `task`. `last` is a random
    /// unit vector times h_T, `sum` the same vector times every h_t. `task` is the task's own loss, for
    /// `text` only.
    pub loss: Option<LossName>,
    /// The optimizer of `training`.
    pub optimizer: Option<OptimizerName>,
    /// The learning rate after the warm-up, above 0; default: 0.1 for `sgd`, 0.001 for the others.
    pub learning_rate: Option<f64>,
    /// The L2 norm to which a larger gradient is scaled down, at least 0; default: 0, for no clipping.
    pub clip_norm: Option<f64>,
    /// The probability that dropout sets an output of a layer to 0, from 0 to below 1; default: 0. It acts on
    /// the output of every layer, also of the last. `dropout` of PyTorch's `nn.LSTM` leaves out the last
    /// layer, so it does nothing for one layer.
    pub dropout: Option<f64>,
    /// The standard deviation of Gaussian noise on every weight, at least 0; default: 0. Each update draws
    /// new noise, computes the gradient at the noisy weights and applies it to the weights without noise
    /// (Graves 2011).
    pub weight_noise: Option<f64>,
    /// The share of the units of h that the recurrent products do not see in training, from 0 to below 1;
    /// default: 0. A sequence has one mask m for all steps and gates: the products see m ⊙ h_{t−1} / (1 −
    /// p) (Gal & Ghahramani 2016). Keras has it under this name, with a mask for each gate of a GRU. Only
    /// for the engine `fused`, which `auto` then means.
    #[serde(skip_serializing_if = "is_off")]
    pub recurrent_dropout: Option<f64>,
    /// The probability that a unit of h keeps its value at a step of training, from 0 to below 1; default:
    /// 0. h_t = d ⊙ h_{t−1} + (1 − d) ⊙ h̃_t with d from Bernoulli(p) (Krueger et al. 2017). Evaluations
    /// and probes have p in place of d. Only for the engine `fused`, which `auto` then means.
    #[serde(skip_serializing_if = "is_off")]
    pub zoneout_h: Option<f64>,
    /// The same probability for the states that a cell carries beside h, such as c of the LSTM; default: 0.
    #[serde(skip_serializing_if = "is_off")]
    pub zoneout_c: Option<f64>,
    /// The probability that a step of training passes no gradient to h_{t−1} through the recurrent products,
    /// from 0 to 1; default: 0. The gradient along c stays (Kanuparthi et al. 2019). The draw of a step holds
    /// for the whole batch. Only for the engine `fused`, which `auto` then means.
    #[serde(skip_serializing_if = "is_off")]
    pub h_detach: Option<f64>,
    /// The factor λ of the penalty for recurrent matrices that are not orthogonal, at least 0; default: 0.
    /// The loss of an update gets λ Σ ‖WᵀW − I‖², summed over the recurrent matrices W of all gates and
    /// layers, with the Frobenius norm (Vorontsov et al. 2017). Rows of the loss are without it.
    #[serde(skip_serializing_if = "is_off")]
    pub orthogonal_penalty: Option<f64>,
    /// The steps from one truncated backward pass to the next, h′ of BPTT(h; h′) (Williams & Peng 1990);
    /// default: 0, for one pass through the whole sequence. The loss of these steps goes back through the
    /// last `tbptt_back` steps of the batch. The gradient of an update is the sum over the batch. Only for
    /// the model `recurrent`.
    #[serde(skip_serializing_if = "is_off")]
    pub tbptt_every: Option<usize>,
    /// The steps that each truncated backward pass goes back, h of BPTT(h; h′), at least `tbptt_every`;
    /// default: 0, for no truncation.
    #[serde(skip_serializing_if = "is_off")]
    pub tbptt_back: Option<usize>,
    /// The updates of gradient flossing before the training (Engelken 2023); default: 0. Each lowers the mean
    /// of the squared first `flossing_exponents` Lyapunov exponents of each layer, over a batch of the
    /// training, with the optimizer and the learning rate of the training.
    #[serde(skip_serializing_if = "is_off")]
    pub flossing: Option<usize>,
    /// The fraction of the training data of `text` or `images` that is used, above 0 and at most 1;
    /// default: 1.
    pub train_fraction: Option<f64>,
    /// The seed of every random number in the run, one of `seeds`.
    pub seed: u64,
}

impl Settings {
    /// The settings of a kind before any value is chosen: texts are empty, sizes are 0.
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
            proj_size: None,
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
            weight_noise: None,
            recurrent_dropout: None,
            zoneout_h: None,
            zoneout_c: None,
            h_detach: None,
            orthogonal_penalty: None,
            tbptt_every: None,
            tbptt_back: None,
            flossing: None,
            train_fraction: None,
            seed: 0,
        }
    }

    /// The value of the setting `name` as configs and CSV files write it; `None` if the run has no such
    /// setting.
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

    /// The sizes of the states of each recurrent layer.
    pub fn state_size(&self) -> StateSize {
        StateSize::new(self.hidden_size as i64, self.proj_size.unwrap_or(0) as i64)
    }

    /// The model: recurrent layers, unless training chooses another.
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

/// A size. The product of two sizes fits into 128 bits.
const fn size(symbol: &'static str) -> Field {
    Field::new(symbol, Form::Whole, "")
        .range("a whole number from 1 to 2^40", (Included(1.0), Included(LARGEST)))
}

const fn number(symbol: &'static str, name: &'static str) -> Field {
    Field::new(symbol, Form::Number, "a number").labelled(Label::Named(name))
}

/// A probability that is 0 by default and below 1.
const fn probability(symbol: &'static str, name: &'static str) -> Field {
    number(symbol, name)
        .range("a probability from 0 up to but not 1", (Included(0.0), Excluded(1.0)))
        .swept(Table::Training, |_| "0")
}

/// A number of steps that is 0 by default.
const fn steps(symbol: &'static str, name: &'static str) -> Field {
    Field::new(symbol, Form::Whole, "")
        .labelled(Label::Named(name))
        .range("a whole number of at least 0", (Included(0.0), Included(LARGEST)))
        .swept(Table::Training, |_| "0")
}

/// Returns true for a number that is 0 or absent. The ids of runs are the same as before the setting existed.
fn is_off<T: Default + PartialEq>(number: &Option<T>) -> bool {
    number.as_ref().is_none_or(|number| *number == T::default())
}

const LARGEST: f64 = (1_u64 << 40) as f64;

/// Every setting, in the order of the CSV columns. The string is the column header in a report.
pub static FIELDS: &[Field] = fields![
    kind: word("kind"),
    task: word("task"),
    model: word("model").swept(Table::Training, |_| "recurrent"),
    cell: word("cell").swept(Table::Grid, |_| "rnn lstm gru"),
    engine: word("engine").swept(Table::Grid, |_| AUTO),
    init: word("init").swept(Table::Grid, |_| "pytorch"),
    layers: size("layers")
        .labelled(Label::Prefix("L"))
        .range("a whole number from 1 to 1000", (Included(1.0), Included(1000.0)))
        .swept(Table::Grid, |_| "1"),
    input_size: size("I").labelled(Label::Prefix("I")).swept(Table::Grid, |_| "32"),
    hidden_size: size("H").labelled(Label::Prefix("H")).swept(Table::Grid, |_| "64"),
    proj_size: Field::new("P", Form::Whole, "")
        .labelled(Label::Prefix("P"))
        .range("a whole number from 0 to 2^40", (Included(0.0), Included(LARGEST)))
        .swept(Table::Grid, |_| "0"),
    seq_len: size("T").labelled(Label::Prefix("T")).swept(Table::Grid, |_| "100"),
    batch_size: size("B").labelled(Label::Prefix("B")).swept(Table::Grid, default_batch_size),
    dtype: word("dtype").swept(Table::Grid, default_dtype),
    device: word("device"),
    threads: size("threads").labelled(Label::Named("threads")),
    loss: word("loss").labelled(Label::Named("loss")).swept(Table::Gradients, |_| "last"),
    optimizer: word("optimizer"),
    learning_rate: number("learning rate", "lr")
        .range("a number above 0", (Excluded(0.0), Unbounded))
        .swept(Table::Training, default_rate),
    clip_norm: number("clip norm", "clip")
        .range("a number of at least 0", (Included(0.0), Unbounded))
        .swept(Table::Training, |_| "0"),
    dropout: probability("dropout", "dropout"),
    weight_noise: number("weight noise", "noise")
        .range("a number of at least 0", (Included(0.0), Unbounded))
        .swept(Table::Training, |_| "0"),
    recurrent_dropout: probability("recurrent dropout", "rec_dropout"),
    zoneout_h: probability("zoneout of h", "zoneout_h"),
    zoneout_c: probability("zoneout of c", "zoneout_c"),
    h_detach: number("h-detach", "h_detach")
        .range("a probability from 0 to 1", (Included(0.0), Included(1.0)))
        .swept(Table::Training, |_| "0"),
    orthogonal_penalty: number("orthogonal penalty", "orthogonal")
        .range("a number of at least 0", (Included(0.0), Unbounded))
        .swept(Table::Training, |_| "0"),
    tbptt_every: steps("truncation, every", "tbptt_every"),
    tbptt_back: steps("truncation, back", "tbptt_back"),
    flossing: steps("flossing", "flossing"),
    train_fraction: number("train fraction", "train")
        .range("a fraction above 0 and up to 1", (Excluded(0.0), Included(1.0)))
        .swept(Table::Training, |_| "1"),
    seed: Field::new("seed", Form::Whole, "a whole number of at least 0").labelled(Label::Named("seed")),
];

/// f64 for gradients and Jacobians, whose products lose digits over many steps.
fn default_dtype(of: Of) -> &'static str {
    match of.kind {
        ExperimentKind::Gradients | ExperimentKind::Jacobian => "f64",
        ExperimentKind::Training | ExperimentKind::Speed => "f32",
    }
}

/// 1 for Jacobians, since each sequence has its own Jacobian.
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

/// The name for an engine that is chosen once cell, device and dtype are known.
pub const AUTO: &str = "auto";
