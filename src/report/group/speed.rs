//! Timings by pass and grid point, of all engines.

use std::collections::BTreeMap;

use super::disturbance::{Process, Rounds};
use crate::cell::cell;
use crate::engine::{EngineName, reference_engine};
use crate::report::group_by::group_by;
use crate::report::load::Results;
use crate::results::Limits;
use crate::results::schema::SpeedRow;
use crate::settings::{Engines, Settings};

/// The engine that the others are compared with at a grid point.
pub fn reference(point: &Settings) -> EngineName {
    point.cell.map_or(EngineName::Builtin, |name| reference_engine(cell(name)))
}

/// Returns true for a grid point of the reference itself.
pub fn is_reference(point: &Settings) -> bool {
    point.engine == Engines::one(reference(point))
}

/// The metric of the ratios to a reference.
pub fn ratio_name(reference: EngineName) -> &'static str {
    if reference == EngineName::Builtin { "ratio_to_builtin" } else { "ratio_to_fused" }
}

/// The short name of the instruction set with AMX tiles.
const TILES: &str = "amx";

/// The samples of one pass at one grid point.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedGroup {
    /// The grid point, without an engine.
    pub point: Settings,
    /// `forward` or `train`.
    pub pass: String,
    /// The engines, in the order of their first samples.
    pub engines: Vec<EngineSamples>,
    /// The second samples of the reference in each round.
    pub control: Samples,
    /// The rounds, with those that are left out of all samples.
    pub rounds: Rounds,
    /// The largest limits that were measured in the runs of all engines.
    pub limits: Limits,
}

/// The samples of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineSamples {
    /// The engine or framework.
    pub engine: Engines,
    /// Its samples.
    pub samples: Samples,
    /// The seconds of its first pass in each process.
    pub first_passes: Vec<f64>,
    /// The peak of the processor's vectors, GFLOP/s in f32, if it was measured. `None` for an engine that
    /// multiplies on AMX tiles, whose peak is another.
    pub peak: Option<f64>,
}

/// Seconds by process and round.
pub type Samples = BTreeMap<Process, BTreeMap<usize, f64>>;

impl SpeedGroup {
    /// The samples of an engine.
    pub fn samples(&self, engine: EngineName) -> Option<&Samples> {
        let engine = Engines::one(engine);
        self.engines.iter().find(|timed| timed.engine == engine).map(|timed| &timed.samples)
    }
}

/// Groups the rows of `speed.csv`, in the order of the runs. The timings of a failed run count: one
/// engine disagreed and was not timed, the others were. A time that is not above 0 is left out.
///
/// # Errors
/// An engine of another name.
pub fn speed(results: &Results, rows: impl IntoIterator<Item = SpeedRow>) -> Result<Vec<SpeedGroup>, String> {
    let places = results.places(|_| true);
    let without_engine = |settings: &Settings| Settings { engine: Engines::default(), ..settings.clone() };
    let points: Vec<Settings> = results.points.iter().map(|point| without_engine(&point.settings)).collect();
    let mut rows: Vec<PlacedRow> = rows
        .into_iter()
        .filter(|row| row.seconds.is_finite() && row.seconds > 0.0)
        .filter_map(|row| Some((*places.get(row.run_id.as_str())?, row)))
        .collect();
    rows.sort_by_key(|(run, _)| *run);
    let grouped = group_by(rows, |((point, _), row)| (&points[*point], row.pass.clone()));
    grouped.into_iter().map(|((point, pass), rows)| group(results, point, pass, rows)).collect()
}

/// A row with the place of its run.
type PlacedRow = ((usize, usize), SpeedRow);

fn group(
    results: &Results,
    point: &Settings,
    pass: String,
    rows: Vec<PlacedRow>,
) -> Result<SpeedGroup, String> {
    let limits = limits(results, &rows);
    let rounds = Rounds::of(rows.iter().map(|(run, row)| ((*run, row.process), row)));
    let (control, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, row)| row.control);
    let mut engines = Vec::new();
    for (name, rows) in group_by(rows, |(_, row)| row.engine.clone()) {
        let first_passes = rows.iter().filter(|(_, row)| row.round.is_none());
        engines.push(EngineSamples {
            engine: name.parse()?,
            samples: samples(&rows, &rounds),
            first_passes: first_passes.map(|(_, row)| row.seconds).collect(),
            peak: peak(results, &rows),
        });
    }
    Ok(SpeedGroup {
        point: point.clone(),
        pass,
        engines,
        control: samples(&control, &rounds),
        rounds,
        limits,
    })
}

