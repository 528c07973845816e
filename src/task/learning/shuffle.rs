//! Data in a new random order each epoch.

use std::cell::RefCell;

use rand::seq::SliceRandom;

use crate::random::{self, Purpose};

/// The order of so many items, batch by batch.
pub struct Shuffle {
    items: usize,
    batch: usize,
    seed: u64,
    /// The epoch that was asked for last, and its order.
    known: RefCell<Option<(usize, Vec<u32>)>>,
}

impl Shuffle {
    /// Batches of `batch` items; at least one.
    pub fn new(items: usize, batch: usize, seed: u64) -> Shuffle {
        Shuffle { items, batch, seed, known: RefCell::new(None) }
    }

    /// Whole batches in an epoch; items beyond the last are left out, others in each epoch.
    pub fn batches(&self) -> usize {
        (self.items / self.batch).max(1)
    }

    /// The items of the batch of a step: a function of the step alone.
    pub fn items(&self, step: usize) -> Vec<usize> {
        let (epoch, batch) = (step / self.batches(), step % self.batches());
        let mut known = self.known.borrow_mut();
        if known.as_ref().is_none_or(|(of, _)| *of != epoch) {
            let mut order: Vec<u32> = (0..self.items as u32).collect();
            order.shuffle(&mut random::at_step(self.seed, Purpose::Order, epoch));
            *known = Some((epoch, order));
        }
        let order = known.as_ref().map(|(_, order)| order.as_slice()).unwrap_or_default();
        let from = batch * self.batch;
        order[from..(from + self.batch).min(order.len())].iter().map(|item| *item as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_every_item_once_and_the_next_another_order() {
        let shuffle = Shuffle::new(12, 4, 1);
        let epoch =
            |first: usize| (first..first + 3).flat_map(|step| shuffle.items(step)).collect::<Vec<_>>();
        let (first, second, again) = (epoch(0), epoch(3), epoch(0));
        assert_eq!(first, again);
        assert_ne!(first, second);
        let mut sorted = second.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..12).collect::<Vec<_>>());
    }
}
