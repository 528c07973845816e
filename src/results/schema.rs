//! The only list of columns. A column is only ever added, at the end.
//!
//! Durations are in seconds, norms in log10, sizes are counts; a missing value is an empty field, never 0.

use serde::{Deserialize, Serialize};

/// One row of `runs.csv`: one run and every setting of its grid point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Hash of the run's resolved settings.
    pub run_id: String,
    /// `ok` or `failed`.
    pub status: String,
    /// What went wrong, empty where nothing did.
    pub error: Option<String>,
    /// Wall-clock time of the run, s.
    pub seconds: Option<f64>,
    /// Peak resident memory of the process up to the end of the run, bytes.
    pub peak_memory: Option<u64>,
    /// `gradients`, `jacobian`, `speed` or `training`.
    pub kind: String,
    /// Where the input came from: `noise`, or `text` with the name of its data.
    pub task: String,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine; for `speed` all engines that were interleaved, separated by spaces.
    pub engine: String,
    /// The init policy as the config writes it, e.g. `orthogonal(1)+forget_bias(1)`.
    pub init: String,
    /// Number of stacked recurrent layers.
    pub layers: usize,
    /// Features of the input at each step.
    pub input_size: usize,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// `f32` or `f64`.
    pub dtype: String,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads libtorch may use.
    pub threads: usize,
    /// What is differentiated: `last`, `sum` or `task`; only for `gradients`.
    pub loss: Option<String>,
    /// The seed of every random number in the run.
    pub seed: u64,
    /// `recurrent`, `attention` or `transformer`; this and what follows only for `training`.
    pub model: Option<String>,
    /// How many numbers are learned.
    pub parameters: Option<usize>,
    /// `sgd`, `rmsprop`, `adam` or `adamw`.
    pub optimizer: Option<String>,
    /// Step size after the warm-up.
    pub learning_rate: Option<f64>,
    /// The norm to which gradients are clipped; 0 for never.
    pub clip_norm: Option<f64>,
    /// Share of the values between layers that is set to 0 in training.
    pub dropout: Option<f64>,
    /// Share of the training data that is learned from.
    #[serde(default)]
    pub train_fraction: Option<f64>,
    /// The processor's own name.
    pub cpu: Option<String>,
    /// What its vectors multiply and add at most, GFLOP/s in f32 on the run's threads, measured before; for `speed`.
    pub fma_peak_gflops: Option<f64>,
}

impl RunRow {
    /// The value of a setting as configs write it, by the name of its column; none where the field is empty or there is no
    /// such column.
    pub fn setting(&self, name: &str) -> Option<String> {
        let row = serde_json::to_value(self).ok()?;
        match row.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            // As Rust prints a number: 1, not 1.0.
            serde_json::Value::Number(number) => Some(number.as_f64()?.to_string()),
            _ => None,
        }
    }
}

/// One row of `gradients.csv`: one gradient norm at one step of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientRow {
    /// The run, as in `runs.csv`.
    pub run_id: String,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// Where the input came from.
    pub task: String,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// The run's seed.
    pub seed: u64,
    /// `total_h`, `total_c`, `direct_h`, `cell_path`, `gate_path` or `input_x`.
    pub quantity: String,
    /// The step, from 1 to T.
    pub t: usize,
    /// T − t.
    pub lag: usize,
    /// log10 of the batch mean of per-sequence L2 norms; empty where the norm is exactly 0.
    pub log10_norm: Option<f64>,
    /// True where the norm is exactly 0.
    pub zero: bool,
    /// The layer, from 0 (nearest the input).
    pub layer: usize,
    /// Updates of the parameters before it was measured; empty outside training.
    #[serde(default)]
    pub step: Option<usize>,
}

/// One row of `training.csv`: one number about one run after so many steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// The run, as in `runs.csv`.
    pub run_id: String,
    /// `recurrent`, `attention` or `transformer`.
    pub model: String,
    /// `rnn`, `lstm` or `gru`; empty for a model without recurrent layers, as are engine and init.
    pub cell: String,
    /// The engine.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// The task with the name of its data or form.
    pub task: String,
    /// Units of each layer.
    pub hidden_size: usize,
    /// T of the task.
    pub seq_len: usize,
    /// Sequences in a batch.
    pub batch_size: usize,
    /// The run's seed.
    pub seed: u64,
    /// Updates of the parameters before it.
    pub step: usize,
    /// Training sequences seen before it.
    pub sequences: usize,
    /// `train` (mean over the steps since the row before), `valid`, or `test` (by the parameters that were best on
    /// `valid`; the step is theirs).
    pub split: String,
    /// `loss`, `accuracy`, `bits_per_character`, `bits_per_word`, `perplexity`, `gradient_norm` (before clipping; mean),
    /// `max_gradient_norm`, `clipped_steps`, `solved` (1 or 0, where a criterion is set).
    pub metric: String,
    /// The number.
    pub value: f64,
    /// `mse`, `nats`, `bits`, `share`, `l2` or nothing.
    pub unit: String,
    /// What chance reaches, where that is known.
    pub chance: Option<f64>,
    /// How many numbers are learned.
    pub parameters: usize,
}

