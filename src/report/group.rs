//! Rows of runs that differ in nothing but the seed, put together.

use std::collections::{BTreeMap, HashMap};

use super::point::Point;
use super::training::points;
use crate::results::schema::{GateRow, GradientRow, JacobianRow, RunRow, SpeedRow};
use crate::support::stats;

/// Rows with equal keys, in the order of the first row of each key.
pub fn group_by<K: PartialEq, R>(
    rows: impl IntoIterator<Item = R>,
    key: impl Fn(&R) -> K,
) -> Vec<(K, Vec<R>)> {
    let mut groups: Vec<(K, Vec<R>)> = Vec::new();
    for row in rows {
        let found = key(&row);
        match groups.iter_mut().rev().find(|(known, _)| *known == found) {
            Some((_, members)) => members.push(row),
            None => groups.push((found, vec![row])),
        }
    }
    groups
}

/// One quantity of one layer at one grid point, over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveGroup {
    /// The grid point.
    pub point: Point,
    /// The quantity as in `gradients.csv` or `jacobian.csv`.
    pub quantity: String,
    /// The layer, from 0; 0 for what is of all layers.
    pub layer: usize,
    /// One a seed: lag → log10 norm, or number → exponent; none where a norm is exactly 0 or not finite.
    pub curves: Vec<BTreeMap<usize, Option<f64>>>,
    /// Their seeds.
    pub seeds: Vec<u64>,
    /// What chance reaches, as the curves are drawn; none where there is no such level.
    pub chance: Option<f64>,
}

/// One point of a curve.
struct CurvePoint {
    run_id: String,
    quantity: String,
    layer: usize,
    x: usize,
    y: Option<f64>,
}

/// A number that each run has one of, at one grid point, over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarGroup {
    /// The kind of its runs.
    pub kind: String,
    /// The grid point.
    pub point: Point,
    /// What it is, as in `summary.csv`.
    pub metric: &'static str,
    /// One a seed.
    pub values: Vec<f64>,
}

