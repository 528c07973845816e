//! The columns of every CSV file.
//!
//! The columns of settings follow those of the row itself: see [`table`](super::table). Durations are in
//! seconds, norms are log10, sizes are counts. A missing value is an empty field, never 0.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A row of one of the files of an experiment.
pub trait Row: Serialize + DeserializeOwned {
    /// The name of the file.
    const FILE: &'static str;
}

macro_rules! files {
    ($($row:ident: $file:literal),+) => { $(impl Row for $row { const FILE: &'static str = $file; })+ };
}
files!(
    RunRow: "runs.csv",
    PlanRow: "plan.csv",
    GradientRow: "gradients.csv",
    FitRow: "fits.csv",
    TrainingRow: "training.csv",
    SampleRow: "samples.csv",
    JacobianRow: "jacobian.csv",
    GateRow: "gates.csv",
    WeightRow: "weights.csv",
    SpeedRow: "speed.csv",
    SummaryRow: "summary.csv"
);

/// The files with the rows of runs, besides `runs.csv`.
pub const RUN_TABLES: [&str; 8] = [
    GradientRow::FILE,
    FitRow::FILE,
    JacobianRow::FILE,
    GateRow::FILE,
    WeightRow::FILE,
    SpeedRow::FILE,
    TrainingRow::FILE,
    SampleRow::FILE,
];

/// The split of rows about sequences of further lengths.
pub const LENGTHS: &str = "lengths";

/// The split of rows about the steps of test sequences.
pub const POSITIONS: &str = "positions";

/// One run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// A hash of the run's settings and data.
    pub run_id: String,
    /// `ok`, `failed`, or `killed` for a run during which the process was killed.
    pub status: String,
    /// The error message of a run that is not `ok`.
    pub error: Option<String>,
    /// Wall-clock time of the run, s.
    pub seconds: Option<f64>,
    /// Peak resident memory of the process up to the end of the run, bytes; for timings that of the largest
    /// process, without those of frameworks.
    pub peak_memory: Option<u64>,
    /// Largest number of bytes that tensors on the CUDA device have had at once during the run; for timings
    /// that of the largest process. Empty on the CPU.
    pub peak_device_memory: Option<u64>,
    /// Number of trainable parameters, for training.
    pub parameters: Option<usize>,
    /// Number of rows of the run in all other tables.
    pub rows: Option<usize>,
    /// The name of the processor.
    pub cpu: Option<String>,
    /// Peak of the processor's vector units in f32 on the run's threads, GFLOP/s, with the vectors of the
    /// engine `simd`. It is the larger of two measurements, before and after a run of kind `speed` on the
    /// CPU.
    pub fma_peak_gflops: Option<f64>,
    /// Rate at which the run's threads read half of their second-level caches, GB/s; measured like
    /// `fma_peak_gflops`.
    pub l2_read_gbs: Option<f64>,
    /// Rate at which the run's threads read half of the third-level cache together, GB/s. Empty if the part
    /// of a thread is less than twice its second-level cache.
    pub l3_read_gbs: Option<f64>,
    /// Rate at which the run's threads read memory together, GB/s.
    pub memory_read_gbs: Option<f64>,
    /// The version of this program.
    pub lstm_lab: Option<String>,
    /// The revision of the program's source, with `+dirty` after local changes; `unknown` outside git.
    pub git_revision: Option<String>,
    /// The version of libtorch.
    pub libtorch: Option<String>,
    /// Short name of the instruction set of the engine `simd`.
    pub isa: Option<String>,
}

/// One run of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// The run.
    pub run_id: String,
    /// Its settings in one line.
    pub run: String,
}

/// One gradient norm at one step of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientRow {
    /// The run.
    pub run_id: String,
    /// `total_h`, `total_c`, `total_n`, `total_z`, `total_im`, `direct_h`, `later_h`, `cell_path`,
    /// `gate_path` or `input_x`.
    pub quantity: String,
    /// The layer, from 0 (nearest the input).
    pub layer: usize,
    /// `forward` or `reverse` for the directions of a layer of both, which only `trace` measures; else empty.
    pub direction: Option<String>,
    /// The step, from 1 to T, in the order in which the direction reads.
    pub t: usize,
    /// T − t.
    pub lag: usize,
    /// log10 of the batch mean of per-sequence L2 norms; empty if the norm is exactly 0.
    pub log10_norm: Option<f64>,
    /// True if the norm is exactly 0.
    pub zero: bool,
    /// Parameter updates before the measurement; empty outside training.
    pub step: Option<usize>,
}

