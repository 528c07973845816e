//! The dataset of a config, and the splits of its text.

use crate::config::Spec;
use crate::config::spec::{CorpusSpec, TaskSpec, TextSource};
use crate::data::{self, Cut, DatasetKind};
use crate::support::error::{ConfigError, Error};

/// Returns the name of the experiment's dataset, if it has one.
///
/// # Errors
/// The dataset is unknown, or of another kind.
pub fn check_dataset(spec: &Spec) -> Result<Option<&str>, ConfigError> {
    let (kind, name) = match &spec.task {
        TaskSpec::Text { source: TextSource::Dataset(name), .. } => (DatasetKind::Text, name),
        TaskSpec::Images { dataset, .. } => (DatasetKind::Images, dataset),
        _ => return Ok(None),
    };
    let known = data::dataset_of(kind, name);
    known.map_err(|error| spec.file.error("task.dataset", error.to_string()))?;
    Ok(Some(name))
}

/// The error of a text, at the key of the config that names its file. Other errors stay as they are.
pub fn at_its_key(spec: &Spec, error: Error) -> Error {
    match (&spec.task, error) {
        (TaskSpec::Text { source: TextSource::File(file), .. }, Error::Data { path, problem })
            if *file == path =>
        {
            let rule =
                if path.exists() { "" } else { " (a path is relative to the directory of the config)" };
            spec.file.error("task.file", format!("{}: {problem}{rule}", path.display())).into()
        }
        (_, error) => error,
    }
}

/// The tokenizer and the splits of a text for training.
pub fn cut(corpus: &CorpusSpec) -> Cut {
    let CorpusSpec { tokenizer, split, max_chars, min_count, .. } = *corpus;
    Cut { tokenizer, split, max_chars, min_count }
}
