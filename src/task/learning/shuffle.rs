//! A new random order of the data in each epoch.

use std::cell::RefCell;

use rand::seq::SliceRandom;

use crate::random::{self, Purpose};

/// The order of items over epochs, batch by batch.
pub struct Shuffle {
    items: usize,
    batch: usize,
    seed: u64,
    /// The epoch of the last call, and its order.
    cached: RefCell<Option<(usize, Vec<u32>)>>,
}

impl Shuffle {
    /// Batches of `batch` items out of `items`.
    pub fn new(items: usize, batch: usize, seed: u64) -> Shuffle {
        Shuffle { items, batch, seed, cached: RefCell::new(None) }
    }

    /// The number of batches in an epoch, at least one. The items that do not fill a batch are omitted;
    /// they differ from epoch to epoch.
    pub fn batches(&self) -> usize {
        (self.items / self.batch).max(1)
    }

    /// The items of a step's batch: a function of the step alone.
    pub fn items(&self, step: usize) -> Vec<usize> {
        let (epoch, batch) = (step / self.batches(), step % self.batches());
        let mut cached = self.cached.borrow_mut();
        if cached.as_ref().is_none_or(|(cached, _)| *cached != epoch) {
            let mut order: Vec<u32> = (0..self.items as u32).collect();
            order.shuffle(&mut random::at_step(self.seed, Purpose::Order, epoch));
            *cached = Some((epoch, order));
        }
        let order = cached.as_ref().map(|(_, order)| order.as_slice()).unwrap_or_default();
        let start = batch * self.batch;
        order[start..(start + self.batch).min(order.len())].iter().map(|item| *item as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffle_yields_every_item_once_an_epoch_in_new_order() {
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
