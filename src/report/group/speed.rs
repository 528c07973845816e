//! Timings by pass and grid point, of all engines.

use std::collections::BTreeMap;

use crate::engine::EngineName;
use crate::report::group_by::group_by;
use crate::report::load::Results;
use crate::results::schema::SpeedRow;
use crate::settings::{Engines, Settings};

/// The engine that the others are compared with.
pub const REFERENCE: EngineName = EngineName::Builtin;

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
}

/// The samples of one engine.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineSamples {
    /// The engine or framework.
    pub engine: Engines,
    /// Its samples.
    pub samples: Samples,
    /// The peak of the processor's vectors, GFLOP/s in f32, if it was measured. `None` for an engine that
    /// multiplies on AMX tiles, whose peak is another.
    pub peak: Option<f64>,
}

/// Seconds by run and number of the sample. Samples of one key were taken next to each other in time.
pub type Samples = BTreeMap<((usize, usize), usize), f64>;

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
    let mut rows: Vec<((usize, usize), SpeedRow)> = rows
        .into_iter()
        .filter(|row| row.seconds.is_finite() && row.seconds > 0.0)
        .filter_map(|row| Some((*places.get(row.run_id.as_str())?, row)))
        .collect();
    rows.sort_by_key(|(run, _)| *run);
    let mut groups = Vec::new();
    for ((point, pass), rows) in group_by(rows, |((point, _), row)| (&points[*point], row.pass.clone())) {
        let mut engines = Vec::new();
        for (name, rows) in group_by(rows, |(_, row)| row.engine.clone()) {
            let peak = peak(results, &rows);
            let samples = rows.into_iter().map(|(run, row)| ((run, row.sample), row.seconds)).collect();
            engines.push(EngineSamples { engine: name.parse()?, samples, peak });
        }
        groups.push(SpeedGroup { point: point.clone(), pass, engines });
    }
    Ok(groups)
}

/// The largest peak that was measured in the runs of an engine's rows; `None` if they are of AMX tiles.
fn peak(results: &Results, rows: &[((usize, usize), SpeedRow)]) -> Option<f64> {
    let on_vectors = rows.iter().all(|(_, row)| row.isa.as_deref() != Some(TILES));
    let runs = rows.iter().map(|((point, run), _)| &results.points[*point].runs[*run].row);
    runs.filter_map(|row| row.fma_peak_gflops).reduce(f64::max).filter(|_| on_vectors)
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
        assert_eq!(groups[0].samples(builtin), Some(&Samples::from([(((0, 0), 0), 1.0)])));
        assert_eq!(groups[0].samples(fused), Some(&Samples::from([(((0, 0), 0), 2.0)])));
        assert_eq!(groups[0].samples(EngineName::Simd), None);
    }
}
