//! Rows of `training.csv` by run, and losses, gradient norms and exponents over training steps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::curve::Curve;
use super::curves::{CurveGroup, is_largest_exponent, log10_per_step};
use crate::report::group_by::group_by;
use crate::report::load::{GridPoint, Results};
use crate::results::RunRecord;
use crate::results::schema::{JacobianRow, LENGTHS, POSITIONS, TrainingRow};
use crate::settings::names::ExperimentKind;
use crate::support::stats;

/// Quantity of the curves of a loss in nats on the validation split.
pub const VALID_LOSS: &str = "valid_loss";

/// Quantity of the curves of log10 of a loss in nats on the validation split, for tasks whose chance
/// level is low: most of their answers are trivial, and the differences lie far below a nat.
pub const VALID_LOG_LOSS: &str = "valid_log10_loss";

/// The chance level below which losses in nats are drawn as log10.
const LOW_CHANCE: f64 = 0.5;

/// Quantity of the curves of log10 of a mean square on the validation split.
pub const VALID_SQUARES: &str = "valid_mean_square";

/// Quantity of the curves of log10 of the norm of the gradient.
pub const GRADIENT_NORM: &str = "gradient_norm";

/// Quantity of the curves of the largest Lyapunov exponent over training steps.
pub const TRAINED_EXPONENT: &str = "trained_exponent";

/// Quantity of the curves of the accuracy over the length of the test sequences.
pub const ACCURACY_AT_LENGTH: &str = "accuracy_at_length";

/// Quantity of the curves of the loss over the steps of the longest test sequences.
pub const LOSS_AT_POSITION: &str = "loss_at_position";

const QUANTITIES: [&str; 6] =
    [VALID_LOSS, VALID_LOG_LOSS, VALID_SQUARES, GRADIENT_NORM, ACCURACY_AT_LENGTH, LOSS_AT_POSITION];

/// The rows of `training.csv` by run.
#[derive(Debug, Default)]
pub struct TrainingRows(HashMap<String, Vec<TrainingRow>>);

impl TrainingRows {
    /// Sorts rows by run.
    pub fn new(rows: impl IntoIterator<Item = TrainingRow>) -> TrainingRows {
        let mut runs: HashMap<String, Vec<TrainingRow>> = HashMap::new();
        for row in rows {
            runs.entry(row.run_id.clone()).or_default().push(row);
        }
        TrainingRows(runs)
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows of a run.
    pub fn of(&self, run: &RunRecord) -> &[TrainingRow] {
        self.0.get(&run.row.run_id).map_or(&[], Vec::as_slice)
    }
}

/// The rows of one metric.
pub fn all<'a>(rows: &'a [TrainingRow], split: &str, metric: &str) -> impl Iterator<Item = &'a TrainingRow> {
    rows.iter().filter(move |row| row.split == split && row.metric == metric)
}

/// The last row of one metric.
pub fn last<'a>(rows: &'a [TrainingRow], split: &str, metric: &str) -> Option<&'a TrainingRow> {
    rows.iter().rfind(|row| row.split == split && row.metric == metric)
}

/// The row of one metric on sequences of one length.
pub fn at_length<'a>(rows: &'a [TrainingRow], length: usize, metric: &str) -> Option<&'a TrainingRow> {
    all(rows, LENGTHS, metric).find(|row| row.length == Some(length))
}

/// The number of training sequences of a run, up to its end: that of the row `solved` if there is one. A run
/// that solves its task ends between two rows of the training loss.
pub fn training_sequences(rows: &[TrainingRow]) -> Option<usize> {
    rows.iter().filter(|row| row.split == "train").map(|row| row.sequences).max()
}

/// The quantity of a row's curve; none for a row that is not drawn.
fn quantity(row: &TrainingRow) -> Option<&'static str> {
    let is_low = row.chance.is_some_and(|chance| chance < LOW_CHANCE);
    match (row.split.as_str(), row.metric.as_str(), row.unit.as_str()) {
        ("valid", "loss", "nats") if is_low => Some(VALID_LOG_LOSS),
        ("valid", "loss", "nats") => Some(VALID_LOSS),
        ("valid", "loss", _) => Some(VALID_SQUARES),
        ("train", "gradient_norm", _) => Some(GRADIENT_NORM),
        (LENGTHS, "accuracy", _) => Some(ACCURACY_AT_LENGTH),
        (POSITIONS, "loss", _) => Some(LOSS_AT_POSITION),
        _ => None,
    }
}

