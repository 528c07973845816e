//! The numbers of training: one row per grid point and metric.

use std::collections::BTreeSet;

use super::statistic::{Sample, Section, Statistic};
use crate::report::estimate::Estimate;
use crate::report::group::{TrainingRows, all, at_length, last, training_sequences};
use crate::report::judge::{tally_vs_chance, vs_chance};
use crate::report::load::{GridPoint, Results};
use crate::results::RunRecord;
use crate::results::schema::{LENGTHS, TrainingRow};
use crate::settings::names::ExperimentKind;
use crate::support::stats;

/// The statistics of every grid point that was trained. A run that diverged counts as not solved, and for
/// nothing else.
pub fn statistics(results: &Results, rows: &TrainingRows) -> Vec<Statistic> {
    results.of_kind(ExperimentKind::Training).flat_map(|point| of_point(point, rows)).collect()
}

fn of_point(point: &GridPoint, rows: &TrainingRows) -> Vec<Statistic> {
    let Some(first) = point.ok().next().or(point.runs.first()) else { return vec![] };
    let each = |pick: &dyn Fn(&RunRecord, &[TrainingRow]) -> Option<f64>| -> Vec<(u64, f64)> {
        point.ok().filter_map(|run| Some((run.settings.seed, pick(run, rows.of(run))?))).collect()
    };
    let final_value =
        |split, metric| each(&move |_, rows: &[TrainingRow]| last(rows, split, metric).map(|row| row.value));
    let least_loss = each(&|_, rows| all(rows, "valid", "loss").map(|row| row.value).reduce(f64::min));
    let test_loss = final_value("test", "loss");
    let accuracy = final_value("test", "accuracy");
    let solved: Vec<f64> =
        point.runs.iter().filter_map(|run| Some(last(rows.of(run), "train", "solved")?.value)).collect();
    let solved = (solved.iter().sum::<f64>() as usize, solved.len());
    let sequences = each(&|_, rows| Some(training_sequences(rows)? as f64));
    let seconds = each(&|run, _| run.row.seconds);

    let of_row = |row: &TrainingRow| row.chance;
    let chance = |split, metric| {
        stats::mean(&values(&each(&move |_, rows: &[TrainingRow]| {
            last(rows, split, metric).and_then(of_row)
        })))
    };
    let losses = point.ok().filter_map(|run| last(rows.of(run), "test", "loss"));
    let relation = tally_vs_chance(&losses.map(vs_chance).collect::<Vec<_>>());
    let unit = all(rows.of(first), "valid", "loss").next().map_or("", |row| row.unit.as_str());
    let statistic = |metric, (estimate, sample), unit, chance: Option<f64>| Statistic {
        against: chance.map(|level| level.to_string()),
        parameters: first.row.parameters,
        sample,
        ..Statistic::new(Section::Training, metric, &point.settings, estimate, unit)
    };
    // An interval holds no loss below 0 and no share beyond 0 and 1.
    let loss = |by_seed| within((0.0, f64::INFINITY), mean(by_seed));
    let accuracy = within((0.0, 1.0), mean(accuracy));
    let solved = (Estimate::share(solved), Sample::Solved(solved));
    let found = [
        statistic("best_valid_loss", loss(least_loss), unit, chance("valid", "loss")),
        Statistic {
            verdict: relation,
            ..statistic("test_loss", loss(test_loss), unit, chance("test", "loss"))
        },
        statistic("test_accuracy", accuracy, "share", chance("test", "accuracy")),
        statistic("solved", solved, "share", None),
        statistic("sequences", median(sequences), "sequences", None),
        statistic("seconds", median(seconds), "s", None),
    ];
    let found = found.into_iter().filter(|statistic| statistic.estimate.n > 0);
    found.chain(of_lengths(point, rows)).collect()
}

