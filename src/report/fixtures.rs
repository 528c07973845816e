//! Made-up rows for the tests of the report.

use crate::cell::CellName;
use crate::engine::EngineName;
use crate::results::schema::{GradientRow, RunRow, SpeedRow, TrainingRow};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

use super::load::{Results, Run};

/// The results of some runs.
pub fn results(runs: impl IntoIterator<Item = Run>) -> Results {
    Results::new(runs)
}

/// The row of a run of an LSTM that went well.
pub fn row(id: &str, seed: u64) -> RunRow {
    RunRow {
        run_id: id.into(),
        status: "ok".into(),
        error: None,
        seconds: Some(1.0),
        peak_memory: None,
        kind: "gradients".into(),
        task: "noise".into(),
        cell: "lstm".into(),
        engine: "stepwise".into(),
        init: "orthogonal(1)".into(),
        layers: 1,
        input_size: 4,
        hidden_size: 8,
        seq_len: 100,
        batch_size: 2,
        dtype: "f64".into(),
        device: "cpu".into(),
        threads: 1,
        loss: Some("last".into()),
        seed,
        model: None,
        parameters: None,
        optimizer: None,
        learning_rate: None,
        clip_norm: None,
        dropout: None,
        train_fraction: None,
        cpu: None,
        fma_peak_gflops: None,
    }
}

/// A run of an LSTM that went well.
pub fn run(id: &str, seed: u64) -> Run {
    Run::from_row(row(id, seed)).unwrap()
}

/// A run that failed.
pub fn failed(mut run: Run) -> Run {
    run.row.status = "failed".into();
    run
}

/// A run of a cell.
pub fn with_cell(mut run: Run, cell: CellName) -> Run {
    run.settings.cell = Some(cell);
    run
}

/// A run that learns.
pub fn training(id: &str, seed: u64) -> Run {
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

/// One timing sample.
pub fn sample(id: &str, engine: EngineName, pass: &str, sample: usize, seconds: f64) -> SpeedRow {
    let run = row(id, 0);
    SpeedRow {
        run_id: id.into(),
        cell: run.cell,
        engine: engine.to_string(),
        pass: pass.into(),
        seq_len: run.seq_len,
        batch_size: run.batch_size,
        input_size: run.input_size,
        hidden_size: run.hidden_size,
        threads: run.threads,
        sample,
        seconds,
        layers: run.layers,
        dtype: run.dtype,
        device: run.device,
    }
}

/// One number of a run of training after 10 steps of 2 sequences.
pub fn trained(id: &str, split: &str, metric: &str, value: f64) -> TrainingRow {
    let run = row(id, 0);
    TrainingRow {
        run_id: run.run_id,
        model: "recurrent".into(),
        cell: run.cell,
        engine: run.engine,
        init: run.init,
        task: "adding 2016".into(),
        hidden_size: run.hidden_size,
        seq_len: run.seq_len,
        batch_size: run.batch_size,
        seed: run.seed,
        step: 10,
        sequences: 20,
        split: split.into(),
        metric: metric.into(),
        value,
        unit: "mse".into(),
        chance: (metric == "loss").then_some(1.0 / 6.0),
        parameters: 100,
    }
}
