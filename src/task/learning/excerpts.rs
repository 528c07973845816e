//! Language modelling on excerpts in random order: the target after the last step is the next symbol.

use tch::Tensor;

use super::options::BatchOptions;
use super::shuffle::Shuffle;
use super::task::{Batch, BatchSource, Target, Task};
use super::unigram::{symbol_tensor, unigram};
use crate::data::{Corpus, Split};
use crate::model::InputSpec;
use crate::support::error::Result;

/// Excerpts of a text, one every `stride` symbols.
pub struct Excerpts<'a> {
    corpus: &'a Corpus,
    stride: usize,
    shuffle: Shuffle,
    options: BatchOptions,
}

impl<'a> Excerpts<'a> {
    /// # Errors
    /// The used share of the training data is smaller than one excerpt.
    pub fn new(corpus: &'a Corpus, stride: usize, options: BatchOptions) -> Result<Excerpts<'a>> {
        options.require(corpus.split(Split::Train).len(), options.steps + 1)?;
        let excerpts = count(options.used_symbols(corpus, Split::Train), options.steps, stride);
        Ok(Excerpts { corpus, stride, shuffle: Shuffle::new(excerpts, options.batch, options.seed), options })
    }

    fn batch(&self, split: Split, excerpts: &[usize]) -> Batch {
        let BatchOptions { steps, device, .. } = self.options;
        let symbols = self.corpus.split(split);
        let at_step = |t: usize| excerpts.iter().map(move |n| symbols[n * self.stride + t]);
        Batch {
            input: symbol_tensor((0..steps).flat_map(at_step), [steps, excerpts.len()], device),
            target: Target::Classes(symbol_tensor(at_step(steps), [1, excerpts.len()], device)),
            continues: false,
        }
    }

    /// The numbers of used and of existing excerpts of a held-out split.
    fn counts(&self, split: Split) -> (usize, usize) {
        let all = count(self.corpus.split(split), self.options.steps, self.stride);
        (all.min(self.options.held_out), all)
    }
}

/// The number of excerpts of `steps` symbols that have a next symbol.
fn count(symbols: &[u32], steps: usize, stride: usize) -> usize {
    (symbols.len() - steps - 1) / stride + 1
}

impl BatchSource for Excerpts<'_> {
    fn train(&self, step: usize) -> Batch {
        self.batch(Split::Train, &self.shuffle.items(step))
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.counts(split).0.div_ceil(self.options.batch)
    }

    /// Excerpts at equal distances over the whole split.
    fn held_out(&self, split: Split, batch: usize) -> Batch {
        let (used, all) = self.counts(split);
        let start = batch * self.options.batch;
        let numbers = start..(start + self.options.batch).min(used);
        self.batch(split, &numbers.map(|n| n * all / used).collect::<Vec<_>>())
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.shuffle.batches())
    }
}

impl Task for Excerpts<'_> {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(self.outputs())
    }

    fn outputs(&self) -> i64 {
        self.corpus.symbols.len() as i64
    }

    fn by_excerpts(&self) -> bool {
        true
    }

    /// The frequencies of the symbols in the training text.
    fn constant_output(&self) -> Tensor {
        unigram(self.corpus, self.options.device)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::fixtures::{self, Sequences, corpus, sequences_of};

    fn options(held_out: usize) -> BatchOptions {
        BatchOptions { held_out, ..fixtures::options(4, 2, Kind::Float) }
    }

    /// Excerpts that begin at these symbols.
    fn excerpts(starts: &[i64]) -> Sequences {
        let input = starts.iter().map(|start| (*start..start + 4).collect()).collect();
        (input, starts.iter().map(|start| vec![start + 4]).collect(), false)
    }

    #[test]
    fn held_out_excerpts_are_spread_over_the_split() {
        let corpus = corpus();
        let text = |held_out| Excerpts::new(&corpus, 2, options(held_out)).unwrap();
        // Fourteen excerpts start at 0, 2, … 26. The first, fifth and tenth are a third apart.
        for split in [Split::Valid, Split::Test] {
            assert_eq!(text(3).held_out_count(split), 2);
            assert_eq!(sequences_of(text(3).held_out(split, 0)), excerpts(&[0, 8]));
            assert_eq!(sequences_of(text(3).held_out(split, 1)), excerpts(&[18]));
            // All excerpts: the target of the last is the last symbol.
            assert_eq!(text(100).held_out_count(split), 7);
            assert_eq!(sequences_of(text(100).held_out(split, 6)), excerpts(&[24, 26]));
        }
    }

    #[test]
    fn excerpts_of_an_epoch_are_each_used_once() {
        let corpus = corpus();
        let text = Excerpts::new(&corpus, 2, options(100)).unwrap();
        assert_eq!(text.steps_per_epoch(), Some(9));
        let mut starts = Vec::new();
        for step in 0..9 {
            let found = sequences_of(text.train(step));
            let begin: Vec<i64> = found.0.iter().map(|excerpt| excerpt[0]).collect();
            assert_eq!(found, excerpts(&begin));
            starts.extend(begin);
        }
        starts.sort_unstable();
        assert_eq!(starts, (0..18).map(|n| 2 * n).collect::<Vec<i64>>());
    }
}
