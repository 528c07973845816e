//! The next character or word of a text.

use tch::{Device, Tensor};

use super::shuffle::Shuffle;
use super::{Batch, Chance, Frame, Read, Source, Split, Target, Task};
use crate::data::Corpus;
use crate::support::error::Result;

/// After every step the next symbol is asked for. The text is cut into B streams side by side, and each batch goes on where
/// the one before ended: truncated backpropagation through time.
pub struct Streams<'a> {
    corpus: &'a Corpus,
    frame: Frame,
}

/// The symbols of a split; of `train` those that are learned from.
fn symbols(corpus: &Corpus, split: Split, frame: Frame) -> &[u32] {
    let all = corpus.split(split);
    if split == Split::Train { &all[..frame.learned(all.len())] } else { all }
}

impl<'a> Streams<'a> {
    /// # Errors
    /// The share of the training data that is learned from does not make one batch.
    pub(super) fn new(corpus: &'a Corpus, frame: Frame) -> Result<Streams<'a>> {
        frame.requires(corpus.split(Split::Train).len(), frame.steps * frame.batch + 1)?;
        Ok(Streams { corpus, frame })
    }

    /// Symbols in each stream that have a next one.
    fn length(&self, split: Split) -> usize {
        (symbols(self.corpus, split, self.frame).len() - 1) / self.frame.batch
    }

    /// So many windows of T steps fit into the part of a stream that is learned from.
    fn windows(&self) -> usize {
        self.length(Split::Train) / self.frame.steps
    }

    /// What is held out is judged to its end: the last window is shorter.
    fn window(&self, split: Split, window: usize) -> Batch {
        let Frame { steps, batch, on, .. } = self.frame;
        let (symbols, length) = (self.corpus.split(split), self.length(split));
        let from = window * steps;
        let steps = steps.min(length - from);
        let at = |shift: usize| {
            let places = (from..from + steps).flat_map(|t| (0..batch).map(move |b| b * length + t + shift));
            integers(places.map(|place| symbols[place]), [steps, batch], on)
        };
        Batch { input: at(0), target: Target::Classes(at(1)), continues: window > 0 }
    }
}

fn integers(numbers: impl Iterator<Item = u32>, shape: [usize; 2], on: Device) -> Tensor {
    let numbers: Vec<i64> = numbers.map(i64::from).collect();
    Tensor::from_slice(&numbers).reshape(shape.map(|n| n as i64)).to_device(on)
}

impl Source for Streams<'_> {
    fn train(&self, step: usize) -> Batch {
        self.window(Split::Train, step % self.windows())
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.length(split).div_ceil(self.frame.steps)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        self.window(split, batch)
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.windows())
    }
}

impl Task for Streams<'_> {
    fn read(&self) -> Read {
        Read::Symbols(self.corpus.symbols.len() as i64)
    }

    fn outputs(&self) -> i64 {
        self.corpus.symbols.len() as i64
    }

    fn chance(&self, split: Split) -> Chance {
        by_frequency(self.corpus, split)
    }
}

/// After the last step of an excerpt the next symbol is asked for. Excerpts come in random order.
pub struct Excerpts<'a> {
    corpus: &'a Corpus,
    stride: usize,
    shuffle: Shuffle,
    frame: Frame,
}

