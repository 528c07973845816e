//! A run: its settings, its measurement, its data, and a run id computed from them.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::weights::WeightsFile;
use crate::config::spec::{Measure, TaskSpec, TrainingSpec};
use crate::settings::names::{ExperimentKind, ModelName, OptimizerName};
use crate::settings::{FIELDS, Field, Of, Settings};

/// One point of the grid with one seed.
#[derive(Debug, Clone)]
pub struct Run {
    /// The hash of all other fields that change a result.
    pub id: String,
    /// The settings that can differ between runs.
    pub settings: Settings,
    /// The source of the sequences.
    pub task: TaskSpec,
    /// The files behind the run. Other content makes another run.
    pub given: Given,
    /// The measurement, the same for all runs of a kind.
    pub measure: Measure,
}

/// The files that a run reads.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Given {
    /// The SHA-256 of the task's data.
    pub data_sha256: Option<String>,
    /// The file of the parameters; `None` if the seed draws them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<WeightsFile>,
}

/// The part of a run that its id is computed from.
#[derive(Serialize)]
struct Identity<'a> {
    settings: &'a Settings,
    task: &'a TaskSpec,
    #[serde(flatten)]
    given: &'a Given,
    measure: &'a Measure,
    #[serde(skip_serializing_if = "Option::is_none")]
    isa: Option<&'a str>,
}

impl Run {
    /// A run with its id. The number of threads and a forced instruction set are part of the id for
    /// `speed` only. The first changes only times, the second only times and the last bits of results.
    pub fn new(
        settings: Settings,
        task: TaskSpec,
        given: Given,
        measure: Measure,
        forced_isa: Option<&str>,
    ) -> Run {
        let is_speed = settings.kind == ExperimentKind::Speed;
        let threads = if is_speed { settings.threads } else { 0 };
        let identity = Identity {
            settings: &Settings { threads, ..settings.clone() },
            task: &task,
            given: &given,
            measure: &measure,
            isa: forced_isa.filter(|_| is_speed),
        };
        let hash = Sha256::digest(serde_json::to_vec(&identity).expect("settings are plain data"));
        let id = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Run { id, settings, task, given, measure }
    }

    /// The settings of training, for a run whose model learns a task.
    pub fn training(&self) -> Option<&TrainingSpec> {
        self.measure.training()
    }

    /// The value of a setting as text; empty if the run has no such setting.
    pub fn word(&self, name: &str) -> String {
        self.settings.value(name).unwrap_or_default()
    }

    /// A description in one line.
    pub fn describe(&self) -> String {
        describe(&self.settings)
    }
}

/// A description of settings in one line: kind, model, optimizer settings, task, sizes, dtype, seed.
pub fn describe(s: &Settings) -> String {
    let recurrent = || {
        let [cell, init] = [s.value("cell"), s.value("init")].map(Option::unwrap_or_default);
        format!("{cell} [{}] {init}", s.engine)
    };
    let mut words = vec![s.kind.to_string()];
    words.push(match s.model {
        None | Some(ModelName::Recurrent) => recurrent(),
        Some(ModelName::Attention) => format!("{} attention", recurrent()),
        Some(ModelName::Transformer) => ModelName::Transformer.to_string(),
    });
    words.extend(s.optimizer.into_iter().flat_map(|optimizer| unusual(s, optimizer)));
    words.push(s.task.clone());
    words.extend((s.layers > 1).then(|| format!("layers={}", s.layers)));
    let sizes = [("T", s.seq_len), ("B", s.batch_size), ("I", s.input_size), ("H", s.hidden_size)];
    words.extend(sizes.map(|(name, size)| match size {
        0 => format!("{name}=?"),
        _ => format!("{name}={size}"),
    }));
    words.extend(s.proj_size.filter(|size| *size > 0).map(|size| format!("P={size}")));
    words.push(s.dtype.to_string());
    words.extend((s.kind != ExperimentKind::Speed).then(|| format!("seed={}", s.seed)));
    words.join(" ")
}

/// Labels of the learning rate, and of every swept setting of training that differs from its default.
fn unusual(settings: &Settings, optimizer: OptimizerName) -> impl Iterator<Item = String> {
    let of = Of { kind: ExperimentKind::Training, optimizer };
    let is_shown = move |field: &&Field| {
        field.name == "learning_rate" || field.get(settings).is_some_and(|value| field.default(of) != [value])
    };
    let fields =
        FIELDS.iter().filter(|field| field.name != "model" && field.is_swept_in_table_of("training"));
    fields.filter(is_shown).map(|field| field.label(settings))
}
