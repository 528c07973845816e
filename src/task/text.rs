//! Characters of a real text; at each step the next character is the target.

use rand_distr::{Distribution, Uniform};
use tch::{Device, Kind, Tensor};

use super::{Batch, Targets};
use crate::data::EncodedText;
use crate::random::{self, Purpose};
use crate::settings::Settings;
use crate::settings::names::Encoding;

/// B excerpts of T characters, each from a random place of the text, and the character after each.
///
/// The text has more than T characters: the plan has seen to that.
pub fn batch(settings: &Settings, text: &EncodedText, encoding: Encoding, kind: Kind, on: Device) -> Batch {
    let steps = settings.seq_len;
    let mut rng = random::stream(settings.seed, Purpose::Input);
    let starts = Uniform::new(0, text.characters.len() - steps).expect("the text is longer than a sequence");
    let mut excerpts = Vec::with_capacity(settings.batch_size * (steps + 1));
    for _ in 0..settings.batch_size {
        let start = starts.sample(&mut rng);
        excerpts.extend(text.characters[start..=start + steps].iter().map(|index| i64::from(*index)));
    }
    let excerpts = Tensor::from_slice(&excerpts).reshape([settings.batch_size as i64, steps as i64 + 1]).tr();
    let excerpts = excerpts.to_device(on);
    let characters = excerpts.narrow(0, 0, steps as i64);
    let count = text.vocabulary_size as i64;
    let input = match encoding {
        Encoding::OneHot => characters.one_hot(count).to_kind(kind),
        Encoding::Embedding => {
            let mut rng = random::stream(settings.seed, Purpose::Embedding);
            let vectors = random::normal(&mut rng, &[count, settings.input_size as i64], kind, on);
            vectors.index_select(0, &characters.reshape([-1])).reshape([
                steps as i64,
                settings.batch_size as i64,
                settings.input_size as i64,
            ])
        }
    };
    let targets = Targets { classes: excerpts.narrow(0, 1, steps as i64).contiguous(), count };
    Batch { input, targets: Some(targets) }
}

/// A dense layer from states to classes, U(±1/√H) as PyTorch's `Linear`.
pub struct Readout {
    /// `[V, H]`.
    weight: Tensor,
    /// `[V]`.
    bias: Tensor,
}

impl Readout {
    /// From H units to `classes`, drawn from the seed.
    pub fn new(hidden: i64, classes: i64, seed: u64, kind: Kind, on: Device) -> Readout {
        let mut rng = random::stream(seed, Purpose::Readout);
        let bound = 1.0 / (hidden as f64).sqrt();
        let mut draw = |shape: &[i64]| random::uniform(&mut rng, -bound, bound, shape, kind, on);
        Readout { weight: draw(&[classes, hidden]), bias: draw(&[classes]) }
    }

    /// Cross-entropy in nats of the targets `[T, B]` given states `[T, B, H]`: summed over steps and batch.
    pub fn cross_entropy(&self, states: &Tensor, targets: &Tensor) -> Tensor {
        let hidden = states.size()[2];
        let logits = self.bias.addmm(&states.reshape([-1, hidden]), &self.weight.tr());
        let log_probability = logits.log_softmax(-1, states.kind());
        let of_target = log_probability.gather(1, &targets.reshape([-1, 1]), false);
        -of_target.sum(states.kind())
    }
}
