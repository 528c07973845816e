//! The limits of the processor that a timing is compared with.

use super::schema::RunRow;

/// The limits of the processor with a run's instruction set and threads, as far as they were measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// The peak of the vector units in f32, GFLOP/s.
    pub fma_peak_gflops: Option<f64>,
    /// The rate of reading the second-level caches, GB/s.
    pub l2_read_gbs: Option<f64>,
    /// The rate of reading the third-level cache, GB/s.
    pub l3_read_gbs: Option<f64>,
    /// The rate of reading memory, GB/s.
    pub memory_read_gbs: Option<f64>,
}

impl Limits {
    /// Returns the limits that were measured in a run.
    pub fn of_run(row: &RunRow) -> Limits {
        Limits {
            fma_peak_gflops: row.fma_peak_gflops,
            l2_read_gbs: row.l2_read_gbs,
            l3_read_gbs: row.l3_read_gbs,
            memory_read_gbs: row.memory_read_gbs,
        }
    }

    /// Returns a run's row with these limits.
    pub fn in_row(self, row: RunRow) -> RunRow {
        RunRow {
            fma_peak_gflops: self.fma_peak_gflops,
            l2_read_gbs: self.l2_read_gbs,
            l3_read_gbs: self.l3_read_gbs,
            memory_read_gbs: self.memory_read_gbs,
            ..row
        }
    }

    /// Returns the larger of two measurements of each limit. Other load makes a measurement smaller, so the
    /// larger one is nearer to the truth.
    pub fn or_larger(self, other: Limits) -> Limits {
        let larger = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        Limits {
            fma_peak_gflops: larger(self.fma_peak_gflops, other.fma_peak_gflops),
            l2_read_gbs: larger(self.l2_read_gbs, other.l2_read_gbs),
            l3_read_gbs: larger(self.l3_read_gbs, other.l3_read_gbs),
            memory_read_gbs: larger(self.memory_read_gbs, other.memory_read_gbs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_larger_measurement_counts_for_each() {
        let limits = |peak, l2, l3| Limits {
            fma_peak_gflops: peak,
            l2_read_gbs: l2,
            l3_read_gbs: l3,
            memory_read_gbs: None,
        };
        let larger = limits(Some(1.0), Some(5.0), None).or_larger(limits(Some(2.0), Some(4.0), Some(3.0)));
        assert_eq!(larger, limits(Some(2.0), Some(5.0), Some(3.0)));
        assert_eq!(Limits::of_run(&larger.in_row(RunRow::default())), larger);
    }
}
