//! The numbers that tests and published results are judged by: one per run that a selector selects.

use super::vs_chance::{VsChance, vs_chance};
use crate::config::spec::{ClaimMetric, Reading, Selector};
use crate::report::group::{CurveGroup, Groups, LYAPUNOV, at_length, last, training_sequences};
use crate::report::load::Results;
use crate::results::RunRecord;
use crate::results::schema::TrainingRow;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;
use crate::support::exact::Hits;
use crate::support::stats;

/// One run as a judge sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// The seed.
    pub seed: u64,
    /// True for a run that failed.
    pub failed: bool,
    /// The number; none for a run without it. A run that diverged has one for `solved` only.
    pub value: Option<f64>,
    /// For `abs_log10_kept`: the same with its sign, which says whether the norm fell or grew.
    pub kept: Option<f64>,
    /// The unit, if the file has one.
    pub unit: Option<String>,
    /// The value that the best constant output reaches on the same sequences.
    pub chance: Option<f64>,
    /// The relation of the run's test loss to chance, if it is no better.
    pub vs_chance: Option<VsChance>,
    /// The number of training sequences.
    pub sequences: Option<usize>,
}

/// The selected runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    /// The metric.
    pub metric: ClaimMetric,
    /// The runs.
    pub runs: Vec<Observation>,
    /// The settings of the first of them.
    pub point: Settings,
    /// True if they differ in more than the seed.
    pub is_mixed: bool,
}

/// Observes one number of every run that `selector` selects.
pub fn observe(results: &Results, groups: &Groups, selector: &Selector, reading: &Reading) -> Observations {
    let metric = reading.metric;
    let is_selected = |run: &&RunRecord| run.settings.kind == metric.kind() && selector.fits(&run.settings);
    let runs: Vec<&RunRecord> = results.runs().filter(is_selected).collect();
    let blank = Settings::blank(ExperimentKind::Gradients);
    Observations {
        metric,
        is_mixed: runs.iter().any(|run| run.point() != runs[0].point()),
        point: runs.first().map_or(blank, |run| run.point()),
        runs: runs.into_iter().map(|run| observation(groups, run, reading)).collect(),
    }
}

fn observation(groups: &Groups, run: &RunRecord, reading: &Reading) -> Observation {
    let failed = !run.is_ok();
    let found = Observation { seed: run.settings.seed, failed, ..Observation::default() };
    match reading.metric {
        // A run that diverged has not solved its task.
        ClaimMetric::Solved => of_training(found, groups.training.of(run), reading),
        _ if failed => found,
        metric if metric.kind() == ExperimentKind::Gradients => {
            let value = of_gradient(groups, run, reading);
            match metric {
                ClaimMetric::AbsLog10Kept => Observation { value: value.map(f64::abs), kept: value, ..found },
                _ => Observation { value, ..found },
            }
        }
        ClaimMetric::LargestExponent => {
            let exponents = place_of(&groups.jacobian, run, LYAPUNOV);
            let largest = exponents.and_then(|(group, n)| *group.curves[n].get(&1)?);
            Observation { value: largest, ..found }
        }
        ClaimMetric::Seconds => Observation { value: run.row.seconds, ..found },
        _ => of_training(found, groups.training.of(run), reading),
    }
}

fn of_gradient(groups: &Groups, run: &RunRecord, reading: &Reading) -> Option<f64> {
    let (group, n) = place_of(&groups.gradients, run, reading.quantity?.as_str())?;
    let kept = || group.kept(n, reading.lag?);
    match reading.metric {
        ClaimMetric::Log10Norm => group.value(n, reading.lag?),
        ClaimMetric::Log10Kept | ClaimMetric::AbsLog10Kept => kept(),
        _ => group.fits[n].map(|decay| decay.line.slope),
    }
}

/// The place of a run's curve in the layer nearest the input: the group, and the number in it.
fn place_of<'a>(
    groups: &'a [CurveGroup],
    run: &RunRecord,
    quantity: &str,
) -> Option<(&'a CurveGroup, usize)> {
    let point = run.point();
    let fits = |group: &&CurveGroup| group.quantity == quantity && group.layer == 0 && group.point == point;
    let group = groups.iter().find(fits)?;
    Some((group, group.seeds.iter().position(|seed| *seed == run.settings.seed)?))
}

fn of_training(found: Observation, rows: &[TrainingRow], reading: &Reading) -> Observation {
    let metric = reading.metric;
    let sequences = training_sequences(rows);
    let vs_chance = last(rows, "test", "loss").and_then(vs_chance);
    let found = Observation { sequences, vs_chance, ..found };
    let solved = last(rows, "train", "solved");
    let row = match metric {
        ClaimMetric::Solved => solved,
        ClaimMetric::Sequences => {
            let value = solved.filter(|row| row.value > 0.0).map(|row| row.sequences as f64);
            return Observation { value, ..found };
        }
        _ => match reading.length {
            Some(length) => at_length(rows, length, metric.as_str()),
            None => last(rows, "test", metric.as_str()),
        },
    };
    let Some(row) = row else { return found };
    Observation { value: Some(row.value), unit: Some(row.unit.clone()), chance: row.chance, ..found }
}

