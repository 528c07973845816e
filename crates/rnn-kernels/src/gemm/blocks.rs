//! The division of rows into blocks that fit in the registers.

/// Consecutive rows in blocks of nearly equal size. A block of very few rows would waste multiplications.
#[derive(Clone, Copy)]
pub struct Blocks {
    first: usize,
    count: usize,
    /// The number of blocks.
    blocks: usize,
}

impl Blocks {
    /// Divides `count` rows from row `first` on into blocks of at most `rows` rows.
    pub fn new(first: usize, count: usize, rows: usize) -> Blocks {
        Blocks { first, count, blocks: count.div_ceil(rows) }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// Returns the first row.
    pub fn first_row(&self) -> usize {
        self.first
    }

    /// Returns the first row and the number of rows of each block.
    #[inline(always)]
    pub fn iter(self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        let (rows, larger) = (self.count / self.blocks, self.count % self.blocks);
        (0..self.blocks).map(move |n| {
            let first = self.first + n * rows + n.min(larger);
            (first, rows + usize::from(n < larger))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_every_row_once_with_nearly_equal_sizes() {
        for count in 1..50 {
            let blocks: Vec<_> = Blocks::new(7, count, 6).iter().collect();
            let sizes: Vec<usize> = blocks.iter().map(|(_, rows)| *rows).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            assert!(sizes.iter().all(|rows| (1..=6).contains(rows)));
            let mut next = 7;
            for (first, rows) in blocks {
                assert_eq!(first, next);
                next += rows;
            }
            assert_eq!(next, 7 + count);
        }
    }
}
