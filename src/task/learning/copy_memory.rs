//! The copy memory problem (Arjovsky et al. 2016, section 4.1; Hochreiter & Schmidhuber 1997).
//!
//! The input is ten symbols, T − 1 blanks, a start marker and ten blanks. The target is T + 10 blanks
//! and the ten symbols. A sequence has T + 20 steps.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::options::BatchOptions;
use super::synthetic::SyntheticData;
use super::task::{Batch, Target, Task};
use crate::model::InputSpec;
use crate::random;

/// The number of symbols to remember.
const LENGTH: usize = 10;
/// The number of different symbols.
const KINDS: i64 = 8;
const BLANK: i64 = 8;
const BEGIN: i64 = 9;

/// The copy memory problem.
pub struct CopyMemory {
    pub options: BatchOptions,
}

impl SyntheticData for CopyMemory {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps: delay, batch, .. } = self.options;
        let steps = delay + 2 * LENGTH;
        let shape = [steps as i64, batch as i64];
        let blanks = || random::filled(&shape, || BLANK);
        let (mut input, mut target) = (blanks(), blanks());
        for b in 0..batch {
            for n in 0..LENGTH {
                let symbol = rng.random_range(0..KINDS);
                input[n * batch + b] = symbol;
                target[(steps - LENGTH + n) * batch + b] = symbol;
            }
            input[(LENGTH + delay - 1) * batch + b] = BEGIN;
        }
        let tensor = |numbers: &[i64]| self.options.tensor(numbers, shape);
        Batch { input: tensor(&input), target: Target::Classes(tensor(&target)), continues: false }
    }
}

impl Task for CopyMemory {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(KINDS + 2)
    }

    fn outputs(&self) -> i64 {
        KINDS + 1
    }

    fn scored_steps(&self) -> Option<i64> {
        Some(LENGTH as i64)
    }

    /// Correct blanks, then equal scores of all symbols. Its loss is 10 ln 8 / (T + 20).
    fn constant_output(&self) -> Tensor {
        let (blanks, symbols) = ((self.options.steps + LENGTH) as i64, LENGTH as i64);
        let options = (Kind::Double, self.options.device);
        let output = Tensor::full([blanks + symbols, 1, KINDS + 1], f64::NEG_INFINITY, options);
        let _ = output.narrow(0, 0, blanks).select(2, BLANK).fill_(0.0);
        let _ = output.narrow(0, blanks, symbols).narrow(2, 0, KINDS).fill_(0.0);
        output
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::{BatchSource, fixtures};

    #[test]
    fn copy_memory_targets_are_symbols_after_delay() {
        let options = fixtures::options(30, 50, Kind::Float);
        let Batch { input, target: Target::Classes(target), .. } = CopyMemory { options }.train(0) else {
            panic!("the targets are classes");
        };
        assert_eq!(input.size(), [50, 50]);
        assert_eq!(target.narrow(0, 40, 10), input.narrow(0, 0, 10));
        assert_eq!(count(&target.narrow(0, 0, 40).eq(BLANK)), 40 * 50, "blank targets before the symbols");
        assert_eq!(count(&input.select(0, 39).eq(BEGIN)), 50, "the start marker is at step T + 9 (from 0)");
        assert_eq!(count(&input.narrow(0, 10, 40).eq(BLANK)), 39 * 50, "blanks around the start marker");
        for symbol in 0..KINDS {
            assert!(count(&input.narrow(0, 0, 10).eq(symbol)) > 30, "about 62 of 500 are {symbol}");
        }
    }

    fn count(flags: &Tensor) -> i64 {
        flags.sum(Kind::Int64).int64_value(&[])
    }
}
