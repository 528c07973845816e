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

/// What the way of a recurrence hangs on, beside its sizes.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// Gates of the cell.
    pub gates: usize,
    /// Numbers in a vector.
    pub lanes: usize,
    /// Whether there are tiles.
    pub tiles: bool,
    /// Numbers a sequence and unit that each step needs of the step next to it: 1 for h, more for δ.
    pub needed: usize,
}

/// How a layer's recurrence is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// How it is divided.
    pub split: Split,
    /// Whether its products are of tiles.
    pub tiles: bool,
}

/// Bytes of weights that stay in a core's own cache from one step to the next.
const CACHE: usize = 3 << 19;

/// Cycles of a product that reads so many bytes of weights at each step: what is in the core's own cache comes while
/// others are multiplied, what is beyond it has to be waited for.
fn reading(products: usize, bytes: usize) -> usize {
    products.max(bytes.min(CACHE) / 32) + bytes.saturating_sub(CACHE) / 8
}

impl Way {
    /// The way that should take least. The constants are cycles as measured on an AVX-512 machine with AMX; they need be
    /// no better than the choice between few ways.
    pub fn choose(size: Size, recurrence: Recurrence, threads: usize) -> Way {
        /// What it costs threads to wait for one another.
        const BARRIER: usize = 1000;
        /// And to read a number that another has just written: half of them, a line of the cache at a time.
        const EXCHANGE: usize = 4;
        let groups = size.hidden.div_ceil(recurrence.lanes);
        let meeting = BARRIER + EXCHANGE * size.batch * size.hidden * recurrence.needed;
        let ways = [false, true].into_iter().filter(|tiles| !tiles || recurrence.tiles).flat_map(|tiles| {
            let cost = |rows, groups| recurrence.cost(tiles, size.hidden, rows, groups);
            [
                (cost(size.batch, groups), Way { split: Split::Alone, tiles }),
                (cost(size.batch.div_ceil(threads), groups), Way { split: Split::Batch, tiles }),
                (cost(size.batch, groups.div_ceil(threads)) + meeting, Way { split: Split::Units, tiles }),
            ]
        });
        ways.min_by_key(|(cost, _)| *cost).map_or(Way { split: Split::Alone, tiles: false }, |(_, way)| way)
    }
}

impl Recurrence {
    /// Cycles that a thread's products of one step take.
    fn cost(self, tiles: bool, hidden: usize, rows: usize, groups: usize) -> usize {
        /// Fewer rows than these take as long.
        const LEAST_ROWS: usize = 3;
        const LEAST_ROWS_OF_TILE: usize = 9;
        /// To make the unit ready and rows fit for it.
        const OVERHEAD: usize = 3000;
        let vectors = groups * self.gates;
        if tiles {
            let blocks = rows.div_ceil(16);
            let of_block = rows.div_ceil(blocks.max(1)).max(LEAST_ROWS_OF_TILE);
            let depth = hidden.div_ceil(32);
            // Six products of three parts, 32 terms deep; about a sixth of the time goes to loading tiles.
            OVERHEAD + reading(vectors * depth * blocks * of_block * 7, vectors * depth * 3072)
        } else {
            // Two multiplications of vectors a cycle.
            let products = vectors * hidden * rows.max(LEAST_ROWS) / 2;
            reading(products, vectors * hidden * self.lanes * size_of::<f32>())
        }
    }
}

impl Split {
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
