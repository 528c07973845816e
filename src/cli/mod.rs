//! The command line: subcommands, their arguments and their help.

mod data;
mod parse;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::cell::CellName;
use crate::device::DeviceChoice;
use crate::engine::EngineName;
use crate::plan::Shard;
use crate::run::ExecTarget;
use crate::settings::names::{ExperimentKind, WeightsLayout};
use crate::support::error::Result;
use crate::support::progress::LogFormat;
pub use data::{DataAction, DataArgs};
pub use parse::parse_or_exit;

const EXAMPLES: &str = "\
Examples:
  lstm-lab init my --kind training
  lstm-lab run experiments/quickstart.toml
  lstm-lab run my.toml --set grid.seq_len=500 --set 'grid.cell=[\"rnn\", \"lstm\"]'
  lstm-lab run my.toml --only cell=lstm --only kind=gradients

docs/config.md documents every config key; `lstm-lab list` prints every name that a config may use.";

/// Measure how gradients flow through recurrent networks over long sequences, and what each pass costs.
#[derive(Debug, Parser)]
#[command(name = "lstm-lab", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The format of progress messages and of a fatal error.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Command::Run(args) => args.log_format,
            _ => LogFormat::Text,
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run experiments: config → CSV, figures and report.
    #[command(after_help = EXAMPLES)]
    Run(RunArgs),
    /// Print the planned runs of experiments, grouped by their settings, and execute none.
    #[command(after_help = "Examples:\n  lstm-lab check my.toml --time\n  lstm-lab check my.toml --json")]
    Check(CheckArgs),
    /// Write a config with comments to start from, and the schema for editors beside it.
    #[command(after_help = "Example:\n  lstm-lab init my --kind training")]
    Init(InitArgs),
    /// List experiments, and the names of cells, engines, tasks and inits.
    #[command(after_help = "Example:\n  lstm-lab list --json")]
    List(ListArgs),
    /// Rebuild summary, figures and report of results directories from their CSV files.
    #[command(after_help = "Example:\n  lstm-lab report results/quickstart")]
    Report(ReportArgs),
    /// Compare the results of two experiments: which moved, and what differs between the experiments.
    #[command(after_help = "Example:\n  lstm-lab compare results/a results/b --fail-on-regression 5")]
    Compare(CompareArgs),
    /// Remove the runs of a results directory that its config does not ask for.
    #[command(after_help = "Example:\n  lstm-lab clean results/my --config my.toml --yes")]
    Clean(CleanArgs),
    /// Run one sequence through given layers; write outputs, gradients and their norms at every step.
    #[command(after_help = "Example:\n  lstm-lab trace model.safetensors --cell lstm --out my-trace")]
    Trace(TraceArgs),
    /// Generate text with a trained language model.
    #[command(after_help = "Example:\n  lstm-lab sample best.safetensors --prime KING --temperature 0.8")]
    Sample(SampleArgs),
    /// List, fetch and verify datasets.
    #[command(after_help = "Example:\n  lstm-lab data fetch shakespeare")]
    Data(DataArgs),
    /// Print versions, devices, CPU features, measured speeds, and what makes timings unreliable.
    #[command(after_help = "Examples:\n  lstm-lab doctor --threads 4\n  lstm-lab doctor --json")]
    Doctor(DoctorArgs),
    /// Print the JSON Schema of configs, with which an editor completes and checks keys.
    #[command(after_help = "Example:\n  lstm-lab schema > lstm-lab.schema.json")]
    Schema,
    /// Print a script that completes commands and options in a shell.
    #[command(after_help = "Example:\n  source <(lstm-lab completions bash)")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write manual pages.
    #[command(hide = true)]
    Man {
        /// The directory of the pages.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Time engines for a run of kind speed, which starts this command.
    #[command(hide = true)]
    TimeEngines,
}

/// Configs, and changes to their keys.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Experiment configs (TOML).
    #[arg(value_name = "CONFIG", required = true)]
    pub configs: Vec<PathBuf>,
    /// Override a config key; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Use the seeds 1 to N; short for --set 'seeds=[1, …, N]'.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub seeds: Option<u16>,
    /// Take only the runs with this value of a setting, or with one of several: cell=lstm,gru; may be
    /// repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub only: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
}

impl ConfigArgs {
    /// The overrides, with that of `--seeds`.
    pub fn overrides(&self) -> Vec<String> {
        let seeds = self.seeds.map(|last| format!("seeds={:?}", (1..=last).collect::<Vec<_>>()));
        self.overrides.iter().cloned().chain(seeds).collect()
    }
}