/// The times of the rounds that are not left out.
fn samples(rows: &[PlacedRow], rounds: &Rounds) -> Samples {
    let mut samples = Samples::new();
    for (run, row) in rows {
        let process = (*run, row.process);
        if let Some(round) = row.round.filter(|round| !rounds.leave_out(process, *round)) {
            samples.entry(process).or_default().insert(round, row.seconds);
        }
    }
    samples
}

/// The largest peak that was measured in the runs of an engine's rows; `None` if they are of AMX tiles.
fn peak(results: &Results, rows: &[PlacedRow]) -> Option<f64> {
    let on_vectors = rows.iter().all(|(_, row)| row.isa.as_deref() != Some(TILES));
    limits(results, rows).fma_peak_gflops.filter(|_| on_vectors)
}

/// The largest limits that were measured in the runs of the rows.
fn limits(results: &Results, rows: &[PlacedRow]) -> Limits {
    let runs = rows.iter().map(|((point, run), _)| &results.points[*point].runs[*run].row);
    runs.map(Limits::of_run).fold(Limits::default(), Limits::or_larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{failed, results, run, sample};

    #[test]
    fn speed_failed_run_counts_and_impossible_times_do_not() {
        let results = results([failed(run("a", 1))]);
        let (builtin, fused) = (EngineName::Builtin, EngineName::Fused);
        let rows = [(builtin, 1.0), (fused, 2.0), (builtin, f64::NAN), (fused, 0.0)];
        let rows = rows.iter().enumerate().map(|(n, (engine, s))| sample("a", *engine, "train", n / 2, *s));
        let groups = speed(&results, rows).unwrap();
        assert_eq!(groups.len(), 1);
        let one = |seconds| Samples::from([(((0, 0), 0), BTreeMap::from([(0, seconds)]))]);
        assert_eq!(groups[0].samples(builtin), Some(&one(1.0)));
        assert_eq!(groups[0].samples(fused), Some(&one(2.0)));
        assert_eq!(groups[0].samples(EngineName::Simd), None);
    }

    #[test]
    fn speed_control_and_first_passes_are_no_samples_of_the_engine() {
        let results = results([run("a", 1)]);
        let row = |round, control, seconds| SpeedRow {
            round,
            control,
            ..sample("a", EngineName::Builtin, "train", 0, seconds)
        };
        let rows = [row(None, false, 9.0), row(Some(0), false, 1.0), row(Some(0), true, 2.0)];
        let group = speed(&results, rows).unwrap().remove(0);
        let one = |seconds| Samples::from([(((0, 0), 0), BTreeMap::from([(0, seconds)]))]);
        assert_eq!((group.engines[0].samples.clone(), group.control), (one(1.0), one(2.0)));
        assert_eq!(group.engines[0].first_passes, [9.0]);
    }

    #[test]
    fn speed_rounds_with_steal_are_left_out_unless_they_are_most() {
        let left = |stolen: [f64; 4]| {
            let results = results([run("a", 1)]);
            let rows = stolen.iter().enumerate().map(|(n, share)| SpeedRow {
                stolen_share: Some(*share),
                ..sample("a", EngineName::Builtin, "train", n, 1.0)
            });
            let group = speed(&results, rows).unwrap().remove(0);
            let rounds: Vec<usize> = group.engines[0].samples[&((0, 0), 0)].keys().copied().collect();
            (rounds, group.rounds.left_out(), group.rounds.are_disturbed())
        };
        assert_eq!(left([0.05, 0.0, 0.06, 0.0]), (vec![0, 1, 3], 1, false));
        assert_eq!(left([0.1, 0.0, 0.06, 0.0]), (vec![1, 3], 2, false));
        assert_eq!(left([0.1, 0.1, 0.06, 0.0]), (vec![0, 1, 2, 3], 0, true));
    }
}
