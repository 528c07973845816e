//! Symbols of a corpus as tensors, and the frequencies of symbols and classes.

use tch::{Device, Tensor};

use super::options::BatchOptions;
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

/// log-probabilities of the unigram model of the training split with add-one smoothing, `[1, 1, V]` in f64.
pub fn unigram(corpus: &Corpus, device: Device) -> Tensor {
    let symbols = corpus.split(Split::Train).iter().map(|symbol| *symbol as usize);
    log_frequencies(symbols, corpus.symbols.len(), device)
}

/// log-frequencies of classes with add-one smoothing, `[1, 1, C]` in f64.
pub fn log_frequencies(classes: impl Iterator<Item = usize>, count: usize, device: Device) -> Tensor {
    let mut times = vec![1.0f64; count];
    classes.for_each(|class| times[class] += 1.0);
    let all: f64 = times.iter().sum();
    let logarithms: Vec<f64> = times.iter().map(|n| (n / all).ln()).collect();
    Tensor::from_slice(&logarithms).reshape([1, 1, -1]).to_device(device)
}
