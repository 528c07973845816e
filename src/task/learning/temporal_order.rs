//! The temporal order problem (Hochreiter & Schmidhuber 1997, section 5.6; lengths as in Pascanu et al.
//! 2013, section 4.1).
//!
//! Two symbols, each A or B, are hidden among four distractors: one in (0.1 T, 0.2 T), one in (0.4 T,
//! 0.5 T). The target after the last step is their order: AA, AB, BA or BB.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::options::BatchOptions;
use super::synthetic::SyntheticData;
use super::task::{Batch, Target, Task};
use crate::model::InputSpec;
use crate::random;

const CLASSES: i64 = 4;
const SYMBOLS: i64 = 6;

/// The temporal order problem.
pub struct TemporalOrder {
    pub options: BatchOptions,
}

impl SyntheticData for TemporalOrder {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps, batch, .. } = self.options;
        let shape = [steps as i64, batch as i64];
        let mut input: Vec<i64> = random::filled(&shape, || rng.random_range(2..SYMBOLS));
        let mut classes = Vec::with_capacity(batch);
        for b in 0..batch {
            let mut class = 0;
            for (low, high) in [(steps / 10, steps / 5), (2 * steps / 5, steps / 2)] {
                let step = rng.random_range(low..high.max(low + 1)).min(steps - 1);
                let symbol = rng.random_range(0..2);
                input[step * batch + b] = symbol;
                class = 2 * class + symbol;
            }
            classes.push(class);
        }
        let input = self.options.tensor(&input, shape);
        let classes = self.options.tensor(&classes, [1, batch as i64]);
        Batch { input, target: Target::Classes(classes), continues: false }
    }
}

impl Task for TemporalOrder {
    fn input(&self) -> InputSpec {
        InputSpec::Symbols(SYMBOLS)
    }

    fn outputs(&self) -> i64 {
        CLASSES
    }

    /// Equal scores of the four orders.
    fn constant_output(&self) -> Tensor {
        self.options.equal_scores(CLASSES)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::{BatchSource, fixtures};

    #[test]
    fn temporal_order_class_is_order_of_two_symbols() {
        let options = fixtures::options(50, 200, Kind::Float);
        let Batch { input, target: Target::Classes(target), .. } = TemporalOrder { options }.train(0) else {
            panic!("the target is a class");
        };
        let mut seen = [0; CLASSES as usize];
        for b in 0..200 {
            let symbols: Vec<i64> = Vec::try_from(input.select(1, b)).unwrap();
            let hidden: Vec<usize> = (0..50).filter(|t| symbols[*t] < 2).collect();
            assert_eq!(hidden.len(), 2, "all others are distractors");
            assert!((5..10).contains(&hidden[0]) && (20..25).contains(&hidden[1]), "{hidden:?}");
            let class = 2 * symbols[hidden[0]] + symbols[hidden[1]];
            assert_eq!(target.int64_value(&[0, b]), class);
            seen[class as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times > 25), "{seen:?}");
    }
}
