//! What learning does to the gradient's flow: norms over lag at each step of training at which they were recorded.

use std::collections::{BTreeMap, HashMap};

use super::point::Point;
use super::training;
use crate::results::schema::{GradientRow, RunRow};
use crate::support::stats;

/// One quantity of one layer at one grid point, as it was after so many steps of training.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileGroup {
    /// The grid point, as [`training::points`] has it.
    pub point: Point,
    /// The quantity as in `gradients.csv`.
    pub quantity: String,
    /// The layer, from 0.
    pub layer: usize,
    /// Updates of the parameters before.
    pub step: usize,
    /// How many seeds came to that step.
    pub seeds: usize,
    /// Lag → mean over these seeds of log10 norm; none where a norm is exactly 0 or not finite.
    pub mean: BTreeMap<usize, Option<f64>>,
}

/// Lag → log10 norm of one run.
type Curve = BTreeMap<usize, Option<f64>>;

/// Puts the rows of `gradients.csv` that were recorded during training together: by grid point, quantity, layer, then step.
/// Rows of a run that failed are left out.
pub fn profiles(runs: &[RunRow], rows: impl IntoIterator<Item = GradientRow>) -> Vec<ProfileGroup> {
    let points = training::points(runs);
    let first_of = |n: usize| points.iter().position(|point| *point == points[n]).unwrap_or(n);
    let good = runs.iter().enumerate().filter(|(_, run)| run.status == "ok");
    let places: HashMap<&str, (usize, usize)> =
        good.map(|(n, run)| (run.run_id.as_str(), (first_of(n), n))).collect();
    let mut quantities: Vec<String> = Vec::new();
    // First run of the grid point, quantity, layer, step → run → curve.
    let mut found: BTreeMap<[usize; 4], BTreeMap<usize, Curve>> = BTreeMap::new();
    for row in rows {
        let (Some(step), Some(&(first, run))) = (row.step, places.get(row.run_id.as_str())) else { continue };
        let quantity = quantities.iter().position(|known| *known == row.quantity).unwrap_or_else(|| {
            quantities.push(row.quantity);
            quantities.len() - 1
        });
        let curves = found.entry([first, quantity, row.layer, step]).or_default();
        curves.entry(run).or_default().insert(row.lag, row.log10_norm.filter(|norm| norm.is_finite()));
    }
    let group =
        |([first, quantity, layer, step], curves): ([usize; 4], BTreeMap<usize, Curve>)| ProfileGroup {
            point: points[first].clone(),
            quantity: quantities[quantity].clone(),
            layer,
            step,
            seeds: curves.len(),
            mean: mean(&curves),
        };
    found.into_iter().map(group).collect()
}

/// The mean at each lag at which every run has a norm: over fewer it would jump.
fn mean(curves: &BTreeMap<usize, Curve>) -> Curve {
    let mut at: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&lag, &norm) in curves.values().flatten() {
        at.entry(lag).or_default().extend(norm);
    }
    at.into_iter()
        .map(|(lag, norms)| (lag, stats::mean(&norms).filter(|_| norms.len() == curves.len())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    fn recorded(id: &str, step: usize, norms: &[(usize, Option<f64>)]) -> Vec<GradientRow> {
        let mut rows = fake::curve(id, "total_h", norms);
        rows.iter_mut().for_each(|row| row.step = Some(step));
        rows
    }

    #[test]
    fn steps_are_apart_and_seeds_are_averaged_where_all_have_a_norm() {
        let of = |id: &str, seed, rate| RunRow {
            kind: "training".into(),
            learning_rate: Some(rate),
            ..fake::run(id, seed)
        };
        let mut runs = vec![of("a", 1, 0.2), of("b", 2, 0.2), of("c", 1, 0.1), of("d", 3, 0.2)];
        runs[3].status = "failed".into();
        let mut rows = recorded("a", 0, &[(0, Some(1.0)), (1, Some(-1.0))]);
        rows.extend(recorded("b", 0, &[(0, Some(3.0)), (1, None)]));
        // The second seed ended before step 50.
        rows.extend(recorded("a", 50, &[(0, Some(5.0))]));
        rows.extend(recorded("c", 0, &[(0, Some(7.0))]));
        rows.extend(recorded("d", 0, &[(0, Some(100.0))]));
        rows.extend(fake::curve("a", "total_h", &[(0, Some(200.0))]));
        let found: Vec<_> = profiles(&runs, rows)
            .into_iter()
            .map(|group| (group.point.init, group.step, group.seeds, group.mean))
            .collect();
        let of = |rate: &str, step, seeds, mean: &[(usize, Option<f64>)]| {
            let init = format!("orthogonal(1), learning rate {rate}");
            (init, step, seeds, mean.iter().copied().collect())
        };
        let expected = [
            of("0.2", 0, 2, &[(0, Some(2.0)), (1, None)]),
            of("0.2", 50, 1, &[(0, Some(5.0))]),
            of("0.1", 0, 1, &[(0, Some(7.0))]),
        ];
        assert_eq!(found, expected);
    }
}
