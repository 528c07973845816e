//! Headers of checkpoints.

use std::path::Path;

use super::Target;
use crate::cell::CellName;
use crate::device::{Dtype, cpu};
use crate::engine::EngineName;
use crate::model::{Interventions, ModelConfig, model};
use crate::random::{Purpose, stream};
use crate::safetensors_io::{Metadata, Tensors, write_sealed};
use crate::settings::names::{Encoding, ModelName, Tokenizer};
use crate::support::error::Result;
use crate::train::checkpoint::{Checkpoint, Header};
use crate::train::{Progress, Sampler, SamplingRequest};

/// The reader of checkpoints, and a text from the model that it has read.
pub fn checkpoint() -> Target {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let attention =
        Header { model: ModelConfig { model: ModelName::Attention, ..header().model }, ..header() };
    let inputs = [header(), attention].iter().map(text).collect();
    let tensors = tensors();
    Target::new(inputs, move |bytes| drop(sample(&dir.path().join("best.safetensors"), &tensors, bytes)))
}

fn text(header: &Header) -> Vec<u8> {
    serde_json::to_vec(header).expect("a header as JSON")
}

/// Samples from a checkpoint. Its checksum is that of the changed header: a hostile file has the right one,
/// too.
fn sample(path: &Path, tensors: &Tensors, header: &[u8]) -> Result<String> {
    let header = String::from_utf8_lossy(header).into_owned();
    write_sealed(path, tensors, Metadata::from([("lstm-lab".to_string(), header)]))?;
    let sampler = Sampler::new(&Checkpoint::read(path)?, cpu())?;
    let request = SamplingRequest { prime: "a", length: 3, temperature: 1.0 };
    sampler.sample(request, &mut stream(1, Purpose::Sample))
}

fn tensors() -> Tensors {
    let weights = model(&header().model, 1, cpu());
    let named = weights.weights().named().iter();
    named.map(|(name, tensor)| (format!("parameter.{name}"), tensor.detach())).collect()
}

/// A language model of two characters.
fn header() -> Header {
    let model = ModelConfig {
        model: ModelName::Recurrent,
        cell: Some(CellName::Lstm),
        engine: Some(EngineName::Fused),
        init: Some("pytorch".into()),
        layer_sizes: vec![3],
        proj_size: 0,
        heads: 1,
        positions: 4,
        symbols: Some(2),
        encoding: Some(Encoding::OneHot),
        input_size: 2,
        outputs: 2,
        dropout: 0.0,
        interventions: Interventions::default(),
        dtype: Dtype::F32,
    };
    Header {
        run_id: "0123456789ab".into(),
        seed: 1,
        model,
        symbols: vec!["a".into(), "b".into()],
        tokenizer: Some(Tokenizer::Character),
        by_excerpts: false,
        threads: 1,
        progress: Progress::default(),
        rows: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoint_is_sampled_from_and_refused_without_its_symbols() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("best.safetensors");
        let sampled = sample(&path, &tensors(), &text(&header())).unwrap();
        assert_eq!(sampled.chars().count(), 4);
        // Found by random changes: a model of symbols that is said to read numbers.
        let without = String::from_utf8(text(&header())).unwrap().replace("\"symbols\":2,", "");
        let error = sample(&path, &tensors(), without.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("symbols of the model (2, 0), found 2"), "{error}");
    }

    #[test]
    fn fuzz_checkpoint_is_sampled_from_or_refused() {
        crate::fuzz::changes::fuzz("checkpoint", checkpoint());
    }
}
