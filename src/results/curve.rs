//! Rows of `gradients.csv` as numbers, until they are written: a million steps of four quantities are four million rows, and
//! half a kilobyte each with all their words.

use super::schema::GradientRow;

/// The norms of one quantity of one layer over the steps of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCurve {
    /// What all its rows say; `t`, `lag`, `log10_norm` and `zero` are filled in for each.
    pub common: GradientRow,
    /// The last step T of the sequence, from which lags are counted.
    pub last: usize,
    /// Step (from 1 to T) and log10 of the norm; none where the norm is exactly 0.
    pub norms: Vec<(usize, Option<f64>)>,
}

impl GradientCurve {
    /// Its rows, one by one.
    pub fn rows(&self) -> impl Iterator<Item = GradientRow> + '_ {
        self.norms.iter().map(|&(t, log10_norm)| GradientRow {
            t,
            lag: self.last - t,
            log10_norm,
            zero: log10_norm.is_none(),
            ..self.common.clone()
        })
    }
}
