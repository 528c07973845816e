//! The decay of a norm over lag: the line through all lags, and the shape of a curve that is no line.

use super::schema::FitRow;
use crate::support::stats::{self, Line};

/// The decay of log10 of a norm over lag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// The least-squares line through all lags.
    pub line: Line,
    /// The slope of the line through the lags of the first half of the sequence's lags.
    pub early_slope: Option<f64>,
    /// The slope of the line through the other lags.
    pub late_slope: Option<f64>,
    /// The smallest lag at which at most a tenth of the norm at lag 0 is left.
    pub lag_tenth: Option<usize>,
    /// The smallest lag at which at most a hundredth is left.
    pub lag_hundredth: Option<usize>,
}

impl Decay {
    /// The decay of points (lag, log10 norm) in the order of their lags; `None` for fewer than two lags.
    pub fn of(points: &[(usize, f64)]) -> Option<Decay> {
        let line = |points: &[(usize, f64)]| {
            stats::line(&points.iter().map(|(lag, norm)| (*lag as f64, *norm)).collect::<Vec<_>>())
        };
        let (largest, _) = points.last()?;
        let (early, late) = points.split_at(points.partition_point(|(lag, _)| 2 * lag <= *largest));
        let first = points.first().filter(|(lag, _)| *lag == 0).map(|(_, norm)| *norm);
        let lag_below = |decades: f64| {
            let limit = first? - decades;
            points.iter().find(|(_, norm)| *norm <= limit).map(|(lag, _)| *lag)
        };
        Some(Decay {
            line: line(points)?,
            early_slope: line(early).map(|line| line.slope),
            late_slope: line(late).map(|line| line.slope),
            lag_tenth: lag_below(1.0),
            lag_hundredth: lag_below(2.0),
        })
    }

    /// The decay that a row of `fits.csv` states.
    pub fn of_row(row: &FitRow) -> Option<Decay> {
        Some(Decay {
            line: Line { slope: row.slope?, r_squared: row.r_squared? },
            early_slope: row.early_slope,
            late_slope: row.late_slope,
            lag_tenth: row.lag_tenth,
            lag_hundredth: row.lag_hundredth,
        })
    }
}

impl FitRow {
    /// This row with the decay of points (lag, log10 norm). Points without a finite norm are left out.
    pub fn with_decay_of(self, points: impl IntoIterator<Item = (usize, Option<f64>)>) -> FitRow {
        let finite = |(lag, norm): (usize, Option<f64>)| Some((lag, norm.filter(|norm| norm.is_finite())?));
        let mut points: Vec<(usize, f64)> = points.into_iter().filter_map(finite).collect();
        points.sort_by_key(|(lag, _)| *lag);
        let decay = Decay::of(&points);
        FitRow {
            lags: points.len(),
            slope: decay.map(|decay| decay.line.slope),
            r_squared: decay.map(|decay| decay.line.r_squared),
            early_slope: decay.and_then(|decay| decay.early_slope),
            late_slope: decay.and_then(|decay| decay.late_slope),
            lag_tenth: decay.and_then(|decay| decay.lag_tenth),
            lag_hundredth: decay.and_then(|decay| decay.lag_hundredth),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_bent_curve_has_the_slopes_of_its_halves() {
        // A decade per step up to lag 3, then a hundredth of a decade.
        let norm = |lag: usize| if lag <= 3 { -(lag as f64) } else { -3.0 - 0.01 * (lag - 3) as f64 };
        let points: Vec<(usize, f64)> = (0..=6).map(|lag| (lag, 5.0 + norm(lag))).collect();
        let decay = Decay::of(&points).unwrap();
        assert!((decay.early_slope.unwrap() + 1.0).abs() < 1e-12, "{decay:?}");
        assert!((decay.late_slope.unwrap() + 0.01).abs() < 1e-12, "{decay:?}");
        assert_eq!((decay.lag_tenth, decay.lag_hundredth), (Some(1), Some(2)));
    }

    #[test]
    fn of_curve_that_keeps_its_norm_has_no_lag_of_a_tenth() {
        let decay = Decay::of(&[(0, 0.0), (1, -0.5), (2, -1.5)]).unwrap();
        assert_eq!((decay.lag_tenth, decay.lag_hundredth, decay.late_slope), (Some(2), None, None));
        let without_lag_0 = Decay::of(&[(1, 0.0), (2, -5.0)]).unwrap();
        assert_eq!(without_lag_0.lag_tenth, None);
        assert_eq!(Decay::of(&[(0, 1.0)]), None);
        assert_eq!(Decay::of(&[]), None);
    }

    #[test]
    fn with_decay_of_zero_and_infinite_norms_are_left_out() {
        let points = [(3, None), (2, Some(f64::INFINITY)), (1, Some(-1.0)), (0, Some(0.0))];
        let FitRow { slope, r_squared, lags, .. } = FitRow::default().with_decay_of(points);
        assert_eq!((slope, r_squared, lags), (Some(-1.0), Some(1.0), 2));
        let single = FitRow::default().with_decay_of([(0, Some(0.0))]);
        assert_eq!((single.slope, single.lags), (None, 1));
    }
}
