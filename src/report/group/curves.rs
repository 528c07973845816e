//! Curves over lag of `gradients.csv`, `jacobian.csv` and `weights.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::curve::Curve;
use super::profiles::{Moment, ProfileGroup, mean};
use crate::report::load::Results;
use crate::results::Decay;
use crate::results::schema::{FitRow, GradientRow, JacobianRow, WeightRow};
use crate::settings::Settings;
use crate::settings::names::{ExperimentKind, Quantity};

/// The exponents over their number, as `jacobian.csv` names them.
pub const LYAPUNOV: &str = "lyapunov";

/// The largest exponent over lag.
pub const LARGEST_EXPONENT: &str = "largest_exponent";

/// An exponent in the unit of slopes. `jacobian.csv` has exponents in nats per step, as the literature does.
pub fn log10_per_step(nats: f64) -> f64 {
    nats * std::f64::consts::LOG10_E
}

/// Returns true for the largest exponent over the whole sequence.
pub fn is_largest_exponent(row: &JacobianRow) -> bool {
    row.quantity == LYAPUNOV && row.index == Some(1) && row.t == 1
}

/// One quantity of one layer at one grid point, over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveGroup {
    /// The grid point.
    pub point: Settings,
    /// The quantity as in the CSV file.
    pub quantity: String,
    /// The layer, from 0; 0 for a quantity of all layers.
    pub layer: usize,
    /// The curves, one per seed.
    pub curves: Vec<Curve>,
    /// Their decay over lag; none for a curve of fewer than two values, and no list for curves over
    /// training steps.
    pub fits: Vec<Option<Decay>>,
    /// Their seeds.
    pub seeds: Vec<u64>,
    /// Lag (or number) → the level of chance as the curves are drawn, as the mean over the runs; empty if
    /// there is no such level.
    pub chance: BTreeMap<usize, f64>,
}

impl CurveGroup {
    /// Lag (or number) → the finite values, at most one per seed, at every lag that any seed has.
    pub fn by_x(&self) -> BTreeMap<usize, Vec<f64>> {
        let mut lags: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (&lag, &norm) in self.curves.iter().flatten() {
            lags.entry(lag).or_default().extend(norm);
        }
        lags
    }

    /// The finite value of the curve number `n` at a lag (or number).
    pub fn value(&self, n: usize, x: usize) -> Option<f64> {
        self.curves.get(n)?.get(&x).copied().flatten()
    }

    /// log10 of the norm at a lag over that at lag 0, of the curve number `n`.
    pub fn kept(&self, n: usize, lag: usize) -> Option<f64> {
        Some(self.value(n, lag)? - self.value(n, 0)?)
    }
}

/// The decay of the values that a curve has.
fn fit(curve: &Curve) -> Option<Decay> {
    Decay::of(&curve.iter().filter_map(|(lag, norm)| Some((*lag, (*norm)?))).collect::<Vec<_>>())
}

/// The place of a curve: grid point, quantity, layer, run in the grid point, step of training.
type Place = (usize, usize, usize, usize, Option<usize>);

/// The curves of a file, before they are grouped. Rows of a run that failed, or that `runs.csv` does not
/// have, are left out.
#[derive(Debug)]
pub struct Curves<'a> {
    results: &'a Results,
    quantities: Vec<String>,
    curves: BTreeMap<Place, Curve>,
    fits: BTreeMap<Place, Decay>,
}

/// One value of a curve.
struct Value {
    run_id: String,
    quantity: String,
    layer: usize,
    step: Option<usize>,
    x: usize,
    y: Option<f64>,
}

