//! What was learned, in a table: one row a grid point, over its seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::group::CurveGroup;
use super::number::{significant, with_interval};
use super::point::{Point, Setting, varying};
use super::table::{Table, escaped};
use super::tables::Captioned;
use crate::results::schema::{RunRow, TrainingRow};
use crate::stats;

/// Quantity of the curves of the loss on the split `valid`.
pub const VALID_LOSS: &str = "valid_loss";

/// Quantity of the curves of the gradient's norm.
pub const GRADIENT_NORM: &str = "gradient_norm";

/// The grid point of each run. Of a run that learns, what only training sets stands with the init where it varies, and a model
/// without a cell in the cell's place, so that they are panels and lines as those are.
pub fn points(runs: &[RunRow]) -> Vec<Point> {
    let trained: Vec<Key> = runs.iter().filter(|run| run.kind == "training").map(key).collect();
    let vary: Vec<usize> =
        (0..OWN.len()).filter(|n| trained.iter().any(|(_, own)| own[*n] != trained[0].1[*n])).collect();
    let point = |run: &RunRow| {
        let (mut point, own) = key(run);
        if run.kind == "training" {
            let words = vary.iter().map(|n| format!("{} {}", OWN[*n], own[*n]));
            let init = std::iter::once(point.init.clone()).chain(words);
            point.init = init.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
            if point.cell.is_empty() {
                point.cell = own[0].clone();
            }
        }
        point
    };
    runs.iter().map(point).collect()
}

/// log10 of loss and gradient norm over training steps.
pub fn curves(runs: &[RunRow], rows: &[TrainingRow]) -> Vec<CurveGroup> {
    let points = points(runs);
    let learned = |(run, _): &(&RunRow, &Point)| run.kind == "training" && run.status == "ok";
    let trained: Vec<(&RunRow, &Point)> = runs.iter().zip(&points).filter(learned).collect();
    let mut groups: Vec<CurveGroup> = Vec::new();
    for (quantity, split, metric) in
        [(VALID_LOSS, "valid", "loss"), (GRADIENT_NORM, "train", "gradient_norm")]
    {
        for &(run, point) in &trained {
            let is_it =
                |row: &&TrainingRow| row.run_id == run.run_id && row.split == split && row.metric == metric;
            let log10 = |value: f64| Some(value.log10()).filter(|log10| log10.is_finite());
            let curve = rows.iter().filter(is_it).map(|row| (row.step, log10(row.value))).collect();
            match groups.iter_mut().find(|group| group.quantity == quantity && group.point == *point) {
                Some(group) => {
                    group.curves.push(curve);
                    group.seeds.push(run.seed);
                }
                None => {
                    groups.push(CurveGroup {
                        point: point.clone(),
                        quantity: quantity.into(),
                        layer: 0,
                        curves: vec![curve],
                        seeds: vec![run.seed],
                    });
                }
            }
        }
    }
    groups
        .iter_mut()
        .filter(|group| group.quantity == VALID_LOSS)
        .for_each(|group| keep_last(&mut group.curves));
    groups
}

/// A run that has ended, mostly since it has solved its task, keeps its last value while others go on: without it their
/// mean would be of those that learn late, or end with the first.
fn keep_last(curves: &mut [BTreeMap<usize, Option<f64>>]) {
    let steps: BTreeSet<usize> = curves.iter().flat_map(|curve| curve.keys().copied()).collect();
    for curve in curves {
        if let Some((&end, &last)) = curve.last_key_value() {
            curve.extend(steps.range(end + 1..).map(|step| (*step, last)));
        }
    }
}

/// Within this share of the chance level a loss is no better than chance.
pub const AT_CHANCE: f64 = 0.01;

/// What tells grid points of training apart: the settings of any kind, and those of training alone.
type Key = (Point, [String; 4]);

/// The names of the latter.
const OWN: [&str; 4] = ["model", "learning rate", "clip norm", "data share"];

