//! Rows of `gradients.csv` in compact form, and their decay for `fits.csv`. A million steps of four
//! quantities are four million rows.

use super::decay::Decay;
use super::schema::{FitRow, GradientRow};
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
    /// The decay of the norms over all lags.
    decay: Option<Decay>,
    /// The number of lags of the fit.
    fitted_lags: usize,
}

impl GradientCurve {
    /// Returns a curve with rows at the lags that `lags` writes. The decay is that of all `norms`: step (1
    /// to `last`) and log10 of the norm.
    pub fn new(
        (quantity, layer): (String, usize),
        step: Option<usize>,
        last: usize,
        norms: impl IntoIterator<Item = (usize, Option<f64>)>,
        lags: Lags,
    ) -> GradientCurve {
        let mut norms: Vec<(usize, Option<f64>)> = norms.into_iter().collect();
        let finite = |(t, norm): &(usize, Option<f64>)| Some((*t, norm.filter(|norm| norm.is_finite())?));
        let mut points: Vec<(usize, f64)> =
            norms.iter().filter_map(finite).map(|(t, norm)| (last - t, norm)).collect();
        points.sort_by_key(|(lag, _)| *lag);
        norms.retain(|(t, _)| lags.writes(last - t, last));
        let (decay, fitted_lags) = (Decay::of(&points), points.len());
        GradientCurve { quantity, layer, step, last, norms, decay, fitted_lags }
    }

    /// The curves of rows of `fits.csv` and `gradients.csv`, which have the same order.
    pub fn of_rows(fits: Vec<FitRow>, rows: Vec<GradientRow>) -> Vec<GradientCurve> {
        let mut rows = rows.into_iter().peekable();
        let curve = |fit: FitRow| {
            let is_of_curve = |row: &GradientRow| {
                (&row.quantity, row.layer, row.step) == (&fit.quantity, fit.layer, fit.step)
            };
            let last = rows.peek().map_or(0, |row| row.t + row.lag);
            let mut norms = Vec::new();
            while let Some(row) = rows.next_if(is_of_curve) {
                norms.push((row.t, row.log10_norm));
            }
            let (decay, fitted_lags) = (Decay::of_row(&fit), fit.lags);
            let FitRow { quantity, layer, step, .. } = fit;
            GradientCurve { quantity, layer, step, last, norms, decay, fitted_lags }
        };
        fits.into_iter().map(curve).collect()
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

    /// The row of a run in `fits.csv`.
    pub fn fit_row(&self, run_id: &str) -> FitRow {
        FitRow {
            run_id: run_id.to_string(),
            quantity: self.quantity.clone(),
            layer: self.layer,
            step: self.step,
            slope: self.decay.map(|decay| decay.line.slope),
            r_squared: self.decay.map(|decay| decay.line.r_squared),
            lags: self.fitted_lags,
            early_slope: self.decay.and_then(|decay| decay.early_slope),
            late_slope: self.decay.and_then(|decay| decay.late_slope),
            lag_tenth: self.decay.and_then(|decay| decay.lag_tenth),
            lag_hundredth: self.decay.and_then(|decay| decay.lag_hundredth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::stats;

    #[test]
    fn new_written_lags_do_not_change_the_fit() {
        // A curve that bends: short lags, of which `log` writes more, are steeper.
        let norm = |lag: usize| -(lag as f64).sqrt();
        let steps = 1000;
        let of = |lags| {
            let norms = (1..=steps).map(|t| (t, Some(norm(steps - t))));
            GradientCurve::new(("total_h".to_string(), 0), None, steps, norms, lags)
        };
        let (all, log) = (of(Lags::All), of(Lags::Log));
        assert!(log.rows("a").count() < 300 && all.rows("a").count() == steps);
        assert_eq!(all.fit_row("a"), log.fit_row("a"));
        let points = |curve: &GradientCurve| -> Vec<(f64, f64)> {
            let mut rows: Vec<_> = curve.rows("a").collect();
            rows.reverse();
            rows.iter().map(|row| (row.lag as f64, row.log10_norm.unwrap())).collect()
        };
        let slope = log.fit_row("a").slope;
        assert_eq!(slope, stats::line(&points(&all)).map(|line| line.slope), "to the last digit");
        assert!(stats::line(&points(&log)).unwrap().slope < 1.1 * slope.unwrap(), "thinned rows are steeper");
    }

    #[test]
    fn of_rows_gives_the_curves_back() {
        let curve = |quantity: &str, step: usize, norms: &[Option<f64>]| {
            let norms = norms.iter().enumerate().map(|(n, norm)| (n + 1, *norm));
            let (last, quantity) = (norms.len(), quantity.to_string());
            GradientCurve::new((quantity, 0), Some(step), last, norms, Lags::Log)
        };
        let norms = [Some(-1.0), None, Some(f64::INFINITY), Some(0.25)];
        let curves =
            [curve("total_h", 0, &norms), curve("input_x", 0, &norms[..1]), curve("total_h", 5, &norms)];
        let fits = curves.iter().map(|curve| curve.fit_row("a")).collect();
        let rows = curves.iter().flat_map(|curve| curve.rows("a")).collect();
        assert_eq!(GradientCurve::of_rows(fits, rows), curves);
    }

    #[test]
    fn new_zero_and_infinite_norms_are_rows_and_not_fitted() {
        let norms = [(1, None), (2, Some(f64::INFINITY)), (3, Some(-1.0)), (4, Some(0.0))];
        let curve = GradientCurve::new(("total_h".to_string(), 0), None, 4, norms, Lags::All);
        let FitRow { slope, r_squared, lags, .. } = curve.fit_row("a");
        assert_eq!((slope, r_squared, lags), (Some(-1.0), Some(1.0), 2));
        assert_eq!(curve.rows("a").count(), 4);
        let single = GradientCurve::new(("total_h".to_string(), 0), None, 4, [norms[3]], Lags::All);
        assert_eq!((single.fit_row("a").slope, single.fit_row("a").lags), (None, 1));
    }
}
