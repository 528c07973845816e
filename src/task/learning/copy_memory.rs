//! The copy memory problem (Arjovsky et al. 2016, section 4.1; Hochreiter & Schmidhuber 1997): ten symbols, T - 1 blanks, a
//! sign to begin, ten blanks; the answer is T + 10 blanks and the ten symbols. A sequence has T + 20 steps.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::made::Made;
use super::{Batch, Chance, Frame, Read, Split, Target, Task};
use crate::random;

/// Symbols to be remembered.
const LENGTH: usize = 10;
/// Kinds of them.
const KINDS: i64 = 8;
const BLANK: i64 = 8;
const BEGIN: i64 = 9;

/// See the module.
pub struct CopyMemory {
    frame: Frame,
}

impl CopyMemory {
    pub(super) fn new(frame: Frame) -> CopyMemory {
        CopyMemory { frame }
    }
}

impl Made for CopyMemory {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let Frame { steps: delay, batch, on, .. } = self.frame;
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
        let tensor = |numbers: &[i64]| Tensor::from_slice(numbers).reshape(shape).to_device(on);
        Batch { input: tensor(&input), target: Target::Classes(tensor(&target)), continues: false }
    }
}

impl Task for CopyMemory {
    fn read(&self) -> Read {
        Read::Symbols(KINDS + 2)
    }

    fn outputs(&self) -> i64 {
        KINDS + 1
    }

    fn judged(&self) -> Option<i64> {
        Some(LENGTH as i64)
    }

    /// Blanks where they belong, and then a guess: 10 ln 8 / (T + 20).
    fn chance(&self, _split: Split) -> Chance {
        let steps = (self.frame.steps + 2 * LENGTH) as f64;
        Chance { loss: LENGTH as f64 * (KINDS as f64).ln() / steps, accuracy: Some(1.0 / KINDS as f64) }
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device;
    use crate::task::learning::Source;

    #[test]
    fn the_symbols_are_asked_for_after_the_delay() {
        let (kind, on) = (Kind::Float, device::cpu());
        let frame = Frame { steps: 30, batch: 50, held_out: 1, share: 1.0, seed: 3, kind, on };
        let Batch { input, target: Target::Classes(target), .. } = CopyMemory::new(frame).train(0) else {
            panic!("the answers are classes");
        };
        assert_eq!(input.size(), [50, 50]);
        assert_eq!(target.narrow(0, 40, 10), input.narrow(0, 0, 10));
        assert_eq!(count(&target.narrow(0, 0, 40).eq(BLANK)), 40 * 50, "blanks before them");
        assert_eq!(
            count(&input.select(0, 39).eq(BEGIN)),
            50,
            "the sign stands T steps after the first symbol's end"
        );
        assert_eq!(count(&input.narrow(0, 10, 40).eq(BLANK)), 39 * 50, "blanks all about it");
        for symbol in 0..KINDS {
            assert!(count(&input.narrow(0, 0, 10).eq(symbol)) > 30, "about 62 of 500 are {symbol}");
        }
    }

    fn count(flags: &Tensor) -> i64 {
        flags.sum(Kind::Int64).int64_value(&[])
    }
}