/// Curves over training steps or lengths; those of losses and accuracies have the level of chance.
pub fn curves(results: &Results, rows: &TrainingRows) -> Vec<CurveGroup> {
    let points = || results.of_kind(ExperimentKind::Training);
    let group = |name| points().filter_map(move |point| curve_group(name, point, rows));
    QUANTITIES.into_iter().flat_map(group).collect()
}

fn curve_group(name: &str, point: &GridPoint, rows: &TrainingRows) -> Option<CurveGroup> {
    let is_plain = [VALID_LOSS, ACCURACY_AT_LENGTH, LOSS_AT_POSITION].contains(&name);
    let shown = |value: f64| if is_plain { value } else { value.log10() };
    let is_drawn = |row: &&TrainingRow| quantity(row) == Some(name);
    let of_quantity = |run| rows.of(run).iter().filter(is_drawn);
    let longest = point.ok().flat_map(of_quantity).map(|row| row.length).max().flatten();
    let is_longest = |row: &&TrainingRow| row.position.is_none() || row.length == longest;
    let of_run = |run| of_quantity(run).filter(is_longest);
    let y = |row: &TrainingRow| Some(shown(row.value)).filter(|y| y.is_finite());
    let curves = point.ok().map(|run| (run, of_run(run).map(|row| (row.x(), y(row))).collect()));
    let with_chance = point.ok().flat_map(of_run).filter_map(|row| Some((row.x(), shown(row.chance?))));
    let levels = group_by(with_chance, |(x, _)| *x).into_iter().filter_map(|(x, found)| {
        let levels: Vec<f64> = found.iter().map(|(_, level)| *level).collect();
        Some((x, stats::mean(&levels)?))
    });
    let chance = levels.collect();
    Some(CurveGroup { chance, ..over_steps(name, point, curves)? })
}

/// Curves of runs over training steps; none if there are none.
fn over_steps<'r>(
    name: &str,
    point: &GridPoint,
    curves: impl Iterator<Item = (&'r RunRecord, Curve)>,
) -> Option<CurveGroup> {
    let found = curves.filter(|(_, curve)| !curve.is_empty());
    let (seeds, mut curves): (Vec<u64>, Vec<Curve>) =
        found.map(|(run, curve)| (run.settings.seed, curve)).unzip();
    align(&mut curves, name != GRADIENT_NORM);
    (!curves.is_empty()).then(|| CurveGroup {
        point: point.settings.clone(),
        quantity: name.to_string(),
        layer: 0,
        curves,
        fits: vec![],
        seeds,
        chance: BTreeMap::new(),
    })
}

/// Curves of the largest Lyapunov exponent over training steps, in log10 per step.
pub fn exponents(results: &Results, rows: &[JacobianRow]) -> Vec<CurveGroup> {
    let mut of_run: HashMap<&str, Curve> = HashMap::new();
    for row in rows.iter().filter(|row| is_largest_exponent(row)) {
        if let Some(step) = row.step {
            of_run.entry(&row.run_id).or_default().insert(step, row.value.map(log10_per_step));
        }
    }
    let curve = |run: &RunRecord| of_run.get(run.row.run_id.as_str()).cloned().unwrap_or_default();
    let group =
        |point: &GridPoint| over_steps(TRAINED_EXPONENT, point, point.ok().map(|run| (run, curve(run))));
    results.of_kind(ExperimentKind::Training).filter_map(group).collect()
}

