//! The selective copy problem (Gu & Dao 2023, section 4.1.1): ten symbols stand at random places of T steps
//! with blanks between them, and are repeated in their order.
//!
//! The input is T steps with the ten symbols and blanks, then ten markers. The targets are the ten symbols at
//! the markers. In `copy_memory`, the places of the symbols are known; here the network must recognise them.

use rand::Rng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

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
const REPEAT: i64 = 9;

/// The selective copy problem.
pub struct SelectiveCopy {
    pub options: BatchOptions,
}

impl SyntheticData for SelectiveCopy {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps, batch, .. } = self.options;
        let (input_shape, target_shape) = ([steps + LENGTH, batch], [LENGTH, batch]);
        let [input_shape, target_shape] = [input_shape, target_shape].map(|shape| shape.map(|n| n as i64));
        let mut input = random::filled(&input_shape, || BLANK);
        input[steps * batch..].fill(REPEAT);
        let mut target = random::filled(&target_shape, || BLANK);
        for b in 0..batch {
            let mut places = index::sample(&mut rng, steps, LENGTH).into_vec();
            places.sort_unstable();
            for (n, place) in places.into_iter().enumerate() {
                let symbol = rng.random_range(0..KINDS);
                input[place * batch + b] = symbol;
                target[n * batch + b] = symbol;
            }
        }
        Batch {
            input: self.options.tensor(&input, input_shape),
            target: Target::Classes(self.options.tensor(&target, target_shape)),
            continues: false,
        }
    }
}

impl Task for SelectiveCopy {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(KINDS + 2)
    }

    fn outputs(&self) -> i64 {
        KINDS
    }

    /// Equal scores of all symbols.
    fn constant_output(&self) -> Tensor {
        self.options.equal_scores(KINDS)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::{BatchSource, fixtures};

    #[test]
    fn selective_copy_targets_are_symbols_in_their_order() {
        for steps in [10, 60] {
            let options = fixtures::options(steps, 40, Kind::Float);
            let batch = SelectiveCopy { options }.train(0);
            let (inputs, targets, _) = fixtures::sequences_of(batch);
            let mut first_places = Vec::new();
            for (input, target) in inputs.iter().zip(&targets) {
                let (content, markers) = input.split_at(steps);
                assert_eq!(markers, [REPEAT; LENGTH]);
                let symbols: Vec<i64> = content.iter().copied().filter(|symbol| *symbol < KINDS).collect();
                assert_eq!((&symbols, symbols.len()), (target, LENGTH));
                first_places.push(content.iter().position(|symbol| *symbol < KINDS));
            }
            first_places.sort();
            first_places.dedup();
            assert_eq!(first_places.len() > 1, steps > LENGTH, "{first_places:?}");
        }
    }
}
