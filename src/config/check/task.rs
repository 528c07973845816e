//! The check of `[task]`.

use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{CorpusSpec, TaskSpec, TextSource};
use crate::config::value::Size;
use crate::settings::names::{AddingVariant, Encoding, ExperimentKind, Predict, TaskName, Tokenizer};
use crate::support::error::ConfigError;

/// The largest modulus of `modular_sum`. Each number below it is a symbol.
const MAX_MODULUS: usize = 1000;

/// The keys of `[task]` other than `name`: each with `true` if the config sets it, and with the tasks
/// that it belongs to.
fn keys(raw: &raw::Task) -> [(&'static str, bool, &'static [TaskName]); 12] {
    use TaskName::{Adding, CopyMemory, Images, ModularSum, SelectiveCopy, TemporalOrder, Text};
    [
        ("dataset", raw.dataset.is_some(), &[Text, Images]),
        ("file", raw.file.is_some(), &[Text]),
        ("encoding", raw.encoding.is_some(), &[Text, CopyMemory, TemporalOrder, ModularSum, SelectiveCopy]),
        ("tokenizer", raw.tokenizer.is_some(), &[Text]),
        ("split", raw.split.is_some(), &[Text]),
        ("max_chars", raw.max_chars.is_some(), &[Text]),
        ("min_count", raw.min_count.is_some(), &[Text]),
        ("predict", raw.predict.is_some(), &[Text]),
        ("stride", raw.stride.is_some(), &[Text]),
        ("variant", raw.variant.is_some(), &[Adding]),
        ("modulus", raw.modulus.is_some(), &[ModularSum]),
        ("permuted", raw.permuted.is_some(), &[Images]),
    ]
}

/// Checks the task and fills in its defaults. The path of a text file becomes absolute, so that the
/// saved config runs from any directory.
///
/// # Errors
/// A key of another task; a task without its data; a wrong value.
pub fn task(file: &ConfigFile, raw: &mut raw::Task) -> Result<TaskSpec, ConfigError> {
    let of_text = raw.dataset.is_some() || raw.file.is_some();
    let name = *raw.name.get_or_insert(if of_text { TaskName::Text } else { TaskName::Noise });
    for (key, set, tasks) in keys(raw) {
        if set && !tasks.contains(&name) {
            let tasks: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
            let problem = format!("belongs to the task {}, but the task is `{name}`", tasks.join(" or "));
            return Err(file.error(&format!("task.{key}"), problem));
        }
    }
    Ok(match name {
        TaskName::Noise => TaskSpec::Noise,
        TaskName::Adding => {
            TaskSpec::Adding { variant: *raw.variant.get_or_insert(AddingVariant::Variant2016) }
        }
        TaskName::CopyMemory => {
            TaskSpec::CopyMemory { encoding: *raw.encoding.get_or_insert(Encoding::OneHot) }
        }
        TaskName::TemporalOrder => {
            TaskSpec::TemporalOrder { encoding: *raw.encoding.get_or_insert(Encoding::OneHot) }
        }
        TaskName::ModularSum => TaskSpec::ModularSum {
            modulus: modulus(file, raw)?,
            encoding: *raw.encoding.get_or_insert(Encoding::OneHot),
        },
        TaskName::Xor => TaskSpec::Xor,
        TaskName::SelectiveCopy => {
            TaskSpec::SelectiveCopy { encoding: *raw.encoding.get_or_insert(Encoding::OneHot) }
        }
        TaskName::Images => {
            let Some(dataset) = raw.dataset.clone() else {
                let problem = "the task `images` needs `task.dataset = \"fashion_mnist\"` or `\"digits\"`";
                return Err(file.error("task.name", problem));
            };
            TaskSpec::Images { dataset, permuted: *raw.permuted.get_or_insert(false) }
        }
        TaskName::Text => {
            let corpus = corpus(file, raw)?;
            let encoding = *raw.encoding.get_or_insert(Encoding::OneHot);
            TaskSpec::Text { source: text_source(file, raw)?, encoding, corpus }
        }
    })
}

