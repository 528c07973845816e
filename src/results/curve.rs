//! Rows of `gradients.csv` in compact form. A million steps of four quantities are four million rows.

use super::schema::GradientRow;
use crate::settings::names::Lags;

/// The norms of one quantity of one layer over the steps of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCurve {
    /// The quantity: `total_h`, ….
    pub quantity: String,
    /// The layer, from 0.
    pub layer: usize,
    /// Parameter updates before the measurement, in training.
    pub step: Option<usize>,
    /// The last step T of the sequence; lags count back from it.
    pub last: usize,
    /// Step (1 to T) and log10 of the norm, at the written lags; `None` for a norm of exactly 0.
    pub norms: Vec<(usize, Option<f64>)>,
}

impl GradientCurve {
    /// The curves of rows of `gradients.csv`. The rows of a curve follow each other.
    pub fn of_rows(rows: Vec<GradientRow>) -> Vec<GradientCurve> {
        let mut curves: Vec<GradientCurve> = Vec::new();
        for row in rows {
            let GradientRow { quantity, layer, step, t, lag, log10_norm, .. } = row;
            match curves.last_mut() {
                Some(curve) if (&curve.quantity, curve.layer, curve.step) == (&quantity, layer, step) => {
                    curve.norms.push((t, log10_norm));
                }
                _ => {
                    let norms = vec![(t, log10_norm)];
                    curves.push(GradientCurve { quantity, layer, step, last: t + lag, norms });
                }
            }
        }
        curves
    }

    /// This curve with the lags alone that `lags` writes.
    pub fn at(mut self, lags: Lags) -> GradientCurve {
        self.norms.retain(|(t, _)| lags.writes(self.last - t, self.last));
        self
    }

    /// The rows of a run in `gradients.csv`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_rows_gives_the_curves_back() {
        let curve = |quantity: &str, step: usize, norms: &[Option<f64>]| GradientCurve {
            quantity: quantity.to_string(),
            layer: 0,
            step: Some(step),
            last: norms.len(),
            norms: norms.iter().enumerate().map(|(n, norm)| (n + 1, *norm)).collect(),
        };
        let norms = [Some(-1.0), None, Some(f64::INFINITY), Some(0.25)];
        let curves =
            [curve("total_h", 0, &norms), curve("input_x", 0, &norms[..1]), curve("total_h", 5, &norms)];
        let rows = curves.iter().flat_map(|curve| curve.rows("a")).collect();
        assert_eq!(GradientCurve::of_rows(rows), curves);
    }
}