impl Observations {
    /// The runs that have the number, by seed.
    pub fn values(&self) -> Vec<(u64, f64)> {
        self.runs.iter().filter_map(|run| Some((run.seed, run.value?))).collect()
    }

    /// The number of runs that failed.
    pub fn failed(&self) -> usize {
        self.runs.iter().filter(|run| run.failed).count()
    }

    /// The number of runs that solved their task, and the number of runs that can tell.
    pub fn hits(&self) -> Hits {
        let values = self.values();
        (values.iter().filter(|(_, solved)| *solved > 0.5).count(), values.len())
    }

    /// The unit of the number.
    pub fn unit(&self) -> String {
        let of_metric = match self.metric {
            ClaimMetric::Slope | ClaimMetric::LargestExponent => "log10 per step",
            metric if metric.is_at_one_lag() => "log10",
            ClaimMetric::Sequences => "sequences",
            ClaimMetric::Seconds => "s",
            _ => "",
        };
        self.runs.iter().find_map(|run| run.unit.clone()).unwrap_or_else(|| of_metric.to_string())
    }

    /// The mean level of chance.
    pub fn chance(&self) -> Option<f64> {
        let levels: Vec<f64> = self.runs.iter().filter_map(|run| run.chance).collect();
        stats::mean(&levels)
    }

    /// The least and the largest number of training sequences.
    pub fn sequences(&self) -> Option<(usize, usize)> {
        let seen = || self.runs.iter().filter_map(|run| run.sequences);
        seen().min().zip(seen().max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::config::read_tests;
    use crate::report::fixtures::{failed, line, results, run, trained, training, with_cell};
    use crate::report::group::{Curves, TrainingRows};

    /// The observations of a test with these keys.
    fn observed(runs: Vec<RunRecord>, training: Vec<TrainingRow>, keys: &str) -> Observations {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = format!(
            "kind = \"gradients\"\n[claim]\nstatement = \"x\"\n[[claim.test]]\nname = \"x\"\nabove = 0\n\
             where = {{ cell = \"lstm\" }}\n{keys}"
        );
        std::fs::write(&path, text).unwrap();
        let test = read_tests(&path).unwrap().claim.unwrap().tests.remove(0);
        let results = results(runs);
        let rows: Vec<_> = results
            .runs()
            .flat_map(|run| line(&run.row.run_id, "total_h", 21, -0.5, -0.1 * run.settings.seed as f64))
            .collect();
        let groups = Groups {
            gradients: Curves::of_gradients(&results, rows).fitted().groups(),
            training: TrainingRows::new(training),
            ..Groups::default()
        };
        observe(&results, &groups, &test.selected, &test.reading)
    }

    #[test]
    fn observe_gradients_of_selected_runs_have_slope_or_norm() {
        let runs = vec![run("a", 1), failed(run("b", 2)), run("c", 3), with_cell(run("d", 4), CellName::Rnn)];
        let near = |found: &Observations, expected: [Option<f64>; 3]| {
            assert_eq!(found.runs.len(), 3);
            for (run, expected) in found.runs.iter().zip(expected) {
                assert_eq!((run.value.is_some(), run.failed), (expected.is_some(), expected.is_none()));
                let difference = run.value.zip(expected).map_or(0.0, |(value, expected)| value - expected);
                assert!(difference.abs() < 1e-9, "{run:?}");
            }
        };
        let slopes = observed(runs.clone(), vec![], "metric = \"slope\"");
        near(&slopes, [Some(-0.1), None, Some(-0.3)]);
        assert_eq!((slopes.unit().as_str(), slopes.failed()), ("log10 per step", 1));
        for (metric, sign) in [("log10_kept", 1.0), ("abs_log10_kept", -1.0)] {
            let kept = observed(runs.clone(), vec![], &format!("metric = \"{metric}\"\nlag = 10"));
            near(&kept, [Some(-sign), None, Some(-3.0 * sign)]);
            assert_eq!(kept.unit(), "log10");
        }
        near(&observed(runs, vec![], "metric = \"log10_norm\"\nlag = 10"), [Some(-1.5), None, Some(-3.5)]);
    }

    #[test]
    fn observe_diverged_run_has_not_solved_and_unstarted_run_has_no_value() {
        let runs = vec![training("a", 1), failed(training("b", 2)), failed(training("c", 3))];
        let rows = vec![
            trained("a", "train", "loss", 0.5),
            trained("a", "train", "solved", 1.0),
            trained("a", "test", "loss", 0.1),
            trained("b", "train", "solved", 0.0),
            trained("b", "test", "loss", 9.0),
        ];
        let solved = observed(runs.clone(), rows.clone(), "metric = \"solved\"");
        assert_eq!((solved.hits(), solved.failed()), ((1, 2), 2));
        let loss = observed(runs.clone(), rows.clone(), "metric = \"loss\"");
        assert_eq!(loss.values(), [(1, 0.1)]);
        assert_eq!((loss.unit().as_str(), loss.chance()), ("mse", Some(1.0 / 6.0)));
        assert_eq!(loss.sequences(), Some((20, 20)));
        let seconds = observed(runs, rows, "metric = \"seconds\"");
        assert_eq!(seconds.values(), [(1, 1.0)]);
    }
}
