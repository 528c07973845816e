//! The temporal order problem (Hochreiter & Schmidhuber 1997, section 5.6; lengths as in Pascanu et al. 2013, section 4.1):
//! among four distractors stand two symbols, each A or B, one in (0.1 T, 0.2 T) and one in (0.4 T, 0.5 T); which of AA, AB,
//! BA, BB it was is asked for after the last step.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::made::Made;
use super::{Batch, Chance, Frame, Read, Split, Target, Task};
use crate::random;

const CLASSES: i64 = 4;
const SYMBOLS: i64 = 6;

/// See the module.
pub struct TemporalOrder {
    frame: Frame,
}

impl TemporalOrder {
    pub(super) fn new(frame: Frame) -> TemporalOrder {
        TemporalOrder { frame }
    }
}

impl Made for TemporalOrder {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let Frame { steps, batch, on, .. } = self.frame;
        let shape = [steps as i64, batch as i64];
        let mut input: Vec<i64> = random::filled(&shape, || rng.random_range(2..SYMBOLS));
        let mut classes = Vec::with_capacity(batch);
        for b in 0..batch {
            let mut class = 0;
            for (low, high) in [(steps / 10, steps / 5), (2 * steps / 5, steps / 2)] {
                let place = rng.random_range(low..high.max(low + 1)).min(steps - 1);
                let symbol = rng.random_range(0..2);
                input[place * batch + b] = symbol;
                class = 2 * class + symbol;
            }
            classes.push(class);
        }
        let input = Tensor::from_slice(&input).reshape(shape).to_device(on);
        let classes = Tensor::from_slice(&classes).reshape([1, batch as i64]).to_device(on);
        Batch { input, target: Target::Classes(classes), continues: false }
    }
}

impl Task for TemporalOrder {
    fn read(&self) -> Read {
        Read::Symbols(SYMBOLS)
    }

    fn outputs(&self) -> i64 {
        CLASSES
    }

    fn chance(&self, _split: Split) -> Chance {
        Chance { loss: (CLASSES as f64).ln(), accuracy: Some(1.0 / CLASSES as f64) }
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device;
    use crate::task::learning::Source;

    #[test]
    fn the_class_is_the_order_of_the_two_symbols() {
        let (kind, on) = (Kind::Float, device::cpu());
        let frame = Frame { steps: 50, batch: 200, held_out: 1, share: 1.0, seed: 3, kind, on };
        let Batch { input, target: Target::Classes(target), .. } = TemporalOrder::new(frame).train(0) else {
            panic!("the answer is a class");
        };
        let mut seen = [0; CLASSES as usize];
        for b in 0..200 {
            let symbols: Vec<i64> = Vec::try_from(input.select(1, b)).unwrap();
            let told: Vec<usize> = (0..50).filter(|t| symbols[*t] < 2).collect();
            assert_eq!(told.len(), 2, "all others are distractors");
            assert!((5..10).contains(&told[0]) && (20..25).contains(&told[1]), "{told:?}");
            let class = 2 * symbols[told[0]] + symbols[told[1]];
            assert_eq!(target.int64_value(&[0, b]), class);
            seen[class as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times > 25), "{seen:?}");
    }
}
