//! The numbers of what was learned: one row a grid point and metric.

use super::Metric;
use crate::report::point::Point;
use crate::report::training::{beside_chance, groups};
use crate::results::schema::{RunRow, SummaryRow, TrainingRow};
use crate::support::stats::{self, Interval};

/// The rows of every grid point that was trained. Runs that diverged count as not solved, and for nothing else.
pub fn rows(runs: &[RunRow], rows: &[TrainingRow]) -> Vec<SummaryRow> {
    groups(runs).iter().flat_map(|members| of_point(members, rows)).collect()
}

fn of_point(members: &[&RunRow], rows: &[TrainingRow]) -> Vec<SummaryRow> {
    let learned = |run| Learned { run, rows: rows.iter().filter(|row| row.run_id == run.run_id).collect() };
    let all: Vec<Learned> = members.iter().copied().map(learned).collect();
    let good = || all.iter().filter(|learned| learned.run.status == "ok");
    let Some(first) = good().next().or(all.first()) else { return vec![] };
    let each = |pick: &dyn Fn(&Learned) -> Option<f64>| -> Vec<f64> { good().filter_map(pick).collect() };
    let unit = first.of("valid", "loss").next().map(|row| row.unit.clone()).unwrap_or_default();
    let chance =
        |split: &'static str, metric: &'static str| first.of(split, metric).find_map(|row| row.chance);
    let last = |split: &'static str, metric: &'static str| {
        each(&move |learned| learned.of(split, metric).last().map(|row| row.value))
    };
    let least = each(&|learned| learned.of("valid", "loss").map(|row| row.value).reduce(f64::min));
    let solved: Vec<f64> =
        all.iter().filter_map(|learned| Some(learned.of("train", "solved").last()?.value)).collect();
    let sequences = each(&|learned| Some(learned.of("train", "loss").last()?.sequences as f64));
    let seconds = each(&|learned| learned.run.seconds);
    let (test, accuracy) = (last("test", "loss"), last("test", "accuracy"));
    let standing = stats::mean(&test)
        .zip(chance("test", "loss"))
        .and_then(|(loss, chance)| beside_chance(loss / chance));
    let hits = solved.iter().sum::<f64>() as usize;
    let metrics = [
        Metric { unit: &unit, against: words(chance("valid", "loss")), ..mean("best_valid_loss", &least) },
        Metric {
            unit: &unit,
            against: words(chance("test", "loss")),
            verdict: standing.map(|standing| standing.to_string()),
            ..mean("test_loss", &test)
        },
        Metric {
            unit: "share",
            against: words(chance("test", "accuracy")),
            ..mean("test_accuracy", &accuracy)
        }
        .within(
            stats::t_interval(&accuracy)
                .map(|Interval { low, high }| Interval { low: low.max(0.0), high: high.min(1.0) }),
        ),
        Metric { unit: "share", ..mean("solved", &solved) }.within(stats::share_interval(hits, solved.len())),
        Metric { unit: "sequences", ..median("sequences", &sequences) },
        Metric { unit: "s", ..median("seconds", &seconds) },
    ];
    let point = Point::from(first.run);
    metrics
        .into_iter()
        .filter(|metric| metric.n > 0)
        .map(|metric| SummaryRow {
            model: first.run.model.clone(),
            learning_rate: first.run.learning_rate,
            clip_norm: first.run.clip_norm,
            train_fraction: first.run.train_fraction,
            parameters: first.run.parameters,
            ..metric.row(&point)
        })
        .collect()
}

/// A run that went well.
struct Learned<'a> {
    run: &'a RunRow,
    rows: Vec<&'a TrainingRow>,
}

impl<'a> Learned<'a> {
    fn of(&self, split: &'static str, metric: &'static str) -> impl Iterator<Item = &'a TrainingRow> {
        self.rows.iter().copied().filter(move |row| row.split == split && row.metric == metric)
    }
}

fn mean<'a>(name: &'a str, values: &[f64]) -> Metric<'a> {
    let metric = Metric {
        kind: "training",
        name,
        estimate: stats::mean(values),
        n: values.len(),
        ..Metric::default()
    };
    metric.within(stats::t_interval(values))
}

fn median<'a>(name: &'a str, values: &[f64]) -> Metric<'a> {
    let (estimate, n) = (stats::median(values), values.len());
    Metric { kind: "training", name, estimate, n, ..Metric::default() }.within(stats::median_interval(values))
}

fn words(level: Option<f64>) -> Option<String> {
    level.map(|level| level.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    #[test]
    fn a_grid_point_has_its_numbers_with_chance_and_a_run_that_diverged_is_one_not_solved() {
        let run = |id: &str, seed| RunRow {
            kind: "training".into(),
            model: Some("recurrent".into()),
            train_fraction: Some(0.5),
            ..fake::run(id, seed)
        };
        let mut runs = [run("a", 1), run("b", 2), run("c", 3)];
        runs[2].status = "failed".into();
        let of = |id: &str, values: [f64; 4]| {
            let names = [("valid", "loss"), ("test", "loss"), ("test", "accuracy"), ("train", "solved")];
            let pairs = names.into_iter().zip(values);
            pairs
                .map(|((split, metric), value)| fake::trained(&fake::run(id, 1), split, metric, value))
                .collect()
        };
        let made: [Vec<TrainingRow>; 3] =
            [of("a", [0.1, 0.2, 0.9, 1.0]), of("b", [0.3, 0.4, 1.0, 0.0]), of("c", [9.0, 9.0, 0.0, 0.0])];
        let found = rows(&runs, &made.concat());
        let numbers: Vec<_> =
            found.iter().map(|row| (row.metric.as_str(), row.estimate.unwrap(), row.n)).collect();
        let expected = [
            ("best_valid_loss", 0.2, 2),
            ("test_loss", 0.3, 2),
            ("test_accuracy", 0.95, 2),
            ("solved", 1.0 / 3.0, 3),
            ("seconds", 1.0, 2),
        ];
        for ((metric, estimate, n), (name, value, count)) in numbers.iter().zip(expected) {
            assert!(
                (*metric, *n) == (name, count) && (estimate - value).abs() < 1e-12,
                "{metric} {estimate} {n}"
            );
        }
        assert_eq!(found.len(), expected.len());
        let test = &found[1];
        assert_eq!(
            (test.unit.as_str(), test.verdict.as_deref(), test.train_fraction),
            ("mse", Some("worse than chance"), Some(0.5))
        );
        assert!(test.against.as_ref().unwrap().starts_with("0.1666"));
        assert_eq!(found[2].ci_high, Some(1.0), "no accuracy is above 1");
        assert!(found[3].ci_low.unwrap() > 0.0 && found[3].ci_high.unwrap() < 1.0, "Wilson's interval");
    }
}
