//! The loss by the step of the sequence, averaged over steps that lie close together.

use std::collections::BTreeSet;

use tch::{Kind, Tensor};

/// The mean loss of some steps of all sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtPosition {
    /// The last of the steps, from 1. The first follows the last of the part before.
    pub last: usize,
    /// The loss of the model.
    pub model: f64,
    /// The loss of the constant output.
    pub chance: f64,
}

/// The sums over sequences of the losses of one step.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    model: f64,
    chance: f64,
    sequences: f64,
}

/// The sums of the losses of each step.
#[derive(Debug, Default)]
pub struct Positions(Vec<Sums>);

impl Positions {
    /// Adds the losses of a batch, `[S, B]` each: the model's and the constant's. Batches may differ in S.
    pub fn add(&mut self, losses: &[Tensor; 2]) {
        let sequences = losses[0].size()[1] as f64;
        let [model, chance] = losses.each_ref().map(|losses| {
            let of_steps = losses.sum_dim_intlist(1, false, Kind::Double);
            Vec::<f64>::try_from(of_steps).expect("a vector of f64")
        });
        self.0.resize(self.0.len().max(model.len()), Sums::default());
        for (sums, (model, chance)) in self.0.iter_mut().zip(model.iter().zip(chance)) {
            sums.model += model;
            sums.chance += chance;
            sums.sequences += sequences;
        }
    }

    /// The mean losses; none of a single step.
    pub fn means(&self) -> Vec<AtPosition> {
        let ends = ends(self.0.len());
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let mean = |(start, end): (usize, usize)| {
            let of = |number: fn(&Sums) -> f64| self.0[start..end].iter().map(number).sum::<f64>();
            let outputs = of(|sums| sums.sequences);
            let (model, chance) = (of(|sums| sums.model) / outputs, of(|sums| sums.chance) / outputs);
            AtPosition { last: end, model, chance }
        };
        if self.0.len() < 2 { vec![] } else { starts.zip(ends.iter().copied()).map(mean).collect() }
    }
}

/// 1, 2, 5, 10, 20, 50, … up to half of the steps, and as many steps before the last one. Both ends of a
/// sequence are of interest: the first symbols have no context, and some tasks ask for an answer at the end.
fn ends(steps: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(1), |power| Some(10 * power));
    let series = powers.flat_map(|power: usize| [1, 2, 5].map(|digit| digit * power));
    let first: Vec<usize> = series.take_while(|end| 2 * end <= steps).collect();
    let last = first.iter().map(|end| steps - end);
    last.chain(first.iter().copied()).chain([steps]).collect::<BTreeSet<usize>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_steps_that_lie_close_together() {
        let mut positions = Positions::default();
        assert_eq!(positions.means(), []);
        let steps =
            |from: f64| Tensor::from_slice(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([7, 1]) + from;
        positions.add(&[steps(0.0), steps(10.0)]);
        positions.add(&[Tensor::cat(&[steps(1.0), steps(2.0)], 1), steps(10.0).expand([7, 2], false)]);
        let found = positions.means();
        // The mean over three sequences adds 1.
        let expected = [(1, 1.0), (2, 2.0), (5, 4.0), (6, 6.0), (7, 7.0)];
        assert_eq!(found.iter().map(|at| (at.last, at.model)).collect::<Vec<_>>(), expected);
        assert_eq!(found[2].chance, 13.0);
        positions.add(&[steps(0.0).narrow(0, 0, 1), steps(0.0).narrow(0, 0, 1)]);
        assert_eq!(positions.means()[0].model, 0.75, "a shorter batch counts where it has steps");
        let mut single = Positions::default();
        single.add(&[0.0, 1.0].map(|loss| Tensor::from_slice(&[loss, loss]).reshape([1, 2])));
        assert_eq!(single.means(), [], "one output has no position");
    }

    #[test]
    fn ends_are_close_together_at_both_ends_of_the_sequence() {
        assert_eq!([ends(1), ends(2)], [vec![1], vec![1, 2]]);
        assert_eq!(ends(120), [1, 2, 5, 10, 20, 50, 70, 100, 110, 115, 118, 119, 120]);
        assert_eq!(ends(100), [1, 2, 5, 10, 20, 50, 80, 90, 95, 98, 99, 100]);
    }
}
