//! The division of a layer's recurrence among threads, chosen by a model of its cost.

use std::ops::Range;

use crate::caches::second_level_cache;
use crate::layer::Size;
use crate::number::Number;
use crate::vector::{MAX_ROWS, Vector};

/// The division of the recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// Each thread computes its own sequences for all steps and never waits.
    Sequences,
    /// Each thread computes its own units of all sequences, in whole cache lines. All threads meet at a
    /// barrier after each step.
    Units,
    /// One thread computes everything, because a step is too short to divide.
    Single,
}

/// A thread's share of the recurrence.
#[derive(Clone, Debug)]
pub struct Share {
    /// The sequences.
    pub sequences: Range<usize>,
    /// The units, counted in vectors.
    pub vectors: Range<usize>,
}

impl Share {
    /// Returns the units of the share, with padding.
    pub fn units(&self, lanes: usize) -> Range<usize> {
        self.vectors.start * lanes..self.vectors.end * lanes
    }

    /// Returns the units of the share, without padding.
    pub fn real_units(&self, lanes: usize, hidden: usize) -> Range<usize> {
        self.vectors.start * lanes..hidden.min(self.vectors.end * lanes)
    }
}

/// The properties of a recurrence that determine its cost, besides the sizes.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// The number of gates of the cell.
    pub gates: usize,
    /// The number of lanes of a vector.
    pub lanes: usize,
    /// The size of a number, in bytes.
    pub number: usize,
    /// True if the processor has AMX tiles.
    pub tiles: bool,
    /// The amount of numbers for each sequence and unit that a step reads from the adjacent step: 1 for h,
    /// more for δ.
    pub exchanged: usize,
}

/// A way to compute the recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// The division among threads.
    pub partition: Partition,
    /// True if its products run on tiles.
    pub tiles: bool,
}

/// Returns the bytes of weights that stay in a core's own cache from one step to the next.
fn cached_weights() -> usize {
    second_level_cache() / 4 * 3
}

/// Returns the cycles of reading `bytes` of weights: from the core's own cache, and from elsewhere.
fn weight_reads(bytes: usize) -> [usize; 2] {
    let cached = cached_weights();
    [bytes.min(cached) / 32, bytes.saturating_sub(cached) / 8]
}

impl Strategy {
    /// Returns the strategy of least cost.
    ///
    /// The constants are cycles, measured on an AVX-512 machine with AMX. They only have to rank the
    /// strategies.
    pub fn choose(size: Size, recurrence: Recurrence, threads: usize) -> Strategy {
        /// Cost of a barrier.
        const BARRIER: usize = 1000;
        /// Cost of reading a number that another thread has just written.
        const EXCHANGE: usize = 4;
        let vectors = size.hidden.div_ceil(recurrence.lanes);
        let sync = BARRIER + EXCHANGE * size.batch * size.hidden * recurrence.exchanged;
        let candidates =
            [false, true].into_iter().filter(|tiles| !tiles || recurrence.tiles).flat_map(|tiles| {
                let cost = |rows, vectors| recurrence.cost(tiles, size.hidden, rows, vectors);
                [
                    (cost(size.batch, vectors), Partition::Single),
                    (cost(size.batch.div_ceil(threads), vectors), Partition::Sequences),
                    (cost(size.batch, vectors.div_ceil(threads)) + sync, Partition::Units),
                ]
                .map(|(cost, partition)| (cost, Strategy { partition, tiles }))
            });
        let best = candidates.min_by_key(|(cost, _)| *cost);
        best.map_or(Strategy { partition: Partition::Single, tiles: false }, |(_, strategy)| strategy)
    }
}

