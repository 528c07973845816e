//! The numbers that claims and published results are judged by: one a seed, of the runs that have given settings.

use std::collections::BTreeMap;

use super::group::slope;
use super::load::Experiment;
use super::point::Point;
use crate::config::spec::Selector;
use crate::config::spec::{ClaimMetric as Metric, Reading};
use crate::results::schema::{RunRow, TrainingRow};

/// What some runs say.
#[derive(Debug, Default, PartialEq)]
pub struct Evidence {
    /// One number a seed, of the runs that have one: those that went well, and for `solved` those that diverged.
    pub values: BTreeMap<u64, f64>,
    /// How many runs have the settings.
    pub runs: usize,
    /// How many of them failed.
    pub failed: usize,
    /// The numbers' unit.
    pub unit: String,
    /// What chance reaches.
    pub chance: Option<f64>,
    /// The least and the largest number of training sequences that a run has seen.
    pub sequences: Option<(usize, usize)>,
    /// Settings of the first of the runs.
    pub point: Point,
}

/// Reads one number of every run with the settings.
pub fn evidence(experiment: &Experiment, of: &Selector, reading: &Reading) -> Evidence {
    let kind = reading.metric.kind().as_str();
    let fits = |run: &&RunRow| run.kind == kind && of.fits_text(|name| run.setting(name));
    let runs: Vec<&RunRow> = experiment.runs.iter().filter(fits).collect();
    let mut found = Evidence {
        runs: runs.len(),
        failed: runs.iter().filter(|run| run.status != "ok").count(),
        unit: unit(reading.metric).to_string(),
        point: runs.first().map(|run| Point::from(*run)).unwrap_or_default(),
        ..Evidence::default()
    };
    for run in runs {
        let value = match reading.metric {
            // A run that diverged says so too.
            Metric::Solved => found.of_training(&experiment.training, run, reading.metric),
            _ if run.status != "ok" => None,
            Metric::Slope | Metric::Log10Norm => of_gradient(experiment, run, reading),
            Metric::Seconds => run.seconds,
            _ => found.of_training(&experiment.training, run, reading.metric),
        };
        found.values.extend(value.map(|value| (run.seed, value)));
    }
    found
}

/// Of what has no unit in `training.csv`.
fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Slope => "log10 per step",
        Metric::Log10Norm => "log10",
        Metric::Sequences => "sequences",
        Metric::Seconds => "s",
        _ => "",
    }
}

fn of_gradient(experiment: &Experiment, run: &RunRow, reading: &Reading) -> Option<f64> {
    let point = Point::from(run);
    let is_it = |group: &&super::group::CurveGroup| {
        let quantity = reading.quantity.is_some_and(|quantity| quantity.as_str() == group.quantity);
        group.point == point && quantity && group.layer == 0
    };
    let group = experiment.gradients.iter().find(is_it)?;
    let curve = &group.curves[group.seeds.iter().position(|seed| *seed == run.seed)?];
    match reading.lag {
        Some(lag) => *curve.get(&lag)?,
        None => slope(curve),
    }
}

impl Evidence {
    /// A number of a run of training; its unit and chance level are noted, and how many sequences it has seen.
    fn of_training(&mut self, rows: &[TrainingRow], run: &RunRow, metric: Metric) -> Option<f64> {
        let last = |split: &str, metric: &str| {
            let is_it =
                |row: &&TrainingRow| row.run_id == run.run_id && row.split == split && row.metric == metric;
            rows.iter().rfind(is_it)
        };
        if let Some(seen) = last("train", "loss").map(|row| row.sequences) {
            let (least, most) = self.sequences.unwrap_or((seen, seen));
            self.sequences = Some((least.min(seen), most.max(seen)));
        }
        let solved = || last("train", "solved");
        let row = match metric {
            Metric::Solved => solved()?,
            Metric::Sequences => {
                return solved().filter(|row| row.value > 0.0).map(|row| row.sequences as f64);
            }
            _ => last("test", metric.as_str())?,
        };
        self.unit = row.unit.clone();
        self.chance = row.chance;
        Some(row.value)
    }
}
