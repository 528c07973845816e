//! Synthetic tasks: a batch is a function of the seed, the split and its number.

use rand_chacha::ChaCha8Rng;

use super::options::BatchOptions;
use super::task::{Batch, BatchSource};
use crate::data::Split;
use crate::random::{self, Purpose};

/// A task whose sequences are drawn at random.
pub trait SyntheticData {
    /// The options of the batches.
    fn options(&self) -> &BatchOptions;

    /// A batch from random numbers of its own.
    fn draw(&self, rng: ChaCha8Rng) -> Batch;
}

impl<T: SyntheticData> BatchSource for T {
    fn train(&self, step: usize) -> Batch {
        self.draw(random::at_step(self.options().seed, Purpose::Train, step))
    }

    fn held_out_count(&self, _split: Split) -> usize {
        self.options().held_out.div_ceil(self.options().batch)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        let purpose = match split {
            Split::Train => Purpose::Train,
            Split::Valid => Purpose::Valid,
            Split::Test => Purpose::Test,
        };
        self.draw(random::at_step(self.options().seed, purpose, batch))
    }
}
