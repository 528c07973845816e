//! The modular sum: the number after each step is the sum of all numbers so far, modulo m. It is parity for
//! m = 2.
//!
//! The output depends on every step before it, so a network must track a state (Merrill, Petty & Sabharwal
//! 2024, who call it the word problem of the group Z_m; parity as in Graves 2016, section 3.1).

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::options::BatchOptions;
use super::synthetic::SyntheticData;
use super::task::{Batch, Target, Task};
use crate::model::InputSpec;

/// The modular sum.
pub struct ModularSum {
    pub modulus: i64,
    pub options: BatchOptions,
}

impl SyntheticData for ModularSum {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps, batch, .. } = self.options;
        let shape = [steps as i64, batch as i64];
        let mut sums = vec![0; batch];
        let mut step = || -> Vec<(i64, i64)> {
            let add = |sum: &mut i64| {
                let number = rng.random_range(0..self.modulus);
                *sum = (*sum + number) % self.modulus;
                (number, *sum)
            };
            sums.iter_mut().map(add).collect()
        };
        let (numbers, sums): (Vec<i64>, Vec<i64>) = (0..steps).flat_map(|_| step()).unzip();
        let tensor = |values: &[i64]| self.options.tensor(values, shape);
        Batch { input: tensor(&numbers), target: Target::Classes(tensor(&sums)), continues: false }
    }
}

impl Task for ModularSum {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(self.modulus)
    }

    fn outputs(&self) -> i64 {
        self.modulus
    }

    /// Equal scores of all sums.
    fn constant_output(&self) -> Tensor {
        self.options.equal_scores(self.modulus)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::{BatchSource, fixtures};

    #[test]
    fn modular_sum_target_is_sum_of_all_numbers_so_far() {
        for modulus in [2, 5] {
            let options = fixtures::options(40, 30, Kind::Float);
            let batch = ModularSum { modulus, options }.train(0);
            let (inputs, targets, continues) = fixtures::sequences_of(batch);
            assert!(!continues);
            for (numbers, sums) in inputs.iter().zip(&targets) {
                let mut sum = 0;
                for (number, found) in numbers.iter().zip(sums) {
                    sum = (sum + number) % modulus;
                    assert_eq!(sum, *found);
                }
            }
            let all = inputs.concat();
            for number in 0..modulus {
                let times = all.iter().filter(|other| **other == number).count() as i64;
                assert!((1200 - 3 * modulus * 40..).contains(&(times * modulus)), "{number}: {times}");
            }
        }
    }
}
