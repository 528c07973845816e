//! Tables of results.

use std::fs;

use super::Target;
use crate::results::schema::{FitRow, GateRow, GradientRow, JacobianRow, Row, RunRow, SpeedRow, TrainingRow};
use crate::results::table::{columns, read};

/// The readers of tables, each of which reads every input.
pub fn table() -> Target {
    let inputs = vec![
        ones::<SpeedRow>(),
        ones::<RunRow>(),
        ones::<GradientRow>(),
        ones::<FitRow>(),
        ones::<JacobianRow>(),
        ones::<GateRow>(),
        ones::<TrainingRow>(),
    ];
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    Target::new(inputs, move |bytes| {
        let path = dir.path().join("x.csv");
        fs::write(&path, bytes).expect("a file for the table");
        let _ = (read::<SpeedRow>(&path), read::<RunRow>(&path), read::<GradientRow>(&path));
        let _ = (read::<FitRow>(&path), read::<JacobianRow>(&path), read::<GateRow>(&path));
        let _ = read::<TrainingRow>(&path);
    })
}

/// A table of ones.
fn ones<R: Row>() -> Vec<u8> {
    let header = columns::<R>();
    format!("{}\n{}\n", header.join(","), vec!["1"; header.len()].join(",")).into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn fuzz_table_is_read_or_refused() {
        crate::fuzz::changes::fuzz("table", super::table());
    }
}