/// The table; none where nothing was trained. Runs that diverged are counted, and count for nothing else.
pub fn table(runs: &[RunRow], rows: &[TrainingRow]) -> Option<Captioned> {
    let trained: Vec<&RunRow> = runs.iter().filter(|run| run.kind == "training").collect();
    let mut groups: Vec<(Key, Vec<&RunRow>)> = Vec::new();
    for run in trained {
        let key = key(run);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    groups.first()?;
    let vary = varying(groups.iter().map(|((point, _), _)| point));
    let settings: Vec<Setting> = Setting::ALL
        .into_iter()
        .filter(|setting| *setting == Setting::Cell || vary.contains(setting))
        .collect();
    let own: Vec<usize> =
        (0..OWN.len()).filter(|n| groups.iter().any(|((_, own), _)| own[*n] != groups[0].0.1[*n])).collect();
    let mut header: Vec<String> = settings.iter().map(|setting| setting.name().to_string()).collect();
    header.extend(own.iter().map(|n| OWN[*n].to_string()));
    let columns = [
        "best valid loss",
        "test loss",
        "chance",
        "test accuracy",
        "chance",
        "solved",
        "sequences",
        "parameters",
        "minutes",
        "runs",
    ];
    header.extend(columns.map(String::from));
    let line = |((point, words), members): &(Key, Vec<&RunRow>)| {
        let mut cells: Vec<String> = settings.iter().map(|setting| escaped(&setting.value(point))).collect();
        cells.extend(own.iter().map(|n| escaped(&words[*n])));
        cells.extend(numbers(members, rows));
        cells
    };
    Some(Captioned {
        caption: "Losses in the unit of the task (nats, or the mean square); means over seeds, with 95 % intervals; \
                  `sequences` is the median of what was trained on."
            .to_string(),
        table: Table { header, rows: groups.iter().map(line).collect() },
    })
}

fn key(run: &RunRow) -> Key {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let model = run.model.clone().unwrap_or_default();
    let numbers = [run.learning_rate, run.clip_norm, run.data_share].map(number);
    let [learning_rate, clip_norm, data_share] = numbers;
    (Point::from(run), [model, learning_rate, clip_norm, data_share])
}

/// The cells after the settings.
fn numbers(members: &[&RunRow], rows: &[TrainingRow]) -> Vec<String> {
    let good: Vec<&&RunRow> = members.iter().filter(|run| run.status == "ok").collect();
    let of = |run: &RunRow, split: &str, metric: &str| -> Vec<TrainingRow> {
        let is_it =
            |row: &&TrainingRow| row.run_id == run.run_id && row.split == split && row.metric == metric;
        rows.iter().filter(is_it).cloned().collect()
    };
    let each = |pick: &dyn Fn(&RunRow) -> Option<f64>| -> Vec<f64> {
        good.iter().filter_map(|run| pick(run)).collect()
    };
    let least = each(&|run| of(run, "valid", "loss").iter().map(|row| row.value).reduce(f64::min));
    let test = |metric: &'static str| each(&move |run| of(run, "test", metric).first().map(|row| row.value));
    let chance = |metric: &str| good.first().and_then(|run| of(run, "valid", metric).first()?.chance);
    let solved = each(&|run| of(run, "train", "solved").last().map(|row| row.value));
    let sequences = each(&|run| of(run, "train", "loss").last().map(|row| row.sequences as f64));
    let seconds = each(&|run| run.seconds);
    let is_chance = |loss: f64| chance("loss").is_some_and(|chance| loss > chance * (1.0 - AT_CHANCE));
    let at_chance = if stats::mean(&least).is_some_and(is_chance) { " (at chance)" } else { "" };
    let level = |value: Option<f64>| value.map(|value| significant(value, 3)).unwrap_or_default();
    let failed = members.len() - good.len();
    vec![
        estimate(&least) + at_chance,
        estimate(&test("loss")),
        level(chance("loss")),
        estimate(&test("accuracy")),
        level(chance("accuracy")),
        if solved.is_empty() {
            String::new()
        } else {
            format!("{} of {}", solved.iter().sum::<f64>(), solved.len())
        },
        stats::median(&sequences).map(|median| format!("{median:.0}")).unwrap_or_default(),
        good.first().and_then(|run| run.parameters).map(|count| count.to_string()).unwrap_or_default(),
        level(stats::mean(&seconds).map(|seconds| seconds / 60.0)),
        if failed > 0 { format!("{}, {failed} failed", members.len()) } else { members.len().to_string() },
    ]
}

fn estimate(values: &[f64]) -> String {
    let interval = stats::t_interval(values);
    let cell = |mean| with_interval(mean, interval.map(|ends| ends.low), interval.map(|ends| ends.high));
    stats::mean(values).map(cell).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fake;

    fn row(id: &str, split: &str, metric: &str, value: f64) -> TrainingRow {
        fake::trained(&fake::run(id, 1), split, metric, value)
    }

    #[test]
    fn a_run_that_has_ended_keeps_its_last_loss() {
        let runs = ["a", "b"].map(|id| RunRow { kind: "training".into(), ..fake::run(id, 1) });
        let at = |id: &str, step, value| TrainingRow { step, ..row(id, "valid", "loss", value) };
        let rows =
            [at("a", 10, 1.0), at("a", 20, 0.1), at("b", 10, 1.0), at("b", 20, 1.0), at("b", 30, 0.01)];
        let groups = curves(&runs, &rows);
        let loss = groups.iter().find(|group| group.quantity == VALID_LOSS).unwrap();
        assert_eq!(
            loss.by_x(),
            BTreeMap::from([(10, vec![0.0, 0.0]), (20, vec![-1.0, 0.0]), (30, vec![-1.0, -2.0])])
        );
    }

    #[test]
    fn the_best_evaluation_counts_and_chance_is_called_so() {
        let of = |id: &str, seed, rate| RunRow {
            kind: "training".into(),
            learning_rate: Some(rate),
            ..fake::run(id, seed)
        };
        let mut runs = [of("a", 1, 0.1), of("b", 2, 0.1), of("c", 1, 0.2)];
        runs[1].status = "failed".into();
        let rows = [
            row("a", "valid", "loss", 0.3),
            row("a", "valid", "loss", 0.02),
            row("a", "valid", "loss", 0.1),
            row("a", "test", "loss", 0.03),
            row("a", "train", "loss", 0.5),
            row("a", "train", "solved", 1.0),
            row("b", "valid", "loss", 0.001),
            row("c", "valid", "loss", 0.166),
            row("c", "train", "solved", 0.0),
        ];
        let table = table(&runs, &rows).unwrap().table;
        assert_eq!(table.header[..3], ["cell", "learning rate", "best valid loss"]);
        assert_eq!(table.rows.len(), 2);
        assert!(
            table.rows[0][2].starts_with("0.0200") && !table.rows[0][2].contains("chance"),
            "{:?}",
            table.rows[0]
        );
        assert_eq!(table.rows[0][7..9], ["1 of 1", "20"]);
        assert_eq!(table.rows[0][11], "2, 1 failed");
        assert!(table.rows[1][2].ends_with("(at chance)"), "{:?}", table.rows[1]);
        assert_eq!(table.rows[1][7], "0 of 1");
    }

    #[test]
    fn seeds_are_one_curve_and_what_training_sets_is_a_panel() {
        let of = |id: &str, seed, rate| RunRow {
            kind: "training".into(),
            learning_rate: Some(rate),
            ..fake::run(id, seed)
        };
        let runs = [of("a", 1, 0.1), of("b", 2, 0.1), of("c", 1, 0.2)];
        let rows = ["a", "b", "c"].map(|id| row(id, "valid", "loss", 0.01));
        let groups = curves(&runs, &rows);
        let losses: Vec<_> = groups.iter().filter(|group| group.quantity == VALID_LOSS).collect();
        assert_eq!(losses.iter().map(|group| group.curves.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(losses[1].point.init, "orthogonal(1), learning rate 0.2");
        assert_eq!(losses[0].curves[0], [(10, Some(-2.0))].into_iter().collect());
    }

    #[test]
    fn nothing_trained_is_no_table() {
        assert_eq!(super::table(&[fake::run("a", 1)], &[]), None);
    }
}
