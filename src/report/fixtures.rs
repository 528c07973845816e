//! Made-up rows for the tests of the report.

use std::path::Path;

use super::estimate::Estimate;
use super::judge::{JudgedTest, TestVerdict};
use super::load::Results;
use crate::cell::CellName;
use crate::config::spec::{Bound, ClaimMetric, Reading, Selector, Test};
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::results::schema::{GradientRow, Row, RunRow, SampleRow, SpeedRow, TrainingRow};
use crate::results::{RunRecord, table};
use crate::settings::names::{ExperimentKind, LossName};
use crate::settings::{Engines, Settings};

/// The results of some runs.
pub fn results(runs: impl IntoIterator<Item = RunRecord>) -> Results {
    Results::new(runs)
}

/// A run of an LSTM that went well.
pub fn run(id: &str, seed: u64) -> RunRecord {
    let settings = Settings {
        task: "noise".into(),
        cell: Some(CellName::Lstm),
        engine: Engines::one(EngineName::Stepwise),
        init: Some("orthogonal(1)".parse().unwrap()),
        layers: 1,
        input_size: 4,
        hidden_size: 8,
        seq_len: 100,
        batch_size: 2,
        dtype: Dtype::F64,
        device: "cpu".into(),
        threads: 1,
        loss: Some(LossName::Last),
        seed,
        ..Settings::blank(ExperimentKind::Gradients)
    };
    let row = RunRow { run_id: id.into(), status: "ok".into(), seconds: Some(1.0), ..RunRow::default() };
    RunRecord { settings, row }
}

/// Writes the runs.csv of a directory.
pub fn save_runs(dir: &Path, runs: &[RunRecord]) {
    table::write(&dir.join(RunRow::FILE), runs.iter().map(|run| (&run.settings, [Ok(run.row.clone())])))
        .unwrap();
}

/// A run that failed.
pub fn failed(mut run: RunRecord) -> RunRecord {
    run.row.status = "failed".into();
    run
}

/// A run of a cell.
pub fn with_cell(mut run: RunRecord, cell: CellName) -> RunRecord {
    run.settings.cell = Some(cell);
    run
}

/// A run that learns.
pub fn training(id: &str, seed: u64) -> RunRecord {
    let mut run = run(id, seed);
    run.settings = Settings { kind: ExperimentKind::Training, loss: None, ..run.settings };
    run
}

/// The rows of one quantity of layer 0: (lag, log10 norm).
pub fn curve(id: &str, quantity: &str, norms: &[(usize, Option<f64>)]) -> Vec<GradientRow> {
    let row = |&(lag, log10_norm): &(usize, Option<f64>)| GradientRow {
        run_id: id.into(),
        quantity: quantity.into(),
        lag,
        log10_norm,
        zero: log10_norm.is_none(),
        ..GradientRow::default()
    };
    norms.iter().map(row).collect()
}

/// `steps` norms on a straight line: `log10 norm = start + slope · lag`.
pub fn line(id: &str, quantity: &str, steps: usize, start: f64, slope: f64) -> Vec<GradientRow> {
    let norms: Vec<_> = (0..steps).map(|lag| (lag, Some(start + slope * lag as f64))).collect();
    curve(id, quantity, &norms)
}

/// One timing sample of the first process.
pub fn sample(id: &str, engine: EngineName, pass: &str, round: usize, seconds: f64) -> SpeedRow {
    let (run_id, engine, pass) = (id.into(), engine.to_string(), pass.into());
    SpeedRow { run_id, engine, pass, round: Some(round), seconds, ..SpeedRow::default() }
}

/// One number of a run of training after 10 steps of 2 sequences. The interval of a loss over chance is 3 %
/// wide on either side.
pub fn trained(id: &str, split: &str, metric: &str, value: f64) -> TrainingRow {
    let over_chance = |width: f64| (metric == "loss").then_some(6.0 * value * width);
    TrainingRow {
        run_id: id.into(),
        step: 10,
        sequences: 20,
        split: split.into(),
        metric: metric.into(),
        value,
        unit: "mse".into(),
        chance: (metric == "loss").then_some(1.0 / 6.0),
        length: None,
        position: None,
        over_chance_low: over_chance(0.97),
        over_chance_high: over_chance(1.03),
    }
}

/// A text that a run wrote.
pub fn written(id: &str, text: &str) -> SampleRow {
    SampleRow { run_id: id.into(), text: text.into(), ..SampleRow::default() }
}

/// A test of a slope: below 0 in every run.
pub fn test(name: &str) -> Test {
    Test {
        name: name.to_string(),
        reading: Reading { metric: ClaimMetric::Slope, quantity: None, lag: None, length: None },
        selected: Selector(vec![]),
        baseline: None,
        bound: Bound::Below(0.0),
        margin: None,
        because: None,
        answer: None,
        control: false,
    }
}

/// A test with a verdict, without an estimate.
pub fn judged(subject: &Test, verdict: TestVerdict) -> JudgedTest<'_> {
    JudgedTest {
        subject,
        point: Settings::blank(ExperimentKind::Gradients),
        estimate: Estimate::default(),
        kept: vec![],
        p_value: None,
        unit: String::new(),
        chance: None,
        sequences: None,
        verdict,
        notes: vec![],
    }
}
