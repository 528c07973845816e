//! What a run is: a grid point, what is measured there, and a seed, with a `run_id` that names its settings.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cell::CellName;
use crate::cell::init::Init;
use crate::config::measure::{Gradients, Jacobian, Timing};
use crate::config::task::TaskSpec;
use crate::config::training::Settings;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::ModelName;
use crate::settings::names::{Encoding, ExperimentKind, FrameworkName};
use crate::support::text::number;

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
        /// What is looked at, and how.
        #[serde(flatten)]
        settings: Gradients,
    },
    /// Products of the state's Jacobians.
    Jacobian {
        /// The engine.
        engine: EngineName,
        /// What is looked at, and how.
        #[serde(flatten)]
        settings: Jacobian,
        /// Steps at the end that Lyapunov exponents leave out.
        burn_in: usize,
    },
    /// Engines against each other.
    Speed {
        /// The engines, interleaved.
        engines: Vec<EngineName>,
        /// What is timed, and how often.
        #[serde(flatten)]
        timing: Timing,
        /// CPU threads.
        threads: usize,
        /// Other libraries, interleaved with the engines. Left out of the hash where there are none, as before there
        /// were any.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        peers: Vec<FrameworkName>,
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
    pub task: TaskSpec,
    /// How often a task of this name has been given other sequences; left out of the hash while it has not.
    #[serde(skip_serializing_if = "is_none")]
    pub task_revision: u32,
    /// All else.
    pub settings: Settings,
}

fn is_none(revision: &u32) -> bool {
    *revision == 0
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
    /// A run, named by its settings.
    pub fn new(point: Point, measure: RunMeasure, seed: u64) -> Run {
        let run = Run { id: String::new(), point, measure, seed };
        let settings = serde_json::to_vec(&run).expect("settings are plain data");
        let hash = Sha256::digest(&settings);
        Run { id: hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect(), ..run }
    }

    /// The kind of the run.
    pub fn kind(&self) -> ExperimentKind {
        match self.measure {
            RunMeasure::Gradients { .. } => ExperimentKind::Gradients,
            RunMeasure::Jacobian { .. } => ExperimentKind::Jacobian,
            RunMeasure::Speed { .. } => ExperimentKind::Speed,
            RunMeasure::Training(_) => ExperimentKind::Training,
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
        let seed =
            if self.kind() == ExperimentKind::Speed { String::new() } else { format!(" seed={}", self.seed) };
        let recurrent = || format!("{} [{}] {}", p.cell, self.engines(), p.init);
        let what = match self.learning() {
            None => recurrent(),
            Some(learning) => {
                let (rate, clip) = (number(learning.learning_rate), learning.clip_norm);
                let clip = if clip > 0.0 { format!(" clip={}", number(clip)) } else { String::new() };
                let share = learning.data_share;
                let share = if share < 1.0 { format!(" data={}", number(share)) } else { String::new() };
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
}