/// One row of `jacobian.csv`: one number about the product of Jacobians ∂s_T/∂s_t of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JacobianRow {
    /// The run, as in `runs.csv`.
    pub run_id: String,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// Where the input came from.
    pub task: String,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// The run's seed.
    pub seed: u64,
    /// `frobenius`, `spectral_norm`, `singular_value`, `condition_number` or `lyapunov`.
    pub quantity: String,
    /// Which singular value or exponent, from 1 for the largest; empty for the others.
    pub index: Option<usize>,
    /// The step t.
    pub t: usize,
    /// T − t: so many Jacobians were multiplied.
    pub lag: usize,
    /// The number; empty where it is a logarithm of 0 or of infinity.
    pub value: Option<f64>,
    /// `log10`, or `nats per step` for `lyapunov`.
    pub unit: String,
    /// True where the number is a logarithm of exactly 0.
    pub zero: bool,
}

/// One row of `gates.csv`: one statistic of one gate of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRow {
    /// The run, as in `runs.csv`.
    pub run_id: String,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// Where the input came from.
    pub task: String,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// The run's seed.
    pub seed: u64,
    /// The layer, from 0.
    pub layer: usize,
    /// The gate: `i`, `f`, `g`, `o` of the LSTM, `r`, `z`, `n` of the GRU, `h` of the RNN.
    pub gate: String,
    /// `mean`, `saturated_low`, `saturated_high`, `mean_log10`, `w_h_spectral_radius` or `w_h_spectral_norm`.
    pub statistic: String,
    /// The number; empty where it is a logarithm of 0.
    pub value: Option<f64>,
}

/// One row of `speed.csv`: one raw timing sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// The run, as in `runs.csv`.
    pub run_id: String,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine (or the other library, `speed.peers`) that was timed.
    pub engine: String,
    /// `forward` (no gradient is recorded) or `train` (forward and backward).
    pub pass: String,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// Features of the input at each step.
    pub input_size: usize,
    /// Units of each layer.
    pub hidden_size: usize,
    /// CPU threads libtorch may use.
    pub threads: usize,
    /// Number of the sample, from 0; samples of one number were taken next to each other in time.
    pub sample: usize,
    /// Wall-clock time of one pass, s.
    pub seconds: f64,
    /// Number of stacked recurrent layers.
    pub layers: usize,
    /// `f32` or `f64`.
    pub dtype: String,
    /// `cpu` or `cuda:N`.
    pub device: String,
}

/// One row of `summary.csv`: one number about one grid point, over its seeds or samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// `gradients`, `jacobian`, `training` or `speed`; `claim` for a test of the claim, `published` for a published result.
    pub kind: String,
    /// What the estimate is of: `slope`, `half_life`, `log10_norm`, `seconds`, `ratio_to_builtin`, …
    pub metric: String,
    /// The quantity (`total_h`, …), the pass (`forward`, `train`); for a claim what is tested, for a published result its
    /// settings.
    pub quantity: String,
    /// The layer, for gradients.
    pub layer: Option<usize>,
    /// The lag, for a norm at one lag.
    pub lag: Option<usize>,
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// Where the input came from.
    pub task: String,
    /// Number of stacked recurrent layers.
    pub layers: usize,
    /// Features of the input at each step.
    pub input_size: usize,
    /// Units of each layer.
    pub hidden_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// `f32` or `f64`.
    pub dtype: String,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads libtorch may use.
    pub threads: usize,
    /// What is differentiated, for gradients.
    pub loss: Option<String>,
    /// The estimate.
    pub estimate: Option<f64>,
    /// Lower end of the 95 % interval; empty where n is too small for one.
    pub ci_low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub ci_high: Option<f64>,
    /// How many seeds or samples the estimate rests on.
    pub n: usize,
    /// The unit of estimate and interval.
    pub unit: String,
    /// What the estimate was judged by, for the kinds `claim` and `published`: other runs, a bound, a published number; what
    /// chance reaches, for training.
    pub against: Option<String>,
    /// The verdict: `supported`, `not supported`, `undecided`; `match`, `miss`, `at chance`, `not comparable`, `not run`.
    pub verdict: Option<String>,
    /// What stands between input and readout, for training.
    pub model: Option<String>,
    /// Step size after the warm-up, for training.
    pub learning_rate: Option<f64>,
    /// A gradient of larger norm was scaled down to this, for training; 0 for never.
    pub clip_norm: Option<f64>,
    /// Share of the training data that was learned from.
    pub train_fraction: Option<f64>,
    /// How many numbers were learned.
    pub parameters: Option<usize>,
}
