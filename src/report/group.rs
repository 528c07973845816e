//! Rows of runs that differ in nothing but the seed, put together.

use std::collections::{BTreeMap, HashMap};

use super::point::Point;
use crate::results::schema::{GradientRow, RunRow, SpeedRow};

/// The norms of one quantity of one layer at one grid point, over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientGroup {
    /// The grid point.
    pub point: Point,
    /// `total_h`, `total_c`, `direct_h` or `input_x`.
    pub quantity: String,
    /// The layer, from 0.
    pub layer: usize,
    /// One a seed: lag → log10 norm, none where the norm is exactly 0 or not finite.
    pub curves: Vec<BTreeMap<usize, Option<f64>>>,
}

impl GradientGroup {
    /// Lag → the finite log10 norms, at most one a seed, at every lag that any seed has.
    pub fn by_lag(&self) -> BTreeMap<usize, Vec<f64>> {
        let mut lags: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (&lag, &norm) in self.curves.iter().flatten() {
            lags.entry(lag).or_default().extend(norm);
        }
        lags
    }
}

/// The samples of one pass at one grid point, of all engines.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedGroup {
    /// The grid point; its engine is empty.
    pub point: Point,
    /// `forward` or `train`.
    pub pass: String,
    /// Engine by engine, in the order of their first sample.
    pub engines: Vec<(String, Samples)>,
}

/// Seconds by run and number of the sample: what is under one key was taken next to each other in time.
pub type Samples = BTreeMap<(usize, usize), f64>;

impl SpeedGroup {
    /// The samples of `engine`.
    pub fn samples(&self, engine: &str) -> Option<&Samples> {
        self.engines.iter().find(|(name, _)| name == engine).map(|(_, samples)| samples)
    }
}

/// Where each run that counts stands in `runs`, by its id.
fn places(runs: &[RunRow], counts: impl Fn(&RunRow) -> bool) -> HashMap<&str, usize> {
    let counted = runs.iter().enumerate().filter(|(_, run)| counts(run));
    counted.map(|(place, run)| (run.run_id.as_str(), place)).collect()
}

/// Puts the rows of `gradients.csv` together, in the order of `runs`, then of `rows`. Rows of a run that
/// failed, or that `runs` does not have (it is of another plan), are left out.
pub fn gradients(runs: &[RunRow], rows: impl IntoIterator<Item = GradientRow>) -> Vec<GradientGroup> {
    let places = places(runs, |run| run.status == "ok");
    let mut quantities: Vec<String> = Vec::new();
    let mut curves: BTreeMap<(usize, usize, usize), BTreeMap<usize, Option<f64>>> = BTreeMap::new();
    for row in rows {
        let Some(&run) = places.get(row.run_id.as_str()) else { continue };
        let quantity = quantities.iter().position(|known| *known == row.quantity).unwrap_or_else(|| {
            quantities.push(row.quantity);
            quantities.len() - 1
        });
        let norm = row.log10_norm.filter(|norm| norm.is_finite());
        curves.entry((run, quantity, row.layer)).or_default().insert(row.lag, norm);
    }

    let mut groups: Vec<GradientGroup> = Vec::new();
    let mut known: HashMap<(Point, usize, usize), usize> = HashMap::new();
    for ((run, quantity, layer), curve) in curves {
        let point = Point::from(&runs[run]);
        let group = *known.entry((point.clone(), quantity, layer)).or_insert_with(|| {
            groups.push(GradientGroup {
                point,
                quantity: quantities[quantity].clone(),
                layer,
                curves: vec![],
            });
            groups.len() - 1
        });
        groups[group].curves.push(curve);
    }
    groups
}

/// Puts the rows of `speed.csv` together, in the order of `runs`, then of `rows`. What a failed run did time
/// counts: an engine of it disagreed and was not timed, the others were. A time that is not above 0 is left
/// out.
pub fn speed(runs: &[RunRow], rows: impl IntoIterator<Item = SpeedRow>) -> Vec<SpeedGroup> {
    let places = places(runs, |_| true);
    let mut rows: Vec<(usize, SpeedRow)> = rows
        .into_iter()
        .filter(|row| row.seconds.is_finite() && row.seconds > 0.0)
        .filter_map(|row| Some((*places.get(row.run_id.as_str())?, row)))
        .collect();
    rows.sort_by_key(|(run, _)| *run);

    let mut groups: Vec<SpeedGroup> = Vec::new();
    let mut known: HashMap<(Point, String), usize> = HashMap::new();
    for (run, row) in rows {
        let point = Point::from(&runs[run]).with_engine("");
        let group = *known.entry((point.clone(), row.pass.clone())).or_insert_with(|| {
            groups.push(SpeedGroup { point, pass: row.pass.clone(), engines: vec![] });
            groups.len() - 1
        });
        let engines = &mut groups[group].engines;
        let engine = engines.iter().position(|(name, _)| *name == row.engine).unwrap_or_else(|| {
            engines.push((row.engine, Samples::new()));
            engines.len() - 1
        });
        engines[engine].1.insert((run, row.sample), row.seconds);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn seeds_of_one_point_are_one_group_and_failed_or_unknown_runs_are_none() {
        let mut runs = vec![fake::run("a", 1), fake::run("b", 2), fake::run("c", 3)];
        runs[2].status = "failed".into();
        let mut rows = Vec::new();
        for id in ["b", "a", "c", "elsewhere"] {
            rows.extend(fake::curve(id, "total_h", &[(0, Some(0.0)), (1, Some(f64::NAN)), (2, None)]));
        }
        let groups = gradients(&runs, rows);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].curves.len(), 2);
        assert_eq!(groups[0].by_lag(), BTreeMap::from([(0, vec![0.0, 0.0]), (1, vec![]), (2, vec![])]));
    }

    #[test]
    fn points_quantities_and_layers_are_apart() {
        let mut runs = vec![fake::run("a", 1), fake::run("b", 1)];
        runs[1].hidden_size += 1;
        let mut rows = fake::curve("a", "total_h", &[(0, Some(0.0))]);
        rows.extend(fake::curve("a", "input_x", &[(0, Some(0.0))]));
        rows.extend(fake::curve("b", "total_h", &[(0, Some(0.0))]));
        let mut upper = fake::curve("b", "total_h", &[(0, Some(0.0))]);
        upper[0].layer = 1;
        rows.extend(upper);
        let found: Vec<_> = gradients(&runs, rows)
            .into_iter()
            .map(|group| (group.point.hidden_size, group.quantity, group.layer))
            .collect();
        let expected = [(8, "total_h", 0), (8, "input_x", 0), (9, "total_h", 0), (9, "total_h", 1)];
        assert_eq!(found, expected.map(|(hidden, quantity, layer)| (hidden, quantity.to_string(), layer)));
    }

    #[test]
    fn samples_of_a_failed_run_count_and_impossible_times_do_not() {
        let mut runs = vec![fake::run("a", 1)];
        runs[0].status = "failed".into();
        let rows = [("builtin", 1.0), ("fused", 2.0), ("builtin", f64::NAN), ("fused", 0.0)];
        let rows =
            rows.iter().enumerate().map(|(n, (engine, s))| fake::sample("a", engine, "train", n / 2, *s));
        let groups = speed(&runs, rows);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].samples("builtin"), Some(&Samples::from([((0, 0), 1.0)])));
        assert_eq!(groups[0].samples("fused"), Some(&Samples::from([((0, 0), 2.0)])));
        assert_eq!(groups[0].samples("simd"), None);
    }
}
