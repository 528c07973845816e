//! Size, amount, type and device of a task's batches.

use tch::{Device, Kind, Tensor};

use crate::support::error::{Error, Result};

/// Options of a task's batches.
#[derive(Debug, Clone, Copy)]
pub struct BatchOptions {
    /// Steps T.
    pub steps: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// Sequences of a held-out split.
    pub held_out: usize,
    /// Share of the training data that is used.
    pub train_share: f64,
    /// Seed of the sequences and their order.
    pub seed: u64,
    /// Type of numbers.
    pub kind: Kind,
    /// Device of the tensors.
    pub device: Device,
}

impl BatchOptions {
    /// The number of training items that are used, from the first of `items` on.
    pub fn used(&self, items: usize) -> usize {
        ((items as f64 * self.train_share).round() as usize).clamp(1, items)
    }

    /// Returns symbols or classes as a tensor on the device.
    pub fn tensor(&self, numbers: &[i64], shape: [i64; 2]) -> Tensor {
        Tensor::from_slice(numbers).reshape(shape).to_device(self.device)
    }

    /// Returns equal scores of all classes, `[1, 1, classes]`: the best constant output for classes that are
    /// equally frequent.
    pub fn equal_scores(&self, classes: i64) -> Tensor {
        Tensor::zeros([1, 1, classes], (Kind::Double, self.device))
    }

    /// Checks that at least `min` of `items` training items are used.
    ///
    /// # Errors
    /// [`Error::Usage`] if fewer are used.
    pub fn require(&self, items: usize, min: usize) -> Result<()> {
        let used = self.used(items);
        if used >= min {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "training.train_fraction = {} leaves {used} symbols to learn from; expected at least {min}",
            self.train_share
        )))
    }
}
