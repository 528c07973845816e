//! Language modelling over the whole text with truncated BPTT: the target at every step is the next symbol.

use tch::Tensor;

use super::options::BatchOptions;
use super::task::{Batch, BatchSource, Target, Task};
use super::unigram::{symbol_tensor, unigram};
use crate::data::{Corpus, Split};
use crate::model::InputSpec;
use crate::support::error::Result;

/// A text cut into B parallel streams. Each batch continues the streams of the batch before.
pub struct Streams<'a> {
    corpus: &'a Corpus,
    options: BatchOptions,
}

impl<'a> Streams<'a> {
    /// # Errors
    /// The used share of the training data is smaller than one batch.
    pub fn new(corpus: &'a Corpus, options: BatchOptions) -> Result<Streams<'a>> {
        options.require(corpus.split(Split::Train).len(), options.steps * options.batch + 1)?;
        Ok(Streams { corpus, options })
    }

    /// Symbols of each stream that have a next symbol.
    fn length(&self, split: Split) -> usize {
        (self.options.used_symbols(self.corpus, split).len() - 1) / self.options.batch
    }

    /// Windows of T steps in a training stream.
    fn windows(&self) -> usize {
        self.length(Split::Train) / self.options.steps
    }

    /// One window of all streams. A held-out split is read to its end: its last window is shorter.
    fn window(&self, split: Split, window: usize) -> Batch {
        let BatchOptions { steps, batch, device, .. } = self.options;
        let (symbols, length) = (self.corpus.split(split), self.length(split));
        let start = window * steps;
        let steps = steps.min(length - start);
        let shifted = |shift: usize| {
            let indices =
                (start..start + steps).flat_map(|t| (0..batch).map(move |b| b * length + t + shift));
            symbol_tensor(indices.map(|index| symbols[index]), [steps, batch], device)
        };
        Batch { input: shifted(0), target: Target::Classes(shifted(1)), continues: window > 0 }
    }
}

impl BatchSource for Streams<'_> {
    fn train(&self, step: usize) -> Batch {
        self.window(Split::Train, step % self.windows())
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.length(split).div_ceil(self.options.steps)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        self.window(split, batch)
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.windows())
    }
}

impl Task for Streams<'_> {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(self.outputs())
    }

    fn outputs(&self) -> i64 {
        self.corpus.symbols.len() as i64
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

    fn options(train_share: f64) -> BatchOptions {
        BatchOptions { held_out: 100, train_share, ..fixtures::options(4, 3, Kind::Float) }
    }

    /// A window of up to four steps of three streams of `length` symbols, from the step `start` on.
    fn window(length: i64, start: i64) -> Sequences {
        let shifted = |shift: i64| {
            let steps = (length - start).min(4);
            (0..3).map(|b| (0..steps).map(|t| b * length + start + t + shift).collect()).collect()
        };
        (shifted(0), shifted(1), start > 0)
    }

    #[test]
    fn streams_are_parallel_and_continue_from_window_to_window() {
        let corpus = corpus();
        let text = Streams::new(&corpus, options(1.0)).unwrap();
        // 39 symbols have a next one: 13 in each stream, of which three windows take 12.
        assert_eq!(text.steps_per_epoch(), Some(3));
        for step in 0..6 {
            assert_eq!(sequences_of(text.train(step)), window(13, 4 * (step as i64 % 3)), "step {step}");
        }
        // 31 symbols make streams of 10, which are read to their ends.
        for split in [Split::Valid, Split::Test] {
            assert_eq!(text.held_out_count(split), 3);
            for n in 0..3 {
                assert_eq!(sequences_of(text.held_out(split, n)), window(10, 4 * n as i64), "{split}");
            }
        }
    }

    #[test]
    fn streams_of_share_use_start_of_training_text() {
        let corpus = corpus();
        let text = Streams::new(&corpus, options(0.5)).unwrap();
        assert_eq!(text.steps_per_epoch(), Some(1));
        assert_eq!(sequences_of(text.train(0)), window(6, 0));
        assert_eq!(sequences_of(text.held_out(Split::Valid, 0)), window(10, 0), "held-out data is whole");
    }
}