impl<'a> Curves<'a> {
    /// The curves of `gradients.csv`, without fits.
    pub fn of_gradients(results: &'a Results, rows: impl IntoIterator<Item = GradientRow>) -> Curves<'a> {
        let value = |row: GradientRow| {
            let GradientRow { run_id, quantity, layer, step, lag: x, log10_norm: y, .. } = row;
            Value { run_id, quantity, layer, step, x, y }
        };
        Curves::collect(results, rows.into_iter().map(value))
    }

    /// The curves of `jacobian.csv`: norms over lag, and in log10 per step the Lyapunov exponents at the
    /// largest lag over their number, and the largest exponent over lag.
    pub fn of_jacobian(results: &'a Results, rows: &[JacobianRow]) -> Curves<'a> {
        let value = |row: &JacobianRow, quantity: &str, x| {
            let (run_id, quantity) = (row.run_id.clone(), quantity.to_string());
            let y = if row.quantity == LYAPUNOV { row.value.map(log10_per_step) } else { row.value };
            Value { run_id, quantity, layer: 0, step: row.step, x, y }
        };
        let values = |row: &JacobianRow| {
            let JacobianRow { quantity, index, t, lag, .. } = row.clone();
            let is_exponent = quantity == LYAPUNOV;
            let over_lag = index.is_none().then(|| value(row, &quantity, lag));
            let largest = (is_exponent && index == Some(1)).then(|| value(row, LARGEST_EXPONENT, lag));
            let number = index.filter(|_| is_exponent && t == 1);
            [over_lag, largest, number.map(|number| value(row, LYAPUNOV, number))].into_iter().flatten()
        };
        Curves::collect(results, rows.iter().flat_map(values)).fitted()
    }

    /// The curves of `weights.csv` for the recurrent weights: log10 of the norm of each term, and log10
    /// of the truncation error; without fits.
    pub fn of_weights(results: &'a Results, rows: &[WeightRow]) -> Curves<'a> {
        let values = |row: &WeightRow| {
            let value = |quantity: Quantity, y| {
                let (run_id, quantity) = (row.run_id.clone(), quantity.to_string());
                Value { run_id, quantity, layer: row.layer, step: None, x: row.lag, y }
            };
            let error = row.truncation_error.map(f64::log10);
            [value(Quantity::WeightTerm, row.log10_term), value(Quantity::TruncationError, error)]
        };
        Curves::collect(results, rows.iter().filter(|row| row.is_recurrent()).flat_map(values))
    }

    /// Computes the decay of each curve from its values.
    pub fn fitted(mut self) -> Curves<'a> {
        self.fits = self.curves.iter().filter_map(|(place, curve)| Some((*place, fit(curve)?))).collect();
        self
    }

    /// Takes the decays of `fits.csv`, which are those of all lags, also of those without a row.
    pub fn with_fits(mut self, rows: impl IntoIterator<Item = FitRow>) -> Curves<'a> {
        let places = self.results.places(|run| run.is_ok());
        for row in rows {
            let quantity = self.quantities.iter().position(|known| *known == row.quantity);
            let (Some(&(point, run)), Some(quantity)) = (places.get(row.run_id.as_str()), quantity) else {
                continue;
            };
            let place = (point, quantity, row.layer, run, row.step);
            self.fits.extend(Decay::of_row(&row).map(|decay| (place, decay)));
        }
        self
    }

    fn collect(results: &'a Results, values: impl Iterator<Item = Value>) -> Curves<'a> {
        let places = results.places(|run| run.is_ok());
        let mut quantities: Vec<String> = Vec::new();
        let mut curves: BTreeMap<Place, Curve> = BTreeMap::new();
        for Value { run_id, quantity, layer, step, x, y } in values {
            let Some(&(point, run)) = places.get(run_id.as_str()) else { continue };
            let quantity = quantities.iter().position(|known| *known == quantity).unwrap_or_else(|| {
                quantities.push(quantity);
                quantities.len() - 1
            });
            let curve = curves.entry((point, quantity, layer, run, step)).or_default();
            curve.insert(x, y.filter(|y| y.is_finite()));
        }
        Curves { results, quantities, curves, fits: BTreeMap::new() }
    }

    /// The curves by grid point, quantity and layer. Of a run that was recorded at several steps the last
    /// counts.
    pub fn groups(&self) -> Vec<CurveGroup> {
        self.groups_where(|_| true)
    }

    /// The curves that were recorded before the first update of a training.
    pub fn before_training(&self) -> Vec<CurveGroup> {
        self.groups_where(|(point, .., step)| self.is_training(*point) && *step == Some(0))
    }

    fn is_training(&self, point: usize) -> bool {
        self.results.points[point].settings.kind == ExperimentKind::Training
    }

    fn groups_where(&self, is_it: impl Fn(&Place) -> bool) -> Vec<CurveGroup> {
        type Fitted<'c> = (&'c Curve, Option<Decay>);
        let mut last: BTreeMap<(usize, usize, usize), BTreeMap<usize, Fitted>> = BTreeMap::new();
        for (place @ (point, quantity, layer, run, _), curve) in &self.curves {
            if !is_it(place) {
                continue;
            }
            let fitted = (curve, self.fits.get(place).copied());
            last.entry((*point, *quantity, *layer)).or_default().insert(*run, fitted);
        }
        let group = |((point, quantity, layer), curves): ((usize, usize, usize), BTreeMap<usize, Fitted>)| {
            let point = &self.results.points[point];
            CurveGroup {
                point: point.settings.clone(),
                quantity: self.quantities[quantity].clone(),
                layer,
                seeds: curves.keys().map(|run| point.runs[*run].settings.seed).collect(),
                fits: curves.values().map(|(_, fit)| *fit).collect(),
                curves: curves.into_values().map(|(curve, _)| curve.clone()).collect(),
                chance: BTreeMap::new(),
            }
        };
        last.into_iter().map(group).collect()
    }

    /// The last recorded step of each run of a training, by grid point and run.
    fn last_steps(&self) -> BTreeMap<(usize, usize), usize> {
        let recorded = self.curves.keys().filter(|(point, ..)| self.is_training(*point));
        let mut last = BTreeMap::new();
        for (point, _, _, run, step) in recorded {
            let known: &mut usize = last.entry((*point, *run)).or_default();
            *known = step.unwrap_or_default().max(*known);
        }
        last
    }

    /// The curves that were recorded in training by grid point, quantity, layer and moment, averaged over
    /// the seeds.
    pub fn profiles(&self) -> Vec<ProfileGroup> {
        let last = self.last_steps();
        let ends_differ = last.values().collect::<BTreeSet<_>>().len() > 1;
        let mut found: BTreeMap<(usize, usize, usize, Moment), Vec<&Curve>> = BTreeMap::new();
        for ((point, quantity, layer, run, step), curve) in &self.curves {
            let (Some(step), Some(end)) = (step, last.get(&(*point, *run))) else { continue };
            let moment = if ends_differ && step == end { Moment::End } else { Moment::Step(*step) };
            found.entry((*point, *quantity, *layer, moment)).or_default().push(curve);
        }
        type Found<'c> = ((usize, usize, usize, Moment), Vec<&'c Curve>);
        let group = |((point, quantity, layer, moment), curves): Found| ProfileGroup {
            point: self.results.points[point].settings.clone(),
            quantity: self.quantities[quantity].clone(),
            layer,
            moment,
            seeds: curves.len(),
            mean: mean(&curves),
        };
        found.into_iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{curve, failed, line, results, run};

    #[test]
    fn groups_seeds_of_one_point_are_one_group_without_failed_or_unknown_runs() {
        let results = results([run("a", 1), run("b", 2), failed(run("c", 3))]);
        let mut rows = Vec::new();
        for id in ["b", "a", "c", "elsewhere"] {
            rows.extend(curve(id, "total_h", &[(0, Some(0.0)), (1, Some(f64::NAN)), (2, None)]));
        }
        let groups = Curves::of_gradients(&results, rows).groups();
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].curves.len(), &groups[0].seeds[..]), (2, &[1, 2][..]));
        assert_eq!(groups[0].by_x(), BTreeMap::from([(0, vec![0.0, 0.0]), (1, vec![]), (2, vec![])]));
    }

    #[test]
    fn with_fits_lines_of_the_file_count() {
        let results = results([run("a", 1), failed(run("b", 2))]);
        let fit = |id: &str, quantity: &str, slope| {
            let (run_id, quantity) = (id.to_string(), quantity.to_string());
            FitRow { run_id, quantity, slope, r_squared: slope.map(|_| 0.9), ..FitRow::default() }
        };
        let rows = [line("a", "total_h", 5, 0.0, -0.1), line("a", "input_x", 5, 0.0, -0.1)].concat();
        let fits = [
            fit("a", "total_h", Some(-0.5)),
            fit("a", "input_x", None),
            fit("b", "total_h", Some(1.0)),
            fit("a", "total_c", Some(2.0)),
        ];
        let groups = Curves::of_gradients(&results, rows).with_fits(fits).groups();
        let slope = |fit: &Option<Decay>| fit.map(|decay| (decay.line.slope, decay.line.r_squared));
        let found: Vec<Vec<_>> = groups.iter().map(|group| group.fits.iter().map(slope).collect()).collect();
        assert_eq!(found, [vec![Some((-0.5, 0.9))], vec![None]]);
    }

    #[test]
    fn groups_points_quantities_and_layers_are_apart() {
        let mut wide = run("b", 1);
        wide.settings.hidden_size += 1;
        let results = results([run("a", 1), wide]);
        let mut rows = curve("a", "total_h", &[(0, Some(0.0))]);
        rows.extend(curve("a", "input_x", &[(0, Some(0.0))]));
        rows.extend(curve("b", "total_h", &[(0, Some(0.0))]));
        let mut upper = curve("b", "total_h", &[(0, Some(0.0))]);
        upper[0].layer = 1;
        rows.extend(upper);
        let groups = Curves::of_gradients(&results, rows).groups();
        let found: Vec<_> = groups
            .iter()
            .map(|group| (group.point.hidden_size, group.quantity.as_str(), group.layer))
            .collect();
        assert_eq!(found, [(8, "total_h", 0), (8, "input_x", 0), (9, "total_h", 0), (9, "total_h", 1)]);
    }
}