/// The device and the threads.
#[derive(Debug, Clone, Copy, Args)]
pub struct TargetArgs {
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: DeviceChoice,
    /// CPU threads that libtorch may use [default: libtorch's own choice].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

impl TargetArgs {
    /// Resolves the device and sets libtorch's number of threads.
    ///
    /// # Errors
    /// libtorch reports no such device.
    pub fn resolve(self) -> Result<ExecTarget> {
        ExecTarget::resolve(self.device, self.threads)
    }
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub config: ConfigArgs,
    /// Parent of the results directories, each named after its experiment.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,
    /// Execute only part I of N of the runs (I from 1 to N) [default: in a task of a SLURM array, its part].
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    pub shard: Option<Shard>,
    /// Execute no run: write tables and report of the runs that are there.
    #[arg(long, conflicts_with_all = ["shard", "rerun"])]
    pub no_runs: bool,
    /// Recompute runs that are already complete.
    #[arg(long)]
    pub rerun: bool,
    /// Stop at the first run that fails.
    #[arg(long)]
    pub fail_fast: bool,
    /// Print failures only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Also write the rows of each training as an event file for TensorBoard, into DIR/EXPERIMENT/.
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
    /// Format of progress messages on stderr.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub config: ConfigArgs,
    /// Print each run with its id, not one line for each setting.
    #[arg(long)]
    pub all: bool,
    /// Estimate the time: a training makes a few updates of each setting, other kinds a short sequence.
    #[arg(long)]
    pub time: bool,
    /// Print one JSON object for each experiment.
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Name of the config and of its results directory.
    #[arg(value_name = "NAME", default_value = "experiment")]
    pub name: String,
    /// Measurement: gradients, jacobian, speed or training.
    #[arg(long, default_value = "gradients")]
    pub kind: ExperimentKind,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Results directory of an experiment, such as results/quickstart.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Config whose runs are kept, planned for this device and these threads [default: the plan of the last
    /// `run`].
    #[arg(long, value_name = "CONFIG")]
    pub config: Option<PathBuf>,
    /// Remove the runs, and rebuild tables and report.
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Results directories of experiments, such as results/quickstart.
    #[arg(value_name = "DIR", required = true)]
    pub dirs: Vec<PathBuf>,
    /// Also write one page with the question, the verdicts and a link of each experiment.
    #[arg(long, value_name = "FILE.html")]
    pub index: Option<PathBuf>,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Results directory of the first experiment, such as results/before.
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Results directory of the second experiment.
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Show the results that did not move, too. CSV and JSON always have all results.
    #[arg(long)]
    pub all: bool,
    /// Exit with 1 if a result of B is worse by more than N %, with its whole interval.
    #[arg(long, value_name = "N%", value_parser = percent)]
    pub fail_on_regression: Option<f64>,
    /// Format of the output.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: CompareFormat,
}

/// The formats of `compare`.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum CompareFormat {
    /// Text for a terminal.
    #[default]
    Text,
    /// Markdown.
    Markdown,
    /// CSV with a row per result.
    Csv,
    /// JSON.
    Json,
    /// One HTML document without other files.
    Html,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The parameters (weight_ih_l0, …) of any number of layers, such as a state_dict or a checkpoint, and
    /// `input` [T, B, I]; optionally `lengths`, one for each sequence, `h0`, `c0` [layers, B, H] and
    /// `grad_output` [T, B, H] (default: ones on the last step of each sequence). Parameters such as
    /// weight_ih_l0_reverse make the layers bidirectional. `h0` and `c0` are [2·layers, B, H] then, and
    /// `grad_output` is [T, B, 2·H] (default: ones on the step at which each direction ends). Absent biases
    /// are zeros.
    #[arg(value_name = "FILE.safetensors")]
    pub file: PathBuf,
    /// Another file with `input`, `lengths`, `h0`, `c0` and `grad_output` [default: the same file].
    #[arg(long, value_name = "FILE.safetensors")]
    pub input: Option<PathBuf>,
    /// Text before the parameters' names, such as encoder.rnn [default: the only one in the file].
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Names and shapes of the parameters: pytorch, keras (kernel_0, recurrent_kernel_0, bias_0; sequences
    /// are [B, T, …]) or onnx (W_0, R_0, B_0). Gradients have the same ones.
    #[arg(long, value_name = "LAYOUT", default_value = "pytorch")]
    pub layout: WeightsLayout,
    /// Order of the gates' blocks [default: that of the layout; PyTorch's is ifgo or rzn].
    #[arg(long, value_name = "ORDER")]
    pub gates: Option<String>,
    /// `input` and `grad_output` are [B, T, …], and so are the results.
    #[arg(long)]
    pub batch_first: bool,
    /// Cell: rnn, lstm, gru or another with a recurrent matrix (`lstm-lab list`).
    #[arg(long)]
    pub cell: CellName,
    /// Engine: stepwise, fused, analytic, recompute, scan, builtin, or simd (CPU only); default: the one with
    /// exact norms. Reverse directions and lengths need analytic, recompute, or simd in f64.
    #[arg(long)]
    pub engine: Option<EngineName>,
    /// Directory for trace.safetensors and gradients.csv.
    #[arg(long, value_name = "DIR", default_value = "trace")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
}

/// Arguments of `sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Checkpoint, such as results/EXPERIMENT/checkpoints/RUN_ID/best.safetensors.
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PathBuf,
    /// Text that the generated text continues [default: a line break].
    #[arg(long, value_name = "TEXT", default_value = "\n", hide_default_value = true)]
    pub prime: String,
    /// Number of characters (or words) to generate.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub length: usize,
    /// Sampling temperature; 0 = greedy.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub temperature: f64,
    /// Random seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
}

/// Parses `5%`; returns 0.05.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
    let percent = number.filter(|percent| percent.is_finite() && *percent >= 0.0);
    percent
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("expected a percentage such as 5%, found `{text}`"))
}