impl CurveGroup {
    /// Lag (or number) → the finite values, at most one a seed, at every lag that any seed has.
    pub fn by_x(&self) -> BTreeMap<usize, Vec<f64>> {
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
    /// What the processor's vectors multiply at most, GFLOP/s in f32, where the runs know it.
    pub peak: Option<f64>,
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
/// failed, or that `runs` does not have (it is of another plan), are left out. Of a run that learned, the step that was recorded
/// last counts.
pub fn gradients(runs: &[RunRow], rows: impl IntoIterator<Item = GradientRow>) -> Vec<CurveGroup> {
    let point = |row: GradientRow| CurvePoint {
        run_id: row.run_id,
        quantity: row.quantity,
        layer: row.layer,
        x: row.lag,
        y: row.log10_norm,
    };
    curves(runs, rows.into_iter().map(point))
}

/// The curves of `jacobian.csv`: norms over lag, the Lyapunov exponents at the largest lag over their number, and how the
/// largest of them settles over lag.
pub fn jacobian(runs: &[RunRow], rows: &[JacobianRow]) -> Vec<CurveGroup> {
    let point = |row: &JacobianRow, quantity: &str, x| CurvePoint {
        run_id: row.run_id.clone(),
        quantity: quantity.to_string(),
        layer: 0,
        x,
        y: row.value,
    };
    let shown = |row: &JacobianRow| {
        let is_exponent = row.quantity == LYAPUNOV;
        let over_lag = row.index.is_none().then(|| point(row, &row.quantity, row.lag));
        let settling = (is_exponent && row.index == Some(1)).then(|| point(row, LARGEST_EXPONENT, row.lag));
        let in_the_end = row.index.filter(|_| is_exponent && row.lag + 1 == row.seq_len);
        let in_the_end = in_the_end.map(|number| point(row, LYAPUNOV, number));
        [over_lag, settling, in_the_end].into_iter().flatten()
    };
    curves(runs, rows.iter().flat_map(shown))
}

/// The exponents over their number, as `jacobian.csv` names them.
pub const LYAPUNOV: &str = "lyapunov";

/// The first of them over lag.
pub const LARGEST_EXPONENT: &str = "largest_exponent";

/// What predicts how fast gradients decay: the largest Lyapunov exponent (in log10), the spectral radius of the RNN's recurrent
/// matrix, the mean log10 of the gate that keeps (f of the LSTM, z of the GRU; mean over layers).
pub fn predictions(runs: &[RunRow], jacobian: &[JacobianRow], gates: &[GateRow]) -> Vec<ScalarGroup> {
    let places = places(runs, |run| run.status == "ok");
    // Run and metric → sum and count over layers.
    let mut found: BTreeMap<(usize, &'static str), (f64, usize)> = BTreeMap::new();
    let mut add = |run_id: &str, metric, value: Option<f64>| {
        if let (Some(&run), Some(value)) = (places.get(run_id), value) {
            let (sum, count) = found.entry((run, metric)).or_default();
            *sum += value;
            *count += 1;
        }
    };
    for row in jacobian {
        if row.quantity == LYAPUNOV && row.index == Some(1) && row.lag + 1 == row.seq_len {
            add(&row.run_id, LARGEST_EXPONENT, row.value.map(|nats| nats * std::f64::consts::LOG10_E));
        }
    }
    for row in gates {
        match (row.cell.as_str(), row.gate.as_str(), row.statistic.as_str()) {
            ("rnn", _, "w_h_spectral_radius") => add(&row.run_id, "log10_spectral_radius", row.value),
            ("lstm", "f", "mean_log10") | ("gru", "z", "mean_log10") => {
                add(&row.run_id, "mean_log10_gate", row.value);
            }
            _ => {}
        }
    }
    let mut groups: Vec<ScalarGroup> = Vec::new();
    for ((run, metric), (sum, count)) in found {
        let (kind, point, value) = (&runs[run].kind, Point::from(&runs[run]), sum / count as f64);
        let known =
            |group: &&mut ScalarGroup| group.metric == metric && group.kind == *kind && group.point == point;
        match groups.iter_mut().find(known) {
            Some(group) => group.values.push(value),
            None => groups.push(ScalarGroup { kind: kind.clone(), point, metric, values: vec![value] }),
        }
    }
    groups
}

fn curves(runs: &[RunRow], rows: impl Iterator<Item = CurvePoint>) -> Vec<CurveGroup> {
    let places = places(runs, |run| run.status == "ok");
    let points = points(runs);
    let mut quantities: Vec<String> = Vec::new();
    let mut curves: BTreeMap<(usize, usize, usize), BTreeMap<usize, Option<f64>>> = BTreeMap::new();
    for row in rows {
        let Some(&run) = places.get(row.run_id.as_str()) else { continue };
        let quantity = quantities.iter().position(|known| *known == row.quantity).unwrap_or_else(|| {
            quantities.push(row.quantity);
            quantities.len() - 1
        });
        let y = row.y.filter(|y| y.is_finite());
        curves.entry((run, quantity, row.layer)).or_default().insert(row.x, y);
    }

    let mut groups: Vec<CurveGroup> = Vec::new();
    let mut known: HashMap<(Point, usize, usize), usize> = HashMap::new();
    for ((run, quantity, layer), curve) in curves {
        let point = &points[run];
        let group = *known.entry((point.clone(), quantity, layer)).or_insert_with(|| {
            let (point, quantity) = (point.clone(), quantities[quantity].clone());
            groups.push(CurveGroup { point, quantity, layer, curves: vec![], seeds: vec![], chance: None });
            groups.len() - 1
        });
        groups[group].curves.push(curve);
        groups[group].seeds.push(runs[run].seed);
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
            let peak = runs[run].fma_peak_gflops;
            groups.push(SpeedGroup { point, pass: row.pass.clone(), peak, engines: vec![] });
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

/// The least-squares slope of log10 norm over lag, of the norms that have a logarithm.
pub fn slope(curve: &BTreeMap<usize, Option<f64>>) -> Option<f64> {
    let points: Vec<(f64, f64)> =
        curve.iter().filter_map(|(lag, norm)| Some((*lag as f64, (*norm)?))).collect();
    stats::slope(&points)
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
        assert_eq!(groups[0].by_x(), BTreeMap::from([(0, vec![0.0, 0.0]), (1, vec![]), (2, vec![])]));
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
