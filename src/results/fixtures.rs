//! Made-up rows for the tests of results.

use super::schema::SpeedRow;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// Settings of a run of speed.
pub fn settings(seq_len: usize) -> Settings {
    Settings {
        layers: 1,
        input_size: 2,
        hidden_size: 3,
        seq_len,
        batch_size: 5,
        threads: 1,
        seed: 7,
        ..Settings::blank(ExperimentKind::Speed)
    }
}

/// A timing sample.
pub fn sample(run_id: &str, seconds: f64) -> SpeedRow {
    let (run_id, engine, pass) = (run_id.into(), "fused".into(), "train".into());
    SpeedRow { run_id, engine, pass, round: Some(0), seconds, ..SpeedRow::default() }
}