impl<'a> Excerpts<'a> {
    /// # Errors
    /// The share of the training data that is learned from does not make one excerpt.
    pub(super) fn new(corpus: &'a Corpus, stride: usize, frame: Frame) -> Result<Excerpts<'a>> {
        frame.requires(corpus.split(Split::Train).len(), frame.steps + 1)?;
        let excerpts = count(symbols(corpus, Split::Train, frame), frame.steps, stride);
        Ok(Excerpts { corpus, stride, shuffle: Shuffle::new(excerpts, frame.batch, frame.seed), frame })
    }

    fn batch(&self, split: Split, excerpts: &[usize]) -> Batch {
        let Frame { steps, on, .. } = self.frame;
        let symbols = self.corpus.split(split);
        let at = |t: usize| excerpts.iter().map(move |n| symbols[n * self.stride + t]);
        Batch {
            input: integers((0..steps).flat_map(at), [steps, excerpts.len()], on),
            target: Target::Classes(integers(at(steps), [1, excerpts.len()], on)),
            continues: false,
        }
    }

    fn held(&self, split: Split) -> usize {
        count(self.corpus.split(split), self.frame.steps, self.stride).min(self.frame.held_out)
    }
}

/// Excerpts of so many steps, with a symbol after each.
fn count(symbols: &[u32], steps: usize, stride: usize) -> usize {
    (symbols.len() - steps - 1) / stride + 1
}

impl Source for Excerpts<'_> {
    fn train(&self, step: usize) -> Batch {
        self.batch(Split::Train, &self.shuffle.items(step))
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.held(split).div_ceil(self.frame.batch)
    }

    /// Spread over the whole split, where only a part of it is asked for.
    fn held_out(&self, split: Split, batch: usize) -> Batch {
        let (asked, all) = (self.held(split), count(self.corpus.split(split), self.frame.steps, self.stride));
        let first = batch * self.frame.batch;
        let numbers = first..(first + self.frame.batch).min(asked);
        self.batch(split, &numbers.map(|n| n * all / asked).collect::<Vec<_>>())
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.shuffle.batches())
    }
}

impl Task for Excerpts<'_> {
    fn read(&self) -> Read {
        Read::Symbols(self.corpus.symbols.len() as i64)
    }

    fn outputs(&self) -> i64 {
        self.corpus.symbols.len() as i64
    }

    fn by_excerpts(&self) -> bool {
        true
    }

    fn chance(&self, split: Split) -> Chance {
        by_frequency(self.corpus, split)
    }
}

