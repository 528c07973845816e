//! The adding problem: two of T numbers are marked, and their sum is asked for after the last step.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::{Batch, Chance, Frame, Read, Split, Target, Task, purpose};
use crate::config::training::names::AddingForm;
use crate::random::{self, Purpose};

/// See the module.
pub struct Adding {
    form: AddingForm,
    frame: Frame,
}

impl Adding {
    pub(super) fn new(form: AddingForm, frame: Frame) -> Adding {
        Adding { form, frame }
    }

    fn batch(&self, mut rng: ChaCha8Rng) -> Batch {
        let Frame { steps, batch, kind, on, .. } = self.frame;
        // All sequences of a batch are of one length; in the form of 1997 another in each batch.
        let steps = match self.form {
            AddingForm::Form2016 => steps,
            AddingForm::Form1997 => rng.random_range(steps..=steps + steps / 10),
        };
        let (mut input, mut sums) = (vec![0.0f64; steps * batch * 2], Vec::with_capacity(batch));
        for b in 0..batch {
            let at = |t: usize| {
                let place = 2 * (t * batch + b);
                place..place + 2
            };
            let sum = match self.form {
                AddingForm::Form2016 => {
                    form_2016(&mut rng, steps, |t, pair| input[at(t)].copy_from_slice(&pair))
                }
                AddingForm::Form1997 => {
                    form_1997(&mut rng, steps, |t, pair| input[at(t)].copy_from_slice(&pair))
                }
            };
            sums.push(sum);
        }
        let shape = [steps as i64, batch as i64, 2];
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

/// Numbers from U(-1, 1), markers 1, 0 and, at both ends, -1. One of the first ten is marked, then one of the first half that is
/// not; the target is 0.5 + (a + b)/4, where a is 0 if the very first is the one marked first (Hochreiter & Schmidhuber
/// 1997, section 5.4).
fn form_1997(rng: &mut ChaCha8Rng, steps: usize, mut put: impl FnMut(usize, [f64; 2])) -> f64 {
    let early = rng.random_range(0..10.min(steps));
    let later = loop {
        let place = rng.random_range(0..(steps / 2).saturating_sub(1).max(2));
        if place != early {
            break place;
        }
    };
    let mut sum = 0.0;
    for t in 0..steps {
        let number = 2.0 * rng.random::<f64>() - 1.0;
        let at_an_end = t == 0 || t == steps - 1;
        let marked = t == early || t == later;
        if marked && !(t == 0 && t == early) {
            sum += number;
        }
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

    fn answers(&self) -> i64 {
        1
    }

    fn train(&self, step: usize) -> Batch {
        self.batch(random::at_step(self.frame.seed, Purpose::Train, step))
    }

    fn held_out_count(&self, _split: Split) -> usize {
        self.frame.made_count()
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        self.batch(random::at_step(self.frame.seed, purpose(split), batch))
    }

    /// The variance of the target. Each number's is 1/12 in the form of 2016; in that of 1997 it is 1/3 of 1/16, and the
    /// first counts in nine of ten sequences.
    fn chance(&self) -> Chance {
        let loss = match self.form {
            AddingForm::Form2016 => 2.0 / 12.0,
            AddingForm::Form1997 => 1.9 / 48.0,
        };
        Chance { loss, accuracy: None }
    }

    /// Of Hochreiter & Schmidhuber (1997).
    fn tolerance(&self) -> f64 {
        0.04
    }
}