impl Recurrence {
    /// Returns the cycles of a thread's products in one step, for `rows` sequences and `vectors` of units.
    fn cost(self, tiles: bool, hidden: usize, rows: usize, vectors: usize) -> usize {
        /// The smallest number of rows that counts: fewer rows take as long.
        const MIN_ROWS: usize = 3;
        const MIN_TILE_ROWS: usize = 9;
        /// Configuration of the tiles and conversion of the rows.
        const TILE_SETUP: usize = 3000;
        /// The number of blocks of rows that prefetch weights for the next ones.
        const PREFETCHING: usize = 4;
        let columns = vectors * self.gates;
        if tiles {
            let blocks = rows.div_ceil(16);
            let block_rows = rows.div_ceil(blocks.max(1)).max(MIN_TILE_ROWS);
            let depth = hidden.div_ceil(32);
            // Each term of 32 numbers takes six bf16 products. Loads of tiles take about a sixth more.
            let product = columns * depth * blocks * block_rows * 7;
            // Only reads from the core's own cache overlap with the multiplications.
            let [own, elsewhere] = weight_reads(columns * depth * 3072);
            TILE_SETUP + product.max(own) + elsewhere
        } else {
            // A core multiplies two vectors per cycle.
            let product = columns * hidden * rows.max(MIN_ROWS) / 2;
            let [own, elsewhere] = weight_reads(columns * hidden * self.lanes * self.number);
            // Each of the last blocks of rows prefetches an equal part of the next weights.
            let prefetched = elsewhere * rows.div_ceil(MAX_ROWS).min(PREFETCHING) / PREFETCHING;
            product.max(own + prefetched) + elsewhere - prefetched
        }
    }
}

impl Partition {
    /// Returns the share of thread `index` of `threads`.
    pub fn share<S: Vector>(self, size: Size, index: usize, threads: usize) -> Share {
        let vectors = size.hidden.div_ceil(S::LANES);
        match self {
            Partition::Sequences => {
                Share { sequences: chunk(size.batch, index, threads), vectors: 0..vectors }
            }
            Partition::Units => {
                let of_line = <S::Element>::CACHE_LINE / S::LANES;
                let lines = chunk(vectors.div_ceil(of_line), index, threads);
                let vectors = vectors.min(lines.start * of_line)..vectors.min(lines.end * of_line);
                Share { sequences: 0..size.batch, vectors }
            }
            Partition::Single => Share { sequences: chunk(size.batch, index, 1), vectors: 0..vectors },
        }
    }
}

/// Returns the part of `count` items for thread `index` of `threads`. Threads beyond the last one get none.
pub fn chunk(count: usize, index: usize, threads: usize) -> Range<usize> {
    let end = |n: usize| count * n.min(threads) / threads;
    end(index)..end(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategy_for_typical_sizes_is_the_cheapest_one() {
        let choose = |tiles, batch, hidden| {
            let recurrence = Recurrence { gates: 4, lanes: 16, number: 4, tiles, exchanged: 1 };
            Strategy::choose(Size { steps: 10, batch, input: 8, hidden }, recurrence, 2)
        };
        let without_tiles = |partition| Strategy { partition, tiles: false };
        assert_eq!(choose(false, 64, 128), without_tiles(Partition::Sequences));
        assert_eq!(choose(false, 64, 512), without_tiles(Partition::Sequences));
        assert_eq!(choose(false, 1, 512), without_tiles(Partition::Units));
        assert_eq!(choose(true, 1, 16), without_tiles(Partition::Single));
        // Tiles pay for many rows, not for a few.
        assert_eq!(choose(true, 8, 64), without_tiles(Partition::Sequences));
        assert_eq!(choose(true, 64, 128), Strategy { partition: Partition::Sequences, tiles: true });
    }

    #[test]
    fn chunk_over_all_threads_covers_every_item_once() {
        for count in 0..20 {
            for threads in 1..7 {
                let all: Vec<usize> = (0..threads).flat_map(|index| chunk(count, index, threads)).collect();
                assert_eq!(all, (0..count).collect::<Vec<_>>());
                assert!(chunk(count, threads, threads).is_empty());
            }
        }
    }
}
