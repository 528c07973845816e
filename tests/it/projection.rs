//! The LSTM with a projection, measured and trained by the program.

use std::collections::BTreeSet;
use std::path::Path;

use lstm_lab::results::schema::{GateRow, GradientRow, JacobianRow, Row, RunRow, TrainingRow, WeightRow};
use lstm_lab::results::table;
use lstm_lab::settings::Settings;

use crate::support::{lab, with_config};

/// Two layers with 6 units and a projection of size 4.
const GRID: &str = "[grid]\ncell = \"lstm_projected\"\nhidden_size = 6\nproj_size = 4\nlayers = 2\n\
                    seq_len = 12\n";

fn rows<R: Row>(dir: &Path) -> Vec<(Settings, R)> {
    table::read(&dir.join("results/projected").join(R::FILE)).unwrap()
}

fn run(config: &str) -> tempfile::TempDir {
    let dir = with_config("projected.toml", config);
    let ran = lab(dir.path(), &["run", "projected.toml", "--quiet", "--threads", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    dir
}

#[test]
fn every_kind_measures_a_projection() {
    let dir = run(&format!(
        "kind = [\"gradients\", \"jacobian\", \"speed\"]\n{GRID}input_size = 3\n[gradients]\n\
         path_split = true\ngates = true\nweights = true\n[gradients.grid]\nbatch_size = 2\n[speed]\n\
         samples = 5\nprocesses = 1\nwarmup = 1\n[speed.grid]\nbatch_size = 2\n"
    ));
    let runs = rows::<RunRow>(dir.path());
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|(settings, _)| settings.proj_size == Some(4)));
    let engines: Vec<String> = runs.iter().map(|(settings, _)| settings.engine.to_string()).collect();
    assert_eq!(engines, ["recompute", "recompute", "stepwise fused builtin"]);

    let gradients = rows::<GradientRow>(dir.path());
    let found: BTreeSet<&str> = gradients.iter().map(|(_, row)| row.quantity.as_str()).collect();
    let quantities = ["cell_path", "direct_h", "gate_path", "input_x", "later_h", "total_c", "total_h"];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), quantities);
    // The state of a layer has 4 components of h and 6 of c.
    let jacobian = rows::<JacobianRow>(dir.path());
    let at_the_end = jacobian.iter().filter(|(_, row)| row.quantity == "lyapunov" && row.lag == 11);
    assert_eq!(at_the_end.count(), 20);
    let gates = rows::<GateRow>(dir.path());
    let of_matrices: BTreeSet<&str> = gates.iter().map(|(_, row)| row.statistic.as_str()).collect();
    assert!(of_matrices.contains("w_h_spectral_norm"), "{of_matrices:?}");
    assert!(!of_matrices.contains("w_h_spectral_radius"), "a matrix that is not square has no eigenvalues");
    let weights = rows::<WeightRow>(dir.path());
    assert_eq!(weights.iter().filter(|(_, row)| row.parameter == "weight_hr_l1").count(), 12);
}

#[test]
fn speed_times_shapes_with_projections_and_names_them() {
    let dir = run("kind = \"speed\"\nexclude = [{ cell = \"lstm\", proj_size = 4 }, { cell = \"lstm\", \
                   proj_size = 2 }, { cell = \"lstm_projected\", proj_size = 0 }]\n[grid]\ncell = [\"lstm\", \
                   \"lstm_projected\"]\nengine = [\"fused\", \"builtin\"]\ninput_size = 3\nbatch_size = 2\n\
                   shapes = [{ seq_len = 9, hidden_size = 6, proj_size = 4 }, { seq_len = 7, \
                   hidden_size = 6, proj_size = 2 }, { seq_len = 7, hidden_size = 6 }]\n[speed]\n\
                   samples = 5\nprocesses = 1\nwarmup = 1\n");
    let runs = rows::<RunRow>(dir.path());
    let sizes = |(settings, _): &(Settings, RunRow)| {
        (settings.cell.unwrap().to_string(), settings.seq_len, settings.proj_size)
    };
    let expected = [("lstm_projected", 9, 4), ("lstm_projected", 7, 2), ("lstm", 7, 0)];
    let expected = expected.map(|(cell, steps, size)| (cell.to_string(), steps, Some(size)));
    assert_eq!(runs.iter().map(sizes).collect::<Vec<_>>(), expected);
    let report = std::fs::read_to_string(dir.path().join("results/projected/report.md")).unwrap();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_string()).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = report.lines().map(cells).filter(|cells| cells.len() > 4).collect();
    for row in [["B2 T9 I3 H6 P4", "forward", r"lstm\_projected"], ["B2 T7 I3 H6", "forward", "lstm"]] {
        assert!(rows.iter().any(|cells| cells[1..4] == row), "expected {row:?} in: {report}");
    }
}

#[test]
fn losses_of_every_engine_are_equal() {
    let dir = run(&format!(
        "kind = \"training\"\n[task]\nname = \"adding\"\n{GRID}batch_size = 8\n\
         engine = [\"stepwise\", \"fused\", \"recompute\", \"builtin\"]\ndtype = \"f64\"\n[training]\n\
         steps = 40\nlog_every = 1\nlearning_rate = 0.01\nclip_norm = 1\neval_sequences = 8\n"
    ));
    let rows = rows::<TrainingRow>(dir.path());
    let of = |engine: &str| -> Vec<f64> {
        let is_loss = |row: &TrainingRow| row.split == "train" && row.metric == "loss";
        let fits = |(settings, row): &&(Settings, TrainingRow)| {
            is_loss(row) && settings.engine.to_string() == engine
        };
        rows.iter().filter(fits).map(|(_, row)| row.value).collect()
    };
    let expected = of("builtin");
    assert_eq!(expected.len(), 40);
    for engine in ["stepwise", "fused", "recompute"] {
        let found = of(engine);
        assert_eq!(found.len(), 40, "{engine}");
        for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < 1e-8, "{engine} step {step}: {found} against {expected}");
        }
    }
}