/// The least-squares line of a norm's log10 over all lags of one run, also over those lags that
/// `gradients.csv`, `jacobian.csv` and `weights.csv` leave out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FitRow {
    /// The run.
    pub run_id: String,
    /// A quantity of `gradients.csv`; `frobenius` of `jacobian.csv`; `weight_hh_term` and
    /// `weight_hh_truncation_error`: `log10_term` and log10 of `truncation_error` of W_hh in `weights.csv`.
    pub quantity: String,
    /// The layer, from 0 (nearest the input); 0 for `frobenius`, which is of all layers.
    pub layer: usize,
    /// Parameter updates before the measurement; empty outside training.
    pub step: Option<usize>,
    /// The slope, log10 per step; empty for fewer than two lags.
    pub slope: Option<f64>,
    /// R² of the line: the share of the variance of log10 norm that it explains.
    pub r_squared: Option<f64>,
    /// The number of lags with a finite norm above 0, to which the line is fitted.
    pub lags: usize,
    /// The slope of the line through the first half of the lags, log10 per step.
    pub early_slope: Option<f64>,
    /// The slope of the line through the second half of the lags, log10 per step.
    pub late_slope: Option<f64>,
    /// The smallest lag at which at most a tenth of the norm at lag 0 is left; empty if there is none.
    pub lag_tenth: Option<usize>,
    /// The smallest lag at which at most a hundredth of the norm at lag 0 is left; empty if there is none.
    pub lag_hundredth: Option<usize>,
}

/// One number of one run after a number of parameter updates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// The run.
    pub run_id: String,
    /// Parameter updates before the measurement.
    pub step: usize,
    /// Training sequences seen before the measurement.
    pub sequences: usize,
    /// `train` (mean over the steps since the previous row), `valid`, `test` (with the parameters that
    /// were best on `valid`, at the step of those parameters), `lengths` (as `test`, on sequences of
    /// `length` steps), or `positions` (as `lengths`, at some steps of the sequences).
    pub split: String,
    /// `loss`, `accuracy`, `bits_per_character`, `bits_per_word`, `bits_per_byte`, `perplexity`,
    /// `gradient_norm` (mean, before clipping), `max_gradient_norm`, `clipped_steps`,
    /// `exponents_before_flossing`, `exponents_after_flossing`, or `solved` (1 or 0, if the config sets a
    /// criterion).
    pub metric: String,
    /// The number.
    pub value: f64,
    /// `mse`, `nats`, `bits`, `share`, `l2`, `nats per step`, or empty.
    pub unit: String,
    /// The value that the best constant output reaches on the same sequences; empty for a metric without one.
    pub chance: Option<f64>,
    /// The length of the sequences of the splits `lengths` and `positions`, as `grid.seq_len` counts it;
    /// empty for other splits.
    #[serde(default)]
    pub length: Option<usize>,
    /// The last of the steps that a row of the split `positions` is about, from 1. They begin after those of
    /// the row before.
    #[serde(default)]
    pub position: Option<usize>,
    /// Lower end of the 95 % interval of value / chance, with the sequences as the sample: for `loss` of the
    /// splits `valid` and `test`.
    pub over_chance_low: Option<f64>,
    /// Upper end of that interval.
    pub over_chance_high: Option<f64>,
}

impl TrainingRow {
    /// The place on the x axis of its curve: the step of the sequence for the split `positions`, the length
    /// for the split `lengths`, else the updates.
    pub fn x(&self) -> usize {
        self.position.or(self.length).unwrap_or(self.step)
    }
}

/// One number of the product of Jacobians ∂s_T/∂s_t of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JacobianRow {
    /// The run.
    pub run_id: String,
    /// `frobenius`, `spectral_norm`, `singular_value`, `condition_number` or `lyapunov`.
    pub quantity: String,
    /// The rank of a singular value or exponent, from 1 for the largest; empty for the others.
    pub index: Option<usize>,
    /// The step t.
    pub t: usize,
    /// T − t, the number of Jacobians in the product.
    pub lag: usize,
    /// The number; empty if it is the logarithm of 0 or of infinity.
    pub value: Option<f64>,
    /// `log10`, or `nats per step` for `lyapunov`.
    pub unit: String,
    /// True if the number is the logarithm of exactly 0.
    pub zero: bool,
    /// Parameter updates before the measurement; empty outside training.
    pub step: Option<usize>,
}

/// One statistic of one gate of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRow {
    /// The run.
    pub run_id: String,
    /// The layer, from 0.
    pub layer: usize,
    /// The gate: `i`, `f`, `g`, `o` of the LSTM, `r`, `z`, `n` of the GRU, `h` of the RNN.
    pub gate: String,
    /// `mean`, `saturated_low`, `saturated_high`, `mean_log10`, `w_h_spectral_radius` (without a projection)
    /// or `w_h_spectral_norm`.
    pub statistic: String,
    /// The number; empty if it is the logarithm of 0.
    pub value: Option<f64>,
    /// Parameter updates before the measurement; empty outside training.
    pub step: Option<usize>,
}

