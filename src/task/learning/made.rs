//! Tasks that make their sequences up: a batch is a function of the seed, the split and its number.

use rand_chacha::ChaCha8Rng;

use super::{Batch, Frame, Source};
use crate::data::Split;
use crate::random::{self, Purpose};

/// A task whose sequences are drawn.
pub(super) trait Made {
    /// Where and how large the batches are.
    fn frame(&self) -> &Frame;

    /// A batch, from random numbers of its own.
    fn draw(&self, rng: ChaCha8Rng) -> Batch;
}

impl<T: Made> Source for T {
    fn train(&self, step: usize) -> Batch {
        self.draw(random::at_step(self.frame().seed, Purpose::Train, step))
    }

    fn held_out_count(&self, _split: Split) -> usize {
        self.frame().held_out.div_ceil(self.frame().batch)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        self.draw(random::at_step(self.frame().seed, purpose(split), batch))
    }
}

fn purpose(split: Split) -> Purpose {
    match split {
        Split::Train => Purpose::Train,
        Split::Valid => Purpose::Valid,
        Split::Test => Purpose::Test,
    }
}
