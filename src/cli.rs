//! The command line: what may be said, turned once into what the commands take.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cell::CellName;
use crate::device::DeviceChoice;
use crate::engine::EngineName;
use crate::support::progress::LogFormat;

/// How does the gradient flow through a recurrent network over long sequences, and what does that cost?
#[derive(Debug, Parser)]
#[command(name = "lstm-lab", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// How progress and a fatal error are written.
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
    /// Run experiments: config to CSV, plots and report.
    Run(RunArgs),
    /// Show the plan: how many runs, what each is; nothing is executed.
    Check(CheckArgs),
    /// List experiments, cells, engines, tasks and inits.
    List,
    /// Rebuild summary, plots and report of results directories from their CSV alone.
    Report(ReportArgs),
    /// One sequence through given layers: outputs, every gradient, per-step norms; to hold against PyTorch, JAX or ONNX.
    Trace(TraceArgs),
    /// Continue a text with a language model that was trained.
    Sample(SampleArgs),
    /// Real datasets: list, fetch, verify.
    Data(DataArgs),
    /// Show libtorch, devices, threads, CPU features and the measured peak of a matrix product.
    Doctor(DoctorArgs),
}

/// Which configs, and what is different from what they say.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Experiment files (TOML).
    #[arg(value_name = "CONFIG", required = true)]
    pub configs: Vec<PathBuf>,
    /// Override a key: --set grid.seq_len=500 --set 'grid.cell=["rnn", "lstm"]' (may be repeated).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: PlaceArgs,
}

/// Where to run.
#[derive(Debug, Clone, Copy, Args)]
pub struct PlaceArgs {
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: DeviceChoice,
    /// CPU threads libtorch may use [default: libtorch's own choice].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub config: ConfigArgs,
    /// Where results go, in a directory named after each experiment.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,
    /// Do only part I of N of the runs (I from 1).
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(usize, usize)>,
    /// Run again what is there already.
    #[arg(long)]
    pub rerun: bool,
    /// Stop at the first run that fails.
    #[arg(long)]
    pub fail_fast: bool,
    /// Say nothing but failures.
    #[arg(short, long)]
    pub quiet: bool,
    /// How progress is written to stderr.
    #[arg(long, value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub config: ConfigArgs,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Results directories of experiments, such as results/quickstart.
    #[arg(value_name = "DIR", required = true)]
    pub dirs: Vec<PathBuf>,
}

/// `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Parameters under PyTorch's names (weight_ih_l0, …) of any number of layers, `input` [T, B, I], and perhaps `h0`,
    /// `c0` [layers, B, H] and `grad_output` [T, B, H] (default: ones on the last step).
    #[arg(value_name = "FILE.safetensors")]
    pub file: PathBuf,
    /// rnn, lstm or gru.
    #[arg(long)]
    pub cell: CellName,
    /// stepwise, fused, analytic, builtin, or (for f32) simd.
    #[arg(long, default_value = "analytic")]
    pub engine: EngineName,
    /// Where trace.safetensors and gradients.csv go.
    #[arg(long, value_name = "DIR", default_value = "trace")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: PlaceArgs,
}

/// `sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// A file such as results/EXPERIMENT/checkpoints/RUN_ID/best.safetensors.
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PathBuf,
    /// The text to go on from [default: the end of a line].
    #[arg(long, value_name = "TEXT", default_value = "\n", hide_default_value = true)]
    pub prime: String,
    /// So many characters (or words) more.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub length: usize,
    /// Below 1 the likely becomes likelier; 0 takes the likeliest each time.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub temperature: f64,
    /// Another seed, another text.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: PlaceArgs,
}

/// `data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// What to do with the datasets.
    #[command(subcommand)]
    pub action: DataAction,
}

/// `data …`.
#[derive(Debug, Subcommand)]
pub enum DataAction {
    /// The known datasets, and which of them are here.
    List,
    /// Download datasets, checked against their checksums.
    Fetch {
        /// Names from `data list`.
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Download again what is here already.
        #[arg(long)]
        force: bool,
    },
    /// Check the datasets that are here against their checksums.
    Verify {
        /// Names from `data list`; none means all that are here.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: PlaceArgs,
}

/// Reads `I/N` with 1 ≤ I ≤ N; gives I from 0.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("expected I/N with I from 1 to N, found `{text}`");
    let (index, count) = text.split_once('/').ok_or_else(wrong)?;
    let (index, count): (usize, usize) =
        (index.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
    if index == 0 || index > count { Err(wrong()) } else { Ok((index - 1, count)) }
}
