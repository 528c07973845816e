//! The data of an experiment, loaded before its runs are planned.

use super::dataset::{at_its_key, check_dataset, cut};
use crate::config::spec::{Part, Spec, TaskSpec, TextSource};
use crate::data::{self, Corpus, EncodedText, Images, Input, Inputs, RawText, Status};
use crate::settings::names::Tokenizer;
use crate::support::error::Result;

/// Loads the data of a spec's task, in the form that each kind needs. Calls `fetch` for a dataset that
/// is not on disk. If `fetch` returns false, the result is empty.
///
/// # Errors
/// The data cannot be read or fetched.
pub fn load(spec: &Spec, fetch: &dyn Fn(&str) -> Result<bool>) -> Result<Inputs> {
    let root = data::root();
    if let Some(name) = check_dataset(spec)?
        && data::verify(name, &root)? == Status::Absent
        && !fetch(name)?
    {
        return Ok(Inputs::default());
    }
    match &spec.task {
        TaskSpec::Text { source, corpus, .. } => {
            let by_bytes = corpus.tokenizer == Tokenizer::Byte;
            let raw = match source {
                TextSource::File(path) => {
                    let raw = if by_bytes { RawText::bytes_of_file(path) } else { RawText::from_file(path) };
                    raw.map_err(|error| at_its_key(spec, error))?
                }
                TextSource::Dataset(name) if by_bytes => RawText::from_dataset(name, &root)?.into_bytes(),
                TextSource::Dataset(name) => RawText::from_dataset(name, &root)?,
            };
            let learns = |part: &Part| part.measure.training().is_some();
            let corpus = || Input::Corpus(Corpus::new(&raw, cut(corpus)));
            let training = spec.parts.iter().any(learns).then(corpus);
            let all_training = spec.parts.iter().all(learns);
            let text = || EncodedText::new(raw).map(Input::Text).map_err(|error| at_its_key(spec, error));
            let text = if all_training { None } else { Some(text()?) };
            Ok(Inputs { training, text })
        }
        TaskSpec::Images { dataset, .. } => {
            let images = Images::from_dataset(dataset, &root)?;
            Ok(Inputs { training: Some(Input::Images(images)), text: None })
        }
        _ => Ok(Inputs::default()),
    }
}