/// Checks that a kind can measure the task. A model that `learns` refuses `noise`; other measurements take
/// only `noise` and `text`.
///
/// # Errors
/// A task that the kind cannot measure.
pub fn fits(
    file: &ConfigFile,
    kind: ExperimentKind,
    learns: bool,
    task: &TaskSpec,
) -> Result<(), ConfigError> {
    let problem = match (learns, task) {
        (true, TaskSpec::Noise) => {
            let learned = TaskName::ALL.iter().filter(|name| **name != TaskName::Noise);
            let learned: Vec<String> = learned.map(|name| format!("`{name}`")).collect();
            format!("the task `noise` cannot be learned; expected one of {}", learned.join(", "))
        }
        (true, _) | (_, TaskSpec::Noise | TaskSpec::Text { .. }) => return Ok(()),
        (_, task) => {
            let name = task.name();
            format!("expected `noise` or `text` for kind `{kind}`, found `{name}`, which is for `training`")
        }
    };
    Err(file.error("task.name", problem))
}

/// The modulus of `modular_sum`, 2 by default.
fn modulus(file: &ConfigFile, raw: &mut raw::Task) -> Result<usize, ConfigError> {
    let modulus = raw.modulus.get_or_insert(Size(2)).0;
    match modulus {
        2..=MAX_MODULUS => Ok(modulus),
        _ => {
            let problem = format!("expected a number from 2 to {MAX_MODULUS}, found {modulus}");
            Err(file.error("task.modulus", problem))
        }
    }
}

fn text_source(file: &ConfigFile, raw: &mut raw::Task) -> Result<TextSource, ConfigError> {
    match (&raw.dataset, &raw.file) {
        (Some(name), None) => Ok(TextSource::Dataset(name.clone())),
        (None, Some(text)) if text.is_empty() => {
            Err(file.error("task.file", "expected the path of a text file, found an empty string"))
        }
        (None, Some(text)) => {
            let path = file
                .path_of(text)
                .map_err(|e| file.error("task.file", format!("expected a path, found: {e}")))?;
            raw.file = Some(path.display().to_string());
            Ok(TextSource::File(path))
        }
        (Some(_), Some(_)) => Err(file.error("task.file", "expected `dataset` or `file`, found both")),
        (None, None) => {
            let problem = "the task `text` needs `task.dataset = \"shakespeare\"` or `task.file = \"PATH\"`";
            Err(file.error("task.name", problem))
        }
    }
}

fn corpus(file: &ConfigFile, raw: &mut raw::Task) -> Result<CorpusSpec, ConfigError> {
    let split = *raw.split.get_or_insert([0.9, 0.05, 0.05]);
    let sum: f64 = split.iter().sum();
    if split.iter().any(|share| !(*share > 0.0 && *share < 1.0)) || (sum - 1.0).abs() > 1e-9 {
        let problem = format!(
            "expected three fractions above 0 that add up to 1 (train, valid, test), found {split:?}"
        );
        return Err(file.error("task.split", problem));
    }
    let predict = *raw.predict.get_or_insert(Predict::EveryStep);
    if raw.stride.is_some() && predict == Predict::EveryStep {
        let problem =
            "belongs to task.predict = \"last_step\"; with \"every_step\" excerpts follow each other";
        return Err(file.error("task.stride", problem));
    }
    let tokenizer = *raw.tokenizer.get_or_insert(Tokenizer::Character);
    if raw.min_count.is_some() && tokenizer != Tokenizer::Word {
        return Err(file.error("task.min_count", "belongs to task.tokenizer = \"word\""));
    }
    Ok(CorpusSpec {
        tokenizer,
        split,
        max_chars: raw.max_chars.map(|size| size.0),
        min_count: raw.min_count.map_or(2, |size| size.0),
        predict,
        stride: raw.stride.map_or(1, |size| size.0),
    })
}
