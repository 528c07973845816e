//! Rows of `gradients.csv` in compact form.
//!
//! A million steps of four quantities are four million rows. A full row takes half a kilobyte.

use super::schema::GradientRow;

/// The norms of one quantity of one layer over the steps of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCurve {
    /// Columns that all rows share; `t`, `lag`, `log10_norm` and `zero` differ.
    pub common: GradientRow,
    /// The last step T of the sequence; lags count back from it.
    pub last: usize,
    /// Step (1 to T) and log10 of the norm; `None` for a norm of exactly 0.
    pub norms: Vec<(usize, Option<f64>)>,
}

impl GradientCurve {
    /// The rows.
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
