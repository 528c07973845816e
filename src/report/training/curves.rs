//! Loss and gradient norm over training steps.

use std::collections::{BTreeMap, BTreeSet};

use super::points;
use crate::report::group::CurveGroup;
use crate::report::point::Point;
use crate::results::schema::{RunRow, TrainingRow};

/// Quantity of the curves of a loss in nats on the split `valid`.
pub const VALID_LOSS: &str = "valid_loss";

/// Quantity of the curves of log10 of a loss in nats on the split `valid`, where most answers are foregone conclusions and all
/// that counts lies far below a nat.
pub const VALID_LOG_LOSS: &str = "valid_log10_loss";

/// Losses in nats are drawn as log10 where chance is below this.
const LOW_CHANCE: f64 = 0.5;

/// Quantity of the curves of log10 of a mean square on the split `valid`.
pub const VALID_SQUARES: &str = "valid_mean_square";

/// Quantity of the curves of log10 of the gradient's norm.
pub const GRADIENT_NORM: &str = "gradient_norm";

const QUANTITIES: [&str; 4] = [VALID_LOSS, VALID_LOG_LOSS, VALID_SQUARES, GRADIENT_NORM];

/// What a row is drawn as, if it is.
fn drawn_as(row: &TrainingRow) -> Option<&'static str> {
    let is_low = row.chance.is_some_and(|chance| chance < LOW_CHANCE);
    match (row.split.as_str(), row.metric.as_str(), row.unit.as_str()) {
        ("valid", "loss", "nats") if is_low => Some(VALID_LOG_LOSS),
        ("valid", "loss", "nats") => Some(VALID_LOSS),
        ("valid", "loss", _) => Some(VALID_SQUARES),
        ("train", "gradient_norm", _) => Some(GRADIENT_NORM),
        _ => None,
    }
}

/// Curves over training steps, with the level of chance beside losses.
pub fn curves(runs: &[RunRow], rows: &[TrainingRow]) -> Vec<CurveGroup> {
    let points: Vec<Point> = points(runs).into_iter().map(|point| Point { loss: None, ..point }).collect();
    let learned = |(run, _): &(&RunRow, &Point)| run.kind == "training" && run.status == "ok";
    let trained: Vec<(&RunRow, &Point)> = runs.iter().zip(&points).filter(learned).collect();
    let mut groups: Vec<CurveGroup> = Vec::new();
    for quantity in QUANTITIES {
        let shown = |value: f64| if quantity == VALID_LOSS { value } else { value.log10() };
        for &(run, point) in &trained {
            let is_it = |row: &&TrainingRow| row.run_id == run.run_id && drawn_as(row) == Some(quantity);
            let of_run = || rows.iter().filter(is_it);
            let y = |row: &TrainingRow| Some(shown(row.value)).filter(|y| y.is_finite());
            let curve: BTreeMap<usize, Option<f64>> = of_run().map(|row| (row.step, y(row))).collect();
            if curve.is_empty() {
                continue;
            }
            match groups.iter_mut().find(|group| group.quantity == quantity && group.point == *point) {
                Some(group) => {
                    group.curves.push(curve);
                    group.seeds.push(run.seed);
                }
                None => groups.push(CurveGroup {
                    point: point.clone(),
                    quantity: quantity.into(),
                    layer: 0,
                    curves: vec![curve],
                    seeds: vec![run.seed],
                    chance: of_run().find_map(|row| row.chance).map(shown),
                }),
            }
        }
    }
    for group in &mut groups {
        let keeps_last = group.quantity != GRADIENT_NORM;
        align(&mut group.curves, keeps_last);
    }
    groups
}

/// Gives every curve a value at each step that another has one: a run also has them at the step at which it has ended, which is
/// another for each seed, and a mean is over all of them. Between two steps of its own that is the straight line. A run that has
/// ended, mostly since it has solved its task, keeps its last loss while others go on: without it their mean would be of
/// those that learn late, or end with the first.
fn align(curves: &mut [BTreeMap<usize, Option<f64>>], keeps_last: bool) {
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
    use super::*;
    use crate::report::fake;

    fn row(id: &str, value: f64) -> TrainingRow {
        fake::trained(&fake::run(id, 1), "valid", "loss", value)
    }

    #[test]
    fn every_seed_has_a_value_at_every_step_and_after_its_end_its_last_loss() {
        let runs = ["a", "b"].map(|id| RunRow { kind: "training".into(), ..fake::run(id, 1) });
        let at = |id: &str, step, value| TrainingRow { step, ..row(id, value) };
        let rows =
            [at("a", 10, 1.0), at("a", 15, 0.1), at("b", 10, 1.0), at("b", 20, 0.01), at("b", 30, 0.01)];
        let loss = &curves(&runs, &rows)[0];
        let expected =
            [(10, vec![0.0, 0.0]), (15, vec![-1.0, -1.0]), (20, vec![-1.0, -2.0]), (30, vec![-1.0, -2.0])];
        assert_eq!(loss.by_x(), BTreeMap::from(expected));
    }

    #[test]
    fn seeds_are_one_curve_and_what_training_sets_is_a_panel() {
        let of = |id: &str, seed, rate| RunRow {
            kind: "training".into(),
            learning_rate: Some(rate),
            ..fake::run(id, seed)
        };
        let runs = [of("a", 1, 0.1), of("b", 2, 0.1), of("c", 1, 0.2)];
        let rows = ["a", "b", "c"].map(|id| row(id, 0.01));
        let groups = curves(&runs, &rows);
        let losses: Vec<_> = groups.iter().filter(|group| group.quantity == VALID_SQUARES).collect();
        assert_eq!(losses.iter().map(|group| group.curves.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(losses[1].point.init, "orthogonal(1), learning rate 0.2");
        assert_eq!(losses[0].curves[0], [(10, Some(-2.0))].into_iter().collect());
    }

    #[test]
    fn nats_are_drawn_as_they_are_and_squares_as_log10_with_chance_beside_both() {
        let runs = [RunRow { kind: "training".into(), ..fake::run("a", 1) }];
        let of = |unit: &str, chance: f64| {
            let row = TrainingRow { unit: unit.into(), chance: Some(chance), ..row("a", 100.0) };
            let group = curves(&runs, &[row]).remove(0);
            (group.quantity, group.curves[0][&10], group.chance)
        };
        assert_eq!(of("nats", 10.0), (VALID_LOSS.to_string(), Some(100.0), Some(10.0)));
        assert_eq!(of("nats", 0.1), (VALID_LOG_LOSS.to_string(), Some(2.0), Some(-1.0)));
        assert_eq!(of("mse", 10.0), (VALID_SQUARES.to_string(), Some(2.0), Some(1.0)));
    }
}
