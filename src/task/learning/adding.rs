//! The adding problem: two of T numbers are marked, and the target after the last step is their sum.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::options::BatchOptions;
use super::synthetic::SyntheticData;
use super::task::{Batch, Target, Task};
use crate::model::InputSpec;
use crate::random;
use crate::settings::names::AddingVariant;

/// The adding problem.
pub struct Adding {
    pub variant: AddingVariant,
    pub options: BatchOptions,
}

impl SyntheticData for Adding {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps, batch, kind, device, .. } = self.options;
        // All sequences of a batch have one length. In the variant of 1997 it is drawn for each batch.
        let steps = match self.variant {
            AddingVariant::Variant2016 => steps,
            AddingVariant::Variant1997 => rng.random_range(steps..=steps + steps / 10),
        };
        let shape = [steps as i64, batch as i64, 2];
        let (mut input, mut sums) = (random::filled(&shape, || 0.0f64), Vec::with_capacity(batch));
        for b in 0..batch {
            let put = |t: usize, pair: [f64; 2]| {
                let start = 2 * (t * batch + b);
                input[start..start + 2].copy_from_slice(&pair);
            };
            let sum = match self.variant {
                AddingVariant::Variant2016 => draw_2016(&mut rng, steps, put),
                AddingVariant::Variant1997 => draw_1997(&mut rng, [self.options.steps, steps], put),
            };
            sums.push(sum);
        }
        Batch {
            input: Tensor::from_slice(&input).reshape(shape).to_kind(kind).to_device(device),
            target: Target::Numbers(Tensor::from_slice(&sums).to_kind(kind).to_device(device)),
            continues: false,
        }
    }
}

/// Draws a sequence of the variant of 2016 and returns its target (Arjovsky et al. 2016, section 4.2).
///
/// Numbers are from U(0, 1). One is marked in each half. The target is their sum.
fn draw_2016(rng: &mut ChaCha8Rng, steps: usize, mut put: impl FnMut(usize, [f64; 2])) -> f64 {
    let half = steps / 2;
    let marked = [rng.random_range(0..half.max(1)), rng.random_range(half.min(steps - 1)..steps)];
    let mut sum = 0.0;
    for t in 0..steps {
        let number: f64 = rng.random();
        let times = marked.iter().filter(|step| **step == t).count();
        sum += times as f64 * number;
        put(t, [number, f64::from(u8::from(times > 0))]);
    }
    sum
}

/// Draws a sequence of the variant of 1997 and returns its target (Hochreiter & Schmidhuber 1997, section
/// 5.4).
///
/// Numbers are from U(−1, 1), markers are 1, 0 and, at both ends, −1. One of the first ten numbers is
/// marked, and one other of the first T/2, where T is the minimum number of steps. The target is 0.5 +
/// (a + b)/4 of the marked numbers. If the first number of the sequence is the one of the first ten, its
/// value is 0.
fn draw_1997(
    rng: &mut ChaCha8Rng,
    [min_steps, steps]: [usize; 2],
    mut put: impl FnMut(usize, [f64; 2]),
) -> f64 {
    let early = rng.random_range(0..10.min(min_steps));
    let unmarked = rng.random_range(0..(min_steps / 2).saturating_sub(1).max(1));
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
    fn input(&self) -> InputSpec {
        InputSpec::Numbers(2)
    }

    fn outputs(&self) -> i64 {
        1
    }

    /// The mean of the target. Its expected loss is the variance of the target. In the variant of 2016 each
    /// number contributes 1/12. In that of 1997 each contributes 1/48, and the early one is 0 in a tenth of
    /// the sequences.
    fn constant_output(&self) -> Tensor {
        let mean = match self.variant {
            AddingVariant::Variant2016 => 1.0f64,
            AddingVariant::Variant1997 => 0.5,
        };
        Tensor::from_slice(&[mean]).reshape([1, 1, 1]).to_device(self.options.device)
    }

    /// The loss of Hochreiter & Schmidhuber (1997).
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
    use crate::task::learning::{BatchSource, fixtures};

    const SEQUENCES: usize = 500;

    /// Numbers and markers `[T, B]` and targets `[B]` of a batch.
    fn batch(variant: AddingVariant, steps: usize) -> (Tensor, Tensor, Tensor) {
        let options = fixtures::options(steps, SEQUENCES, Kind::Double);
        let Batch { input, target: Target::Numbers(target), .. } = Adding { variant, options }.train(0)
        else {
            panic!("the target is a number");
        };
        (input.select(2, 0), input.select(2, 1), target)
    }

    fn count(flags: &Tensor) -> i64 {
        flags.sum(Kind::Int64).int64_value(&[])
    }

    #[test]
    fn adding_2016_target_is_sum_of_one_number_of_each_half() {
        let (numbers, markers, target) = batch(AddingVariant::Variant2016, 30);
        for half in [markers.narrow(0, 0, 15), markers.narrow(0, 15, 15)] {
            assert_eq!(count(&half.sum_dim_intlist(0, false, Kind::Double).eq(1.0)), SEQUENCES as i64);
        }
        let sums = (&numbers * &markers).sum_dim_intlist(0, false, Kind::Double);
        assert!((sums - target).abs().max().double_value(&[]) < 1e-12);
        assert!(numbers.min().double_value(&[]) >= 0.0);
    }

    #[test]
    fn adding_1997_target_is_scaled_sum_of_marked_numbers() {
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
        // The first number is 0 if it is the early one: in about a tenth of the sequences.
        let first = numbers.select(0, 0).eq(0.0);
        assert!((SEQUENCES as i64 / 20..SEQUENCES as i64 / 5).contains(&count(&first)));
        let marks_of_zeros = marked.select(0, 0).masked_select(&first);
        assert_eq!(marks_of_zeros.min().double_value(&[]), 1.0);
    }
}
