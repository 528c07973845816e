//! Gradient norms over lag.

use super::At;
use crate::diagnostics::Profile;
use crate::results::{GradientCurve, Rows};
use crate::settings::names::Lags;

/// Adds the norms of profiles over a sequence of `steps` steps, at the lags that `lags` writes. Their fits
/// are those of all lags.
pub fn add_gradients(rows: &mut Rows, at: At, profiles: Vec<Profile>, steps: usize, lags: Lags) {
    for Profile { quantity, layer, direction, norms } in profiles {
        let curve = GradientCurve {
            quantity: quantity.to_string(),
            layer,
            direction: direction.map(|direction| direction.to_string()),
            step: at.step,
            last: steps,
            norms: norms.into_iter().map(|(t, norm)| (t, norm.log10())).collect(),
        };
        let row = at.fit_row(&curve.quantity, layer);
        rows.fits.push(row.with_decay_of(curve.norms.iter().map(|(t, norm)| (steps - t, *norm))));
        rows.gradients.push(curve.at(lags));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Norm;
    use crate::settings::names::Quantity;
    use crate::support::stats;

    #[test]
    fn add_gradients_written_lags_do_not_change_the_fit() {
        // A curve that bends: short lags, of which `log` writes more, are steeper.
        let steps = 1000;
        let norms = (1..=steps).map(|t| Norm::Log10(-((steps - t) as f64).sqrt()));
        let profile = Profile::new(Quantity::TotalH, 0, 1..=steps, norms.collect());
        let of = |lags| {
            let mut rows = Rows::default();
            add_gradients(&mut rows, At { run_id: "a", step: None }, vec![profile.clone()], steps, lags);
            rows
        };
        let (all, log) = (of(Lags::All), of(Lags::Log));
        let points = |rows: &Rows| -> Vec<(f64, f64)> {
            let norms = rows.gradients[0].norms.iter().rev();
            norms.map(|(t, norm)| ((steps - t) as f64, norm.unwrap())).collect()
        };
        assert!(points(&log).len() < 300 && points(&all).len() == steps);
        assert_eq!(all.fits, log.fits);
        let slope = log.fits[0].slope;
        assert_eq!(slope, stats::line(&points(&all)).map(|line| line.slope), "to the last digit");
        assert!(stats::line(&points(&log)).unwrap().slope < 1.1 * slope.unwrap(), "thinned rows are steeper");
    }
}
