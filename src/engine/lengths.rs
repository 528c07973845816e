//! The lengths of the sequences of a batch, and the order in which a direction reads them.
//!
//! A batch `[T, B, …]` has each sequence from its first step on, and padding after its end. A direction of a
//! layer gets the batch *aligned*: in the order in which it reads, and so that all sequences end together at
//! the last step. The longest sequence comes first. A step then has the first sequences of the batch, and
//! a shorter sequence begins at a later step. No step reads padding.

use std::ops::Range;

use tch::{Kind, Tensor};

use crate::support::names::names;

names! {
    /// The order in which a layer reads a sequence.
    Direction ("direction") {
        /// from the first step to the last
        Forward = "forward",
        /// from the last step to the first
        Reverse = "reverse",
    }
}

/// The lengths of the sequences of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Lengths {
    /// The length of each sequence.
    lengths: Vec<i64>,
    /// The numbers of the sequences, the longest first.
    order: Vec<i64>,
}

/// Steps of an aligned batch that the same sequences have.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The steps, from 0.
    pub steps: Range<usize>,
    /// The number of sequences that have these steps, which are the first ones of the batch.
    pub sequences: i64,
}

impl Lengths {
    /// Returns the lengths of a batch in which each sequence has all steps.
    pub fn equal(steps: i64, batch: i64) -> Lengths {
        Lengths::new(vec![steps; batch as usize])
    }

    /// Returns the lengths of the sequences of a batch, in steps.
    ///
    /// # Panics
    /// If there is no sequence, or a length below 1.
    pub fn new(lengths: Vec<i64>) -> Lengths {
        assert!(!lengths.is_empty() && lengths.iter().all(|length| *length > 0), "lengths: {lengths:?}");
        let mut order: Vec<i64> = (0..lengths.len() as i64).collect();
        order.sort_by_key(|sequence| -lengths[*sequence as usize]);
        Lengths { lengths, order }
    }

    /// The length of each sequence.
    pub fn each(&self) -> &[i64] {
        &self.lengths
    }

    /// The length of the longest sequence, T.
    pub fn longest(&self) -> i64 {
        self.lengths[self.order[0] as usize]
    }

    /// Returns true if all sequences have the same length.
    pub fn are_equal(&self) -> bool {
        self.lengths.iter().all(|length| *length == self.lengths[0])
    }

    /// Returns the stages of an aligned batch, from the first to the last. The last one has all sequences.
    pub fn stages(&self) -> Vec<Stage> {
        let longest = self.longest();
        let mut starts: Vec<i64> =
            self.order.iter().map(|sequence| longest - self.lengths[*sequence as usize]).collect();
        let begun = |start: i64| self.lengths.iter().filter(|length| longest - **length <= start).count();
        starts.dedup();
        let ends = starts.iter().skip(1).chain([&longest]);
        let stage = |(start, end): (&i64, &i64)| Stage {
            steps: *start as usize..*end as usize,
            sequences: begun(*start) as i64,
        };
        starts.iter().zip(ends).map(stage).collect()
    }

    /// Aligns a batch `[T, B, F]`, or one with more steps. The steps before the start of a sequence have its
    /// padding.
    pub fn aligned(&self, batch: &Tensor, direction: Direction) -> Tensor {
        let batch = self.selected(&batch.narrow(0, 0, self.longest()), 1, &self.order);
        match direction {
            Direction::Forward => self.rolled(&batch, |padding| -padding),
            Direction::Reverse => batch.flip([0]),
        }
    }

    /// Brings an aligned batch `[T, B, F]` back: each sequence from its first step on. The padding has the
    /// numbers that were before the start of the sequence.
    pub fn restored(&self, aligned: &Tensor, direction: Direction) -> Tensor {
        let batch = match direction {
            Direction::Forward => self.rolled(aligned, |padding| padding),
            Direction::Reverse => aligned.flip([0]),
        };
        self.selected(&batch, 1, &self.ranks())
    }

    /// Brings rows `[B, …]` into the order of an aligned batch.
    pub fn aligned_rows(&self, rows: &Tensor) -> Tensor {
        self.selected(rows, 0, &self.order)
    }