/// A text that a trained language model wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleRow {
    /// The run.
    pub run_id: String,
    /// Parameter updates before the sample: those of the model that is best on the split `valid`.
    pub step: usize,
    /// The text to continue; empty for a model of words, which begins a line.
    pub prime: String,
    /// The temperature, by which logits are divided.
    pub temperature: f64,
    /// The continuation.
    pub text: String,
}

/// The part of the gradient of one parameter that belongs to one lag. The gradient is that of the mean loss
/// of the batch. It is a sum of one term for each step at which the parameter acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightRow {
    /// The run.
    pub run_id: String,
    /// The parameter, such as `weight_hh_l0`.
    pub parameter: String,
    /// The layer, from 0 (nearest the input).
    pub layer: usize,
    /// The step at which the parameter acts, from 1 to T.
    pub t: usize,
    /// T − t.
    pub lag: usize,
    /// log10 of the L2 norm of the term of this step; empty if the norm is exactly 0.
    pub log10_term: Option<f64>,
    /// log10 of the L2 norm of the sum of the terms from lag 0 up to this lag; empty if the norm is
    /// exactly 0.
    pub log10_sum: Option<f64>,
    /// The scalar product of the term with the whole gradient, over the square of the norm of the whole. The
    /// shares of all lags add up to 1.
    pub share: Option<f64>,
    /// The norm of the sum of the terms beyond this lag, over the norm of the whole gradient: the relative
    /// error of a gradient whose backward pass stops after this lag. Below about 1e-16 it is rounding.
    pub truncation_error: Option<f64>,
}

impl WeightRow {
    /// Returns true for the recurrent weights W_hh of any layer.
    pub fn is_recurrent(&self) -> bool {
        self.parameter.starts_with("weight_hh_l")
    }
}

/// One timing sample.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// The run.
    pub run_id: String,
    /// The engine or framework that was timed; `runs.csv` has all that were timed in turn.
    pub engine: String,
    /// Short name of the instruction set. For `simd`, it is that of its kernels. For other engines and
    /// frameworks, it is the one that `LSTM_LAB_ISA` holds their libraries to; empty if their libraries
    /// choose.
    pub isa: Option<String>,
    /// `forward` (no gradient is recorded) or `train` (forward and backward).
    pub pass: String,
    /// Number of the process in its run, from 0. The processes ran one after the other.
    pub process: usize,
    /// Number of the round in its process and pass, from 0; in a round, every engine makes one pass, in
    /// random order. Empty for the first pass of an engine in its process, before the warm-up.
    pub round: Option<usize>,
    /// True for the second sample of `builtin` in a round, which is the control.
    pub control: bool,
    /// Wall-clock time of one pass, s.
    pub seconds: f64,
    /// Load average of the machine over one minute, at the end of the round; this column and the next two are
    /// empty for a first pass, and where the system does not report them.
    pub load_average: Option<f64>,
    /// Share of the CPU time of all processors that the hypervisor gave to other machines during the round
    /// (steal); empty if the round is shorter than the system's clock resolves.
    pub stolen_share: Option<f64>,
    /// Involuntary context switches of all threads of the process during the round.
    pub context_switches: Option<u64>,
}

/// One number of one grid point, over its seeds or samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// `gradients`, `jacobian`, `training` or `speed`; `expectation` for an expectation, `claim` for a test
    /// of the claim, `published` for a published result.
    pub section: String,
    /// The name of the number: `slope`, `half_life`, `log10_norm`, `seconds`, `ratio_to_builtin`, ….
    pub metric: String,
    /// The quantity (`total_h`, …) or the pass (`forward`, `train`); the name of an
    /// expectation or of a claim's test; the settings of a published result.
    pub quantity: String,
    /// The layer, for gradients.
    pub layer: Option<usize>,
    /// The lag, for a norm at one lag; the length of the test sequences, for `loss_at_length` and
    /// `accuracy_at_length`.
    pub lag: Option<usize>,
    /// The estimate.
    pub estimate: Option<f64>,
    /// Lower end of the 95 % interval; empty if n is too small for one.
    pub ci_low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub ci_high: Option<f64>,
    /// Number of seeds or samples behind the estimate.
    pub n: usize,
    /// The unit of estimate and interval.
    pub unit: String,
    /// The bound, the published number or the level of chance that the estimate is compared with.
    pub against: Option<String>,
    /// The verdict: `holds` or `does not hold`; `supported` or `contradicted`; `match`, `miss`, `at
    /// chance`, `not comparable` or `not run`; `equivalent`, `undecided`, `not judged`; `not exponential`,
    /// `no slope`, `level` or `grows` in place of a half-life; `at chance` or `worse than chance` for a test
    /// loss; `within one process` and `disturbed: …` for a ratio of times.
    pub verdict: Option<String>,
    /// Number of trainable parameters, for training.
    pub parameters: Option<usize>,
}
