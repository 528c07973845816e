//! The dataset of a config, and the splits of its text.

use crate::config::Spec;
use crate::config::spec::{CorpusSpec, TaskSpec, TextSource};
use crate::data::{self, Cut, DatasetKind};
use crate::support::error::ConfigError;

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

/// The tokenizer and the splits of a text for training.
pub fn cut(corpus: &CorpusSpec) -> Cut {
    let CorpusSpec { tokenizer, split, max_chars, min_count, .. } = *corpus;
    Cut { tokenizer, split, max_chars, min_count }
}
