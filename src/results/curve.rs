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
    /// The direction of a layer of both.
    pub direction: Option<String>,
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
            let GradientRow { quantity, layer, direction, step, t, lag, log10_norm, .. } = row;
            let is_of = |curve: &GradientCurve| {
                (&curve.quantity, curve.layer, &curve.direction, curve.step)
                    == (&quantity, layer, &direction, step)
            };
            match curves.last_mut().filter(|curve| is_of(curve)) {
                Some(curve) => curve.norms.push((t, log10_norm)),
                None => {
                    let norms = vec![(t, log10_norm)];
                    curves.push(GradientCurve { quantity, layer, direction, step, last: t + lag, norms });
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
            direction: self.direction.clone(),
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
            direction: None,
            step: Some(step),
            last: norms.len(),
            norms: norms.iter().enumerate().map(|(n, norm)| (n + 1, *norm)).collect(),
        };
        let norms = [Some(-1.0), None, Some(f64::INFINITY), Some(0.25)];
        let reverse = GradientCurve { direction: Some("reverse".into()), ..curve("total_h", 5, &norms) };
        let curves = [
            curve("total_h", 0, &norms),
            curve("input_x", 0, &norms[..1]),
            curve("total_h", 5, &norms),
            reverse,
        ];
        let rows = curves.iter().flat_map(|curve| curve.rows("a")).collect();
        assert_eq!(GradientCurve::of_rows(rows), curves);
    }
}
