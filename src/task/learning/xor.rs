//! The XOR problem: two of T bits are marked, and the class after the last step is their exclusive or
//! (Martens & Sutskever 2011). The places of the marks are those of the adding problem of Arjovsky et al.
//! (2016): one in each half.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::options::BatchOptions;
use super::synthetic::SyntheticData;
use super::task::{Batch, Target, Task};
use crate::model::InputSpec;
use crate::random;

/// The XOR problem.
pub struct Xor {
    pub options: BatchOptions,
}

impl SyntheticData for Xor {
    fn options(&self) -> &BatchOptions {
        &self.options
    }

    fn draw(&self, mut rng: ChaCha8Rng) -> Batch {
        let BatchOptions { steps, batch, kind, device, .. } = self.options;
        let shape = [steps as i64, batch as i64, 2];
        let mut input: Vec<f64> = random::filled(&shape, || f64::from(rng.random_range(0..2)));
        let mut classes = Vec::with_capacity(batch);
        for b in 0..batch {
            let mut class = 0;
            let marked = [0..steps / 2, steps / 2..steps].map(|half| rng.random_range(half));
            for t in 0..steps {
                let at = 2 * (t * batch + b);
                let is_marked = marked.contains(&t);
                class ^= i64::from(is_marked) * input[at] as i64;
                input[at + 1] = f64::from(u8::from(is_marked));
            }
            classes.push(class);
        }
        Batch {
            input: Tensor::from_slice(&input).reshape(shape).to_kind(kind).to_device(device),
            target: Target::Classes(self.options.tensor(&classes, [1, batch as i64])),
            continues: false,
        }
    }
}

impl Task for Xor {
    fn input(&self) -> InputSpec {
        InputSpec::Numbers(2)
    }

    fn outputs(&self) -> i64 {
        2
    }

    /// Equal scores of both classes.
    fn constant_output(&self) -> Tensor {
        self.options.equal_scores(2)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::{BatchSource, fixtures};

    #[test]
    fn xor_class_is_exclusive_or_of_one_bit_of_each_half() {
        let options = fixtures::options(21, 200, Kind::Double);
        let Batch { input, target: Target::Classes(target), .. } = Xor { options }.train(0) else {
            panic!("the target is a class");
        };
        let (bits, marks) = (input.select(2, 0), input.select(2, 1));
        let count = |flags: &Tensor| flags.sum(Kind::Int64).int64_value(&[]);
        for half in [marks.narrow(0, 0, 10), marks.narrow(0, 10, 11)] {
            assert_eq!(count(&half.sum_dim_intlist(0, false, Kind::Double).eq(1.0)), 200);
        }
        let marked = (bits * marks).sum_dim_intlist(0, false, Kind::Int64);
        assert_eq!(marked.remainder(2), target.squeeze_dim(0));
        assert!((70..130).contains(&count(&target)), "{}", count(&target));
    }
}
