//! What of a layer each thread does.

use std::ops::Range;

/// The sizes of a layer's run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Steps T.
    pub steps: usize,
    /// Sequences B.
    pub batch: usize,
    /// Features I.
    pub input: usize,
    /// Units H.
    pub hidden: usize,
}

impl Size {
    /// H, rounded up to whole vectors.
    pub fn padded(&self, lanes: usize) -> usize {
        self.hidden.next_multiple_of(lanes)
    }
}

/// How the recurrence is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Each thread has sequences of its own for all steps and never waits for another.
    Batch,
    /// Each thread has units of its own, of all sequences; all wait for all after each step.
    Units,
    /// One thread does it: a step is too short to be divided.
    Alone,
}

/// A thread's part of the recurrence.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its sequences.
    pub batch: Range<usize>,
    /// Its units, in vectors.
    pub groups: Range<usize>,
}

impl Split {
    /// The way that should take least, by the products of a step: counted in vectors' multiplications, which a thread
    /// does one a cycle.
    pub fn choose(size: Size, gates: usize, lanes: usize, threads: usize) -> Split {
        /// Fewer rows than these take as long: it is the weights that have to be read.
        const LEAST_ROWS: usize = 3;
        /// What it costs threads to wait for one another, in cycles.
        const BARRIER: usize = 1000;
        let groups = size.hidden.div_ceil(lanes);
        let cost = |rows: usize, groups: usize| rows.max(LEAST_ROWS) * groups * gates * size.hidden;
        let alone = (cost(size.batch, groups), Split::Alone);
        let batch = (cost(size.batch.div_ceil(threads), groups), Split::Batch);
        let units = (cost(size.batch, groups.div_ceil(threads)) + BARRIER, Split::Units);
        [alone, batch, units]
            .into_iter()
            .min_by_key(|(cost, _)| *cost)
            .map_or(Split::Alone, |(_, split)| split)
    }

    /// The part of thread `index` of `threads`.
    pub fn share(self, size: Size, lanes: usize, index: usize, threads: usize) -> Share {
        let groups = size.hidden.div_ceil(lanes);
        match self {
            Split::Batch => Share { batch: part(size.batch, index, threads), groups: 0..groups },
            Split::Units => Share { batch: 0..size.batch, groups: part(groups, index, threads) },
            Split::Alone => Share { batch: part(size.batch, index, 1), groups: 0..groups },
        }
    }
}

/// The part of `count` things that thread `index` of `threads` gets; none beyond the last thread.
pub fn part(count: usize, index: usize, threads: usize) -> Range<usize> {
    let end = |n: usize| count * n.min(threads) / threads;
    end(index)..end(index + 1)
}
