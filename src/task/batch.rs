//! Sequences to measure on: normal noise, or excerpts of a text.

use rand_distr::{Distribution, Uniform};
use tch::{Device, Kind, Tensor};

use crate::data::EncodedText;
use crate::device::kind;
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::settings::Settings;
use crate::settings::names::Encoding;
use crate::support::error::{Error, Result};

/// A batch of sequences.
pub struct InputBatch {
    /// The input, `[T, B, I]`.
    pub input: Tensor,
    /// The symbol after each step, for a text.
    pub targets: Option<NextSymbols>,
}

/// The symbol after each step.
pub struct NextSymbols {
    /// The symbols, `[T, B]`, 64-bit integers below `count`.
    pub classes: Tensor,
    /// The number of symbols in the vocabulary.
    pub count: i64,
}

/// Draws the batch of a run from its seed. `text` is the text of the task.
///
/// # Errors
/// The task needs a text and none is given.
pub fn batch(run: &Run, text: Option<&EncodedText>, device: Device) -> Result<InputBatch> {
    let settings = &run.settings;
    match (run.task.encoding(), text) {
        (None, _) => {
            let shape = [settings.seq_len, settings.batch_size, settings.input_size].map(|size| size as i64);
            let mut rng = random::stream(settings.seed, Purpose::Input);
            let input = random::normal(&mut rng, &shape, kind(settings.dtype), device);
            Ok(InputBatch { input, targets: None })
        }
        (Some(encoding), Some(text)) => Ok(excerpts(settings, text, encoding, device)),
        (Some(_), None) => Err(Error::Usage(format!("the task `{}` needs its text", settings.task))),
    }
}

/// B excerpts of T characters, each from a random position of the text, and the character after each step.
///
/// The plan ensures that the text has more than T characters.
fn excerpts(settings: &Settings, text: &EncodedText, encoding: Encoding, device: Device) -> InputBatch {
    let [steps, batch, size] =
        [settings.seq_len, settings.batch_size, settings.input_size].map(|size| size as i64);
    let mut rng = random::stream(settings.seed, Purpose::Input);
    let starts = Uniform::new(0, text.characters.len() - settings.seq_len)
        .expect("the text is longer than a sequence");
    let mut excerpts: Vec<i64> = Vec::with_capacity(settings.batch_size * (settings.seq_len + 1));
    for _ in 0..settings.batch_size {
        let start = starts.sample(&mut rng);
        excerpts
            .extend(text.characters[start..=start + settings.seq_len].iter().map(|index| i64::from(*index)));
    }
    let excerpts = Tensor::from_slice(&excerpts).reshape([batch, steps + 1]).tr().to_device(device);
    let characters = excerpts.narrow(0, 0, steps);
    let count = text.vocabulary_size as i64;
    let kind: Kind = kind(settings.dtype);
    let input = match encoding {
        Encoding::OneHot => characters.one_hot(count).to_kind(kind),
        Encoding::Embedding => {
            let mut rng = random::stream(settings.seed, Purpose::Embedding);
            let vectors = random::normal(&mut rng, &[count, size], kind, device);
            vectors.index_select(0, &characters.reshape([-1])).reshape([steps, batch, size])
        }
    };
    let classes = excerpts.narrow(0, 1, steps).contiguous();
    InputBatch { input, targets: Some(NextSymbols { classes, count }) }
}
