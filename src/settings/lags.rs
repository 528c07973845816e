//! The choice of lags that have rows.

use super::names::Lags;

impl Lags {
    /// Returns true if this lag of a sequence of `steps` has a row: each lag, or about fifty per decade.
    pub fn writes(self, lag: usize, steps: usize) -> bool {
        self == Lags::All || spaced(lag, steps, 50)
    }
}

/// Returns true for about `per_decade` lags per decade: each lag up to `per_decade`, the first lag of
/// each of `per_decade` equal parts of the logarithm's decade, and the last lag.
pub fn spaced(lag: usize, steps: usize, per_decade: usize) -> bool {
    let part = |lag: usize| (per_decade as f64 * (lag as f64).log10()).floor();
    lag <= per_decade || lag + 1 == steps || part(lag) != part(lag - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lags_thin_out_and_keep_both_ends() {
        let kept: Vec<usize> = (0..1_000_000).filter(|lag| Lags::Log.writes(*lag, 1_000_000)).collect();
        assert!((0..=50).all(|lag| kept.contains(&lag)));
        assert_eq!(kept.last(), Some(&999_999));
        let in_a_decade = |low: usize| kept.iter().filter(|lag| (low..10 * low).contains(*lag)).count();
        assert_eq!((in_a_decade(1000), in_a_decade(10_000)), (50, 50));
        assert!((0..1000).all(|lag| Lags::All.writes(lag, 1000)));
    }
}
