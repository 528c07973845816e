//! Rows of `gradients.csv` in compact form: a million steps of four quantities are four million rows.

use super::schema::GradientRow;

/// The norms of one quantity of one layer over the steps of a sequence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GradientCurve {
    /// The quantity: `total_h`, ….
    pub quantity: String,
    /// The layer, from 0.
    pub layer: usize,
    /// Parameter updates before the measurement, in training.
    pub step: Option<usize>,
    /// The last step T of the sequence; lags count back from it.
    pub last: usize,
    /// Step (1 to T) and log10 of the norm; `None` for a norm of exactly 0.
    pub norms: Vec<(usize, Option<f64>)>,
}

impl GradientCurve {
    /// The rows of a run.
    pub fn rows<'a>(&'a self, run_id: &'a str) -> impl Iterator<Item = GradientRow> + 'a {
        self.norms.iter().map(move |&(t, log10_norm)| GradientRow {
            run_id: run_id.to_string(),
            quantity: self.quantity.clone(),
            layer: self.layer,
            t,
            lag: self.last - t,
            log10_norm,
            zero: log10_norm.is_none(),
            step: self.step,
        })
    }
}
