//! The adding problem: two of T numbers are marked, and their sum is asked for after the last step.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::made::Made;
use super::{Batch, Chance, Frame, Read, Split, Target, Task};
use crate::random;
use crate::settings::names::AddingVariant;

/// See the module.
pub struct Adding {
    form: AddingVariant,
    frame: Frame,
}

impl Adding {
    pub(super) fn new(form: AddingVariant, frame: Frame) -> Adding {
        Adding { form, frame }
    }
}

impl Made for Adding {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let Frame { steps, batch, kind, on, .. } = self.frame;
        // All sequences of a batch are of one length; in the form of 1997 another in each batch.
        let steps = match self.form {
            AddingVariant::Variant2016 => steps,
            AddingVariant::Variant1997 => rng.random_range(steps..=steps + steps / 10),
        };
        let shape = [steps as i64, batch as i64, 2];
        let (mut input, mut sums) = (random::filled(&shape, || 0.0f64), Vec::with_capacity(batch));
        for b in 0..batch {
            let at = |t: usize| {
                let place = 2 * (t * batch + b);
                place..place + 2
            };
            let sum = match self.form {
                AddingVariant::Variant2016 => {
                    form_2016(&mut rng, steps, |t, pair| input[at(t)].copy_from_slice(&pair))
                }
                AddingVariant::Variant1997 => form_1997(&mut rng, [self.frame.steps, steps], |t, pair| {
                    input[at(t)].copy_from_slice(&pair)
                }),
            };
            sums.push(sum);
        }
        Batch {
            input: Tensor::from_slice(&input).reshape(shape).to_kind(kind).to_device(on),
            target: Target::Numbers(Tensor::from_slice(&sums).to_kind(kind).to_device(on)),
            continues: false,
        }
    }
}

/// Numbers from U(0, 1); one is marked in either half; the target is their sum (Arjovsky et al. 2016, section 4.2).
fn form_2016(rng: &mut ChaCha8Rng, steps: usize, mut put: impl FnMut(usize, [f64; 2])) -> f64 {
    let half = steps / 2;
    let marked = [rng.random_range(0..half.max(1)), rng.random_range(half.min(steps - 1)..steps)];
    let mut sum = 0.0;
    for t in 0..steps {
        let number: f64 = rng.random();
        let times = marked.iter().filter(|place| **place == t).count();
        sum += times as f64 * number;
        put(t, [number, f64::from(u8::from(times > 0))]);
    }
    sum
}

/// Numbers from U(-1, 1), markers 1, 0 and, at both ends, -1. One of the first ten is marked, then one of the first T/2 - 1 that
/// are not, where T is the least number of steps; the target is 0.5 + (a + b)/4 of the numbers marked. If the very first is
/// the one marked first, that number itself is 0, in the sequence as in the sum (Hochreiter & Schmidhuber 1997, section 5.4).
fn form_1997(rng: &mut ChaCha8Rng, [least, steps]: [usize; 2], mut put: impl FnMut(usize, [f64; 2])) -> f64 {
    let early = rng.random_range(0..10.min(least));
    let unmarked = rng.random_range(0..(least / 2).saturating_sub(1).max(1));
    let later = unmarked + usize::from(unmarked >= early);
    let mut sum = 0.0;
    for t in 0..steps {
        let drawn = 2.0 * rng.random::<f64>() - 1.0;
        let number = if t == 0 && t == early { 0.0 } else { drawn };
        let at_an_end = t == 0 || t == steps - 1;
        let marked = t == early || t == later;
        sum += if marked { number } else { 0.0 };
        let marker = match (marked, at_an_end) {
            (true, _) => 1.0,
            (false, true) => -1.0,
            (false, false) => 0.0,
        };
        put(t, [number, marker]);
    }
    0.5 + sum / 4.0
}

impl Task for Adding {
    fn read(&self) -> Read {
        Read::Numbers(2)
    }

    fn outputs(&self) -> i64 {
        1
    }

    /// The variance of the target. Each number's is 1/12 in the form of 2016; in that of 1997 it is 1/3 of 1/16, and the
    /// first counts in nine of ten sequences.
    fn chance(&self, _split: Split) -> Chance {
        let loss = match self.form {
            AddingVariant::Variant2016 => 2.0 / 12.0,
            AddingVariant::Variant1997 => 1.9 / 48.0,
        };
        Chance { loss, accuracy: None }
    }

    /// Of Hochreiter & Schmidhuber (1997).
    fn unit(&self) -> &'static str {
        "mse"
    }

    fn tolerance(&self) -> f64 {
        0.04
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device;
    use crate::task::learning::Source;

    const SEQUENCES: usize = 500;

    /// Numbers and markers `[T, B]` and targets `[B]` of a batch.
    fn batch(form: AddingVariant, steps: usize) -> (Tensor, Tensor, Tensor) {
        let (kind, on) = (Kind::Double, device::cpu());
        let frame = Frame { steps, batch: SEQUENCES, held_out: 1, share: 1.0, seed: 3, kind, on };
        let Batch { input, target: Target::Numbers(target), .. } = Adding::new(form, frame).train(0) else {
            panic!("the answer is a number");
        };
        (input.select(2, 0), input.select(2, 1), target)
    }

    fn count(flags: &Tensor) -> i64 {
        flags.sum(Kind::Int64).int64_value(&[])
    }

    #[test]
    fn the_form_of_2016_asks_for_the_sum_of_one_number_of_either_half() {
        let (numbers, markers, target) = batch(AddingVariant::Variant2016, 30);
        for half in [markers.narrow(0, 0, 15), markers.narrow(0, 15, 15)] {
            assert_eq!(count(&half.sum_dim_intlist(0, false, Kind::Double).eq(1.0)), SEQUENCES as i64);
        }
        let sums = (&numbers * &markers).sum_dim_intlist(0, false, Kind::Double);
        assert!((sums - target).abs().max().double_value(&[]) < 1e-12);
        assert!(numbers.min().double_value(&[]) >= 0.0);
    }

    #[test]
    fn the_form_of_1997_asks_for_what_is_marked_and_nothing_else() {
        let (numbers, markers, target) = batch(AddingVariant::Variant1997, 40);
        let steps = numbers.size()[0];
        assert!((40..=44).contains(&steps));
        let marked = markers.eq(1.0).to_kind(Kind::Double);
        let marks = marked.sum_dim_intlist(0, false, Kind::Double);
        assert_eq!(count(&marks.eq(2.0)), SEQUENCES as i64);
        assert!(
            count(&marked.narrow(0, 0, 10).amax([0], false).eq(1.0)) == SEQUENCES as i64,
            "one of the first ten"
        );
        assert_eq!(count(&markers.select(0, steps - 1).eq(-1.0)), SEQUENCES as i64);
        let sums = (&numbers * &marked).sum_dim_intlist(0, false, Kind::Double);
        assert!((sums / 4.0 + 0.5 - target).abs().max().double_value(&[]) < 1e-12);
        // The first number is 0 where it is the early one: in about a tenth of the sequences.
        let first = numbers.select(0, 0).eq(0.0);
        assert!((SEQUENCES as i64 / 20..SEQUENCES as i64 / 5).contains(&count(&first)));
        let of_those = marked.select(0, 0).masked_select(&first);
        assert_eq!(of_those.min().double_value(&[]), 1.0);
    }
}
