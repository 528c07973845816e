//! Symbols of a corpus as tensors, and the unigram baseline of language models.

use tch::{Device, Tensor};

use super::options::BatchOptions;
use super::task::ChanceBaseline;
use crate::data::{Corpus, Split};

impl BatchOptions {
    /// The symbols of a split; for `train`, the share that is used.
    pub fn used_symbols<'a>(&self, corpus: &'a Corpus, split: Split) -> &'a [u32] {
        let all = corpus.split(split);
        if split == Split::Train { &all[..self.used(all.len())] } else { all }
    }
}

/// A tensor of symbols in 64-bit integers.
pub fn symbol_tensor(symbols: impl Iterator<Item = u32>, shape: [usize; 2], device: Device) -> Tensor {
    let symbols: Vec<i64> = symbols.map(i64::from).collect();
    Tensor::from_slice(&symbols).reshape(shape.map(|n| n as i64)).to_device(device)
}

/// The unigram model of the training split with add-one smoothing: its cross-entropy on a split, and the
/// accuracy of the most frequent symbol.
pub fn chance(corpus: &Corpus, split: Split) -> ChanceBaseline {
    let count = |split: Split| {
        let mut counts = vec![0.0f64; corpus.symbols.len()];
        corpus.split(split).iter().for_each(|symbol| counts[*symbol as usize] += 1.0);
        counts
    };
    let train: Vec<f64> = count(Split::Train).into_iter().map(|count| count + 1.0).collect();
    let (counts, all) = (count(split), train.iter().sum::<f64>());
    let most = (0..train.len()).max_by(|a, b| train[*a].total_cmp(&train[*b])).unwrap_or(0);
    let nats: f64 = counts.iter().zip(&train).map(|(times, count)| -times * (count / all).ln()).sum();
    let mean = |sum: f64| sum / counts.iter().sum::<f64>().max(1.0);
    ChanceBaseline { loss: mean(nats), accuracy: Some(mean(counts[most])) }
}