/// Loss and accuracy on sequences of each further length, with the length in place of the lag.
fn of_lengths(point: &GridPoint, rows: &TrainingRows) -> Vec<Statistic> {
    let found = point.ok().flat_map(|run| all(rows.of(run), LENGTHS, "loss"));
    let lengths: BTreeSet<usize> = found.filter_map(|row| row.length).collect();
    let metrics = [("loss_at_length", "loss"), ("accuracy_at_length", "accuracy")];
    let each = lengths.into_iter().flat_map(|length| metrics.map(|of| (length, of)));
    let statistic = |(length, (name, metric))| {
        let row = |run: &RunRecord| at_length(rows.of(run), length, metric).cloned();
        let of_runs: Vec<(u64, TrainingRow)> =
            point.ok().filter_map(|run| Some((run.settings.seed, row(run)?))).collect();
        let chance: Vec<f64> = of_runs.iter().filter_map(|(_, row)| row.chance).collect();
        let unit = of_runs.first().map_or("", |(_, row)| row.unit.as_str()).to_string();
        let largest = if metric == "accuracy" { 1.0 } else { f64::INFINITY };
        let of_seeds = mean(of_runs.iter().map(|(seed, row)| (*seed, row.value)).collect());
        let (estimate, sample) = within((0.0, largest), of_seeds);
        Statistic {
            lag: Some(length),
            against: stats::mean(&chance).map(|level| level.to_string()),
            sample,
            ..Statistic::new(Section::Training, name, &point.settings, estimate, &unit)
        }
    };
    each.map(statistic).collect()
}

fn values(by_seed: &[(u64, f64)]) -> Vec<f64> {
    by_seed.iter().map(|(_, value)| *value).collect()
}

fn mean(by_seed: Vec<(u64, f64)>) -> (Estimate, Sample) {
    (Estimate::mean(&values(&by_seed)), Sample::Seeds(by_seed))
}

/// The same with both ends of the interval between two bounds.
fn within((least, most): (f64, f64), (estimate, sample): (Estimate, Sample)) -> (Estimate, Sample) {
    (estimate.map(|value| value.clamp(least, most)), sample)
}

fn median(by_seed: Vec<(u64, f64)>) -> (Estimate, Sample) {
    (Estimate::median(&values(&by_seed)), Sample::Seeds(by_seed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{failed, results, trained, training};
    use crate::settings::names::ModelName;

    #[test]
    fn statistics_sequences_are_those_of_the_row_solved() {
        let results = results([training("a", 1)]);
        let solved = TrainingRow { step: 13, sequences: 26, ..trained("a", "train", "solved", 1.0) };
        let of = |rows: &[TrainingRow]| {
            let found = statistics(&results, &TrainingRows::new(rows.to_vec()));
            found.iter().find(|row| row.metric == "sequences").unwrap().estimate.value
        };
        let loss = trained("a", "train", "loss", 0.1);
        assert_eq!(of(&[loss.clone(), solved]), Some(26.0));
        assert_eq!(of(&[loss]), Some(20.0), "no criterion");
    }

    #[test]
    fn statistics_diverged_run_counts_as_not_solved_only() {
        let run = |id: &str, seed| {
            let mut run = training(id, seed);
            (run.settings.model, run.settings.train_fraction) = (Some(ModelName::Recurrent), Some(0.5));
            run
        };
        let results = results([run("a", 1), run("b", 2), failed(run("c", 3))]);
        let of = |id: &str, values: [f64; 4]| {
            let names = [("valid", "loss"), ("test", "loss"), ("test", "accuracy"), ("train", "solved")];
            let pairs = names.into_iter().zip(values);
            pairs.map(|((split, metric), value)| trained(id, split, metric, value)).collect()
        };
        let made: [Vec<TrainingRow>; 3] =
            [of("a", [0.1, 0.2, 0.9, 1.0]), of("b", [0.3, 0.4, 1.0, 0.0]), of("c", [9.0, 9.0, 0.0, 0.0])];
        let found = statistics(&results, &TrainingRows::new(made.concat()));
        let expected = [
            ("best_valid_loss", 0.2, 2),
            ("test_loss", 0.3, 2),
            ("test_accuracy", 0.95, 2),
            ("solved", 1.0 / 3.0, 3),
            ("sequences", 20.0, 2),
            ("seconds", 1.0, 2),
        ];
        for (Statistic { metric, estimate, .. }, (name, value, count)) in found.iter().zip(expected) {
            let is_near = (estimate.value.unwrap() - value).abs() < 1e-12;
            assert!((*metric, estimate.n) == (name, count) && is_near, "{metric} {estimate:?}");
        }
        assert_eq!(found.len(), expected.len());
        let test = &found[1];
        assert_eq!((test.unit.as_str(), test.verdict.as_deref()), ("mse", Some("worse than chance")));
        assert_eq!(test.point.train_fraction, Some(0.5));
        assert!(test.against.as_ref().unwrap().starts_with("0.1666"));
        assert_eq!(found[2].estimate.high, Some(1.0), "no accuracy is above 1");
        let solved = found[3].estimate.interval().unwrap();
        assert!(solved.low > 0.0 && solved.high < 1.0, "the exact interval");
    }
}
