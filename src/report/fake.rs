//! Made-up rows for the tests of the report.

use crate::results::schema::{GradientRow, RunRow, SpeedRow, TrainingRow};

/// A run of an LSTM that went well.
pub fn run(id: &str, seed: u64) -> RunRow {
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

/// The rows of one quantity of layer 0: (lag, log10 norm).
pub fn curve(id: &str, quantity: &str, norms: &[(usize, Option<f64>)]) -> Vec<GradientRow> {
    let run = run(id, 0);
    let row = |&(lag, log10_norm): &(usize, Option<f64>)| GradientRow {
        run_id: id.into(),
        cell: run.cell.clone(),
        engine: run.engine.clone(),
        init: run.init.clone(),
        task: run.task.clone(),
        hidden_size: run.hidden_size,
        seq_len: run.seq_len,
        batch_size: run.batch_size,
        seed: run.seed,
        quantity: quantity.into(),
        t: run.seq_len.saturating_sub(lag),
        lag,
        log10_norm,
        zero: log10_norm.is_none(),
        layer: 0,
        step: None,
    };
    norms.iter().map(row).collect()
}

/// `steps` norms on a straight line: `log10 norm = start + slope · lag`.
pub fn line(id: &str, quantity: &str, steps: usize, start: f64, slope: f64) -> Vec<GradientRow> {
    let norms: Vec<_> = (0..steps).map(|lag| (lag, Some(start + slope * lag as f64))).collect();
    curve(id, quantity, &norms)
}

/// One timing sample.
pub fn sample(id: &str, engine: &str, pass: &str, sample: usize, seconds: f64) -> SpeedRow {
    let run = run(id, 0);
    SpeedRow {
        run_id: id.into(),
        cell: run.cell,
        engine: engine.into(),
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
pub fn trained(run: &RunRow, split: &str, metric: &str, value: f64) -> TrainingRow {
    TrainingRow {
        run_id: run.run_id.clone(),
        model: "recurrent".into(),
        cell: run.cell.clone(),
        engine: run.engine.clone(),
        init: run.init.clone(),
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