/// Gives every curve a value at each step at which another curve has one, since a mean is over all of
/// them and runs end at different steps. Between two steps of its own a curve is interpolated linearly.
/// With `keeps_last`, a run that has ended (mostly because it has solved its task) keeps its last value:
/// without it the mean would be that of the late learners.
fn align(curves: &mut [Curve], keeps_last: bool) {
    let steps: BTreeSet<usize> = curves.iter().flat_map(|curve| curve.keys().copied()).collect();
    for curve in curves {
        let own = curve.clone();
        let missing = steps.iter().filter(|step| !own.contains_key(step));
        curve.extend(missing.filter_map(|&step| {
            let (&from, &y) = own.range(..step).next_back()?;
            match own.range(step..).next() {
                Some((&to, &next)) => {
                    let share = (step - from) as f64 / (to - from) as f64;
                    Some((step, y.zip(next).map(|(y, next)| y + share * (next - y))))
                }
                None => keeps_last.then_some((step, y)),
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::fixtures::{results, trained, training};

    fn row(id: &str, value: f64) -> TrainingRow {
        trained(id, "valid", "loss", value)
    }

    fn curves_of(
        runs: impl IntoIterator<Item = RunRecord>,
        rows: impl IntoIterator<Item = TrainingRow>,
    ) -> Vec<CurveGroup> {
        curves(&results(runs), &TrainingRows::new(rows))
    }

    #[test]
    fn curves_every_seed_has_a_value_at_every_step_and_keeps_its_last_loss() {
        let runs = ["a", "b"].map(|id| training(id, 1));
        let at = |id: &str, step, value| TrainingRow { step, ..row(id, value) };
        let rows =
            [at("a", 10, 1.0), at("a", 15, 0.1), at("b", 10, 1.0), at("b", 20, 0.01), at("b", 30, 0.01)];
        let loss = &curves_of(runs, rows)[0];
        let expected =
            [(10, vec![0.0, 0.0]), (15, vec![-1.0, -1.0]), (20, vec![-1.0, -2.0]), (30, vec![-1.0, -2.0])];
        assert_eq!(loss.by_x(), BTreeMap::from(expected));
    }

    #[test]
    fn curves_seeds_are_one_group_and_learning_rates_are_apart() {
        let of = |id: &str, seed, rate| {
            let mut run = training(id, seed);
            run.settings.learning_rate = Some(rate);
            run
        };
        let runs = [of("a", 1, 0.1), of("b", 2, 0.1), of("c", 1, 0.2)];
        let groups = curves_of(runs, ["a", "b", "c"].map(|id| row(id, 0.01)));
        let losses: Vec<_> = groups.iter().filter(|group| group.quantity == VALID_SQUARES).collect();
        assert_eq!(losses.iter().map(|group| group.curves.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(losses[1].point.learning_rate, Some(0.2));
        assert_eq!(losses[0].curves[0], [(10, Some(-2.0))].into_iter().collect());
    }

    #[test]
    fn curves_over_positions_are_those_of_the_longest_sequences() {
        let at = |length, position, value| TrainingRow {
            length: Some(length),
            position: Some(position),
            ..trained("a", POSITIONS, "loss", value)
        };
        let mut rows = [at(10, 1, 0.5), at(10, 10, 0.4), at(40, 1, 0.6), at(40, 40, 2.0)];
        (rows[2].chance, rows[3].chance) = (Some(0.0), Some(2.1));
        let found = curves_of([training("a", 1)], rows);
        assert_eq!(found[0].chance, [(1, 0.0), (40, 2.1)].into_iter().collect());
        let curves: Vec<_> = found.iter().map(|group| (group.quantity.as_str(), &group.curves[0])).collect();
        assert_eq!(curves, [(LOSS_AT_POSITION, &[(1, Some(0.6)), (40, Some(2.0))].into_iter().collect())]);
    }

    #[test]
    fn curves_nats_are_plain_and_squares_log10_with_chance_alike() {
        let of = |unit: &str, chance: f64| {
            let row = TrainingRow { unit: unit.into(), chance: Some(chance), ..row("a", 100.0) };
            let group = curves_of([training("a", 1)], [row]).remove(0);
            (group.quantity, group.curves[0][&10], group.chance.get(&10).copied())
        };
        assert_eq!(of("nats", 10.0), (VALID_LOSS.to_string(), Some(100.0), Some(10.0)));
        assert_eq!(of("nats", 0.1), (VALID_LOG_LOSS.to_string(), Some(2.0), Some(-1.0)));
        assert_eq!(of("mse", 10.0), (VALID_SQUARES.to_string(), Some(2.0), Some(1.0)));
    }
}