/// The frequencies of the training split as the answer at every step, each count one larger so that none is 0: its
/// cross-entropy on a split, and how often the most frequent symbol is right.
fn by_frequency(corpus: &Corpus, split: Split) -> Chance {
    let count = |split: Split| {
        let mut counts = vec![0.0f64; corpus.symbols.len()];
        corpus.split(split).iter().for_each(|symbol| counts[*symbol as usize] += 1.0);
        counts
    };
    let learned: Vec<f64> = count(Split::Train).into_iter().map(|count| count + 1.0).collect();
    let (judged, all) = (count(split), learned.iter().sum::<f64>());
    let most = (0..learned.len()).max_by(|a, b| learned[*a].total_cmp(&learned[*b])).unwrap_or(0);
    let nats: f64 = judged.iter().zip(&learned).map(|(times, count)| -times * (count / all).ln()).sum();
    let share = |sum: f64| sum / judged.iter().sum::<f64>().max(1.0);
    Chance { loss: share(nats), accuracy: Some(share(judged[most])) }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::data::{Cut, RawText};
    use crate::device::cpu;

    /// A corpus whose splits are the symbols 0 to 39, 0 to 30 and 0 to 30: each tells its place.
    fn corpus() -> Corpus {
        let symbols = (0..40).chain(0..31).chain(0..31);
        let text = symbols.filter_map(|number| char::from_u32(0x100 + number)).collect();
        let raw = RawText { name: "places".into(), path: "places".into(), sha256: String::new(), text };
        let split = [40.0, 31.0, 31.0].map(|count: f64| count / 102.0);
        Corpus::new(&raw, Cut { by_words: false, split, limit: None, min_count: 1 })
    }

    fn frame(batch: usize, held_out: usize, share: f64) -> Frame {
        Frame { steps: 4, batch, held_out, share, seed: 1, kind: Kind::Float, on: cpu() }
    }

    /// Input, target and whether it continues; each stream or excerpt of its own.
    fn read(batch: Batch) -> (Vec<Vec<i64>>, Vec<Vec<i64>>, bool) {
        let Batch { input, target: Target::Classes(target), continues } = batch else { panic!("a class") };
        let each = |of: &Tensor| {
            (0..of.size()[1]).map(|b| Vec::try_from(of.select(1, b).contiguous()).unwrap()).collect()
        };
        (each(&input), each(&target), continues)
    }

    /// Four steps of streams that each begin so far from the one before, from a step on; fewer where they end.
    fn streams(apart: i64, from: i64) -> (Vec<Vec<i64>>, Vec<Vec<i64>>, bool) {
        let at = |shift: i64| {
            let steps = (apart - from).min(4);
            (0..3).map(|b| (0..steps).map(|t| b * apart + from + t + shift).collect()).collect()
        };
        (at(0), at(1), from > 0)
    }

    #[test]
    fn streams_lie_side_by_side_and_go_on_from_window_to_window() {
        let corpus = corpus();
        let text = Streams::new(&corpus, frame(3, 100, 1.0)).unwrap();
        // 39 symbols have a next one: 13 in each stream, of which three windows take 12.
        assert_eq!(text.steps_per_epoch(), Some(3));
        for step in 0..6 {
            assert_eq!(read(text.train(step)), streams(13, 4 * (step as i64 % 3)), "step {step}");
        }
        // Of 31 symbols each stream has 10, which are judged to the end.
        for split in [Split::Valid, Split::Test] {
            assert_eq!(text.held_out_count(split), 3);
            for window in 0..3 {
                assert_eq!(read(text.held_out(split, window)), streams(10, 4 * window as i64), "{split}");
            }
        }
    }

    #[test]
    fn streams_of_a_share_of_the_text_lie_in_its_beginning() {
        let corpus = corpus();
        let text = Streams::new(&corpus, frame(3, 100, 0.5)).unwrap();
        assert_eq!(text.steps_per_epoch(), Some(1));
        assert_eq!(read(text.train(0)), streams(6, 0));
        assert_eq!(read(text.held_out(Split::Valid, 0)), streams(10, 0), "what is held out stays whole");
    }

    /// Excerpts that begin at these places.
    fn excerpts(places: &[i64]) -> (Vec<Vec<i64>>, Vec<Vec<i64>>, bool) {
        let input = places.iter().map(|place| (*place..place + 4).collect()).collect();
        (input, places.iter().map(|place| vec![place + 4]).collect(), false)
    }

    #[test]
    fn excerpts_that_are_held_out_are_spread_over_the_split() {
        let corpus = corpus();
        let text = |held_out| Excerpts::new(&corpus, 2, frame(2, held_out, 1.0)).unwrap();
        // There are fourteen, at 0, 2, … 26; the first, fifth and tenth are a third apart.
        for split in [Split::Valid, Split::Test] {
            assert_eq!(text(3).held_out_count(split), 2);
            assert_eq!(read(text(3).held_out(split, 0)), excerpts(&[0, 8]));
            assert_eq!(read(text(3).held_out(split, 1)), excerpts(&[18]));
            // All of them: the last is asked for the last symbol.
            assert_eq!(text(100).held_out_count(split), 7);
            assert_eq!(read(text(100).held_out(split, 6)), excerpts(&[24, 26]));
        }
    }

    #[test]
    fn an_epoch_has_every_excerpt_once() {
        let corpus = corpus();
        let text = Excerpts::new(&corpus, 2, frame(2, 100, 1.0)).unwrap();
        assert_eq!(text.steps_per_epoch(), Some(9));
        let mut places = Vec::new();
        for step in 0..9 {
            let found = read(text.train(step));
            let begin: Vec<i64> = found.0.iter().map(|excerpt| excerpt[0]).collect();
            assert_eq!(found, excerpts(&begin));
            places.extend(begin);
        }
        places.sort_unstable();
        assert_eq!(places, (0..18).map(|n| 2 * n).collect::<Vec<i64>>());
    }
}