    /// Brings rows `[B, …]` of an aligned batch back into the order of the sequences.
    pub fn restored_rows(&self, rows: &Tensor) -> Tensor {
        self.selected(rows, 0, &self.ranks())
    }

    /// The place of each sequence in an aligned batch.
    fn ranks(&self) -> Vec<i64> {
        let mut ranks = vec![0; self.order.len()];
        self.order.iter().zip(0..).for_each(|(sequence, rank)| ranks[*sequence as usize] = rank);
        ranks
    }

    /// Selects sequences along the axis `axis`.
    fn selected(&self, tensor: &Tensor, axis: i64, sequences: &[i64]) -> Tensor {
        match self.are_equal() {
            true => tensor.shallow_clone(),
            false => tensor.index_select(axis, &Tensor::from_slice(sequences).to_device(tensor.device())),
        }
    }

    /// Takes step t of each sequence, the longest first, from step t + `shift` modulo T. The argument of
    /// `shift` is the number of steps of padding.
    fn rolled(&self, batch: &Tensor, shift: impl Fn(i64) -> i64) -> Tensor {
        if self.are_equal() {
            return batch.shallow_clone();
        }
        let longest = self.longest();
        let of_sequence = |sequence: &i64| shift(longest - self.lengths[*sequence as usize]);
        let shifts: Vec<i64> = self.order.iter().map(of_sequence).collect();
        let steps = Tensor::arange(longest, (Kind::Int64, batch.device())).unsqueeze(1);
        let from = (steps + Tensor::from_slice(&shifts).to_device(batch.device())).remainder(longest);
        batch.gather(0, &from.unsqueeze(2).expand(batch.size(), false), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers 10 b + t of the sequences b at the steps t, from 1, and −1 as padding.
    fn batch(lengths: &[i64]) -> Tensor {
        let longest = *lengths.iter().max().unwrap();
        let number = |t: i64, b: usize| if t <= lengths[b] { 10 * b as i64 + t } else { -1 };
        let numbers: Vec<i64> =
            (1..=longest).flat_map(|t| (0..lengths.len()).map(move |b| number(t, b))).collect();
        Tensor::from_slice(&numbers).reshape([longest, lengths.len() as i64, 1])
    }

    #[test]
    fn aligned_sequences_end_together_the_longest_first() {
        let lengths = Lengths::new(vec![1, 3, 2]);
        for (direction, expected) in [
            (Direction::Forward, [11, -1, -1, 12, 21, -1, 13, 22, 1]),
            (Direction::Reverse, [13, -1, -1, 12, 22, -1, 11, 21, 1]),
        ] {
            let aligned = lengths.aligned(&batch(&[1, 3, 2]), direction);
            assert_eq!(aligned.flatten(0, 2), Tensor::from_slice(&expected), "{direction}");
            assert_eq!(lengths.restored(&aligned, direction), batch(&[1, 3, 2]), "{direction}");
        }
        let rows = Tensor::from_slice(&[1i64, 3, 2]);
        assert_eq!(lengths.aligned_rows(&rows), Tensor::from_slice(&[3i64, 2, 1]));
        assert_eq!(lengths.restored_rows(&lengths.aligned_rows(&rows)), rows);
        let equal = Lengths::equal(3, 2).aligned(&batch(&[3, 3]), Direction::Reverse);
        assert_eq!(equal.flatten(0, 2), Tensor::from_slice(&[3i64, 13, 2, 12, 1, 11]));
    }

    #[test]
    fn stages_begin_where_a_sequence_begins() {
        let stages = |lengths: &[i64]| -> Vec<(Range<usize>, i64)> {
            let stages = Lengths::new(lengths.to_vec()).stages();
            stages.into_iter().map(|stage| (stage.steps, stage.sequences)).collect()
        };
        assert_eq!(stages(&[3, 10, 7, 10]), [(0..3, 2), (3..7, 3), (7..10, 4)]);
        assert_eq!(stages(&[5, 5]), [(0..5, 2)]);
        assert_eq!(stages(&[1]), [(0..1, 1)]);
    }
}
