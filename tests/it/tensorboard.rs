//! Event files of `run --tensorboard`.

use std::fs;
use std::path::Path;

use crate::support::{lab, with_config};

const CONFIG: &str = r#"
kind = "training"
[task]
name = "adding"
[grid]
cell = "lstm"
hidden_size = 4
seq_len = 10
[training]
steps = 6
log_every = 2
evaluate_every = 3
eval_sequences = 4
schedule = "linear"
learning_rate = 0.01
"#;

/// Runs the config with event files in `events`.
fn run(dir: &Path) {
    let said = lab(dir, &["run", "small.toml", "-q", "--device", "cpu", "--tensorboard", "events"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn run_with_tensorboard_has_a_directory_for_each_run() {
    let dir = with_config("small.toml", CONFIG);
    run(dir.path());
    let runs: Vec<String> = fs::read_dir(dir.path().join("events/small"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(runs.len(), 1);
    assert!(runs[0].starts_with("lstm-") && runs[0].ends_with("-seed=1"), "{runs:?}");
    let file = dir.path().join("events/small").join(&runs[0]).join("events.out.tfevents.0.lstm-lab");
    let bytes = fs::read(file).unwrap();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(has(b"brain.Event:2") && has(b"train/learning_rate") && has(b"test/loss"));
}

#[test]
fn run_with_tensorboard_and_no_training_is_refused() {
    let dir = with_config("small.toml", "kind = \"gradients\"\n[grid]\nhidden_size = 2\nseq_len = 3\n");
    let said = lab(dir.path(), &["run", "small.toml", "--tensorboard", "events"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("expected a config of the kind `training`, found none"), "{}", said.stderr);
    assert!(!dir.path().join("results").exists() && !dir.path().join("events").exists());
}

/// PyPI's `tensorboard`, in `target/tensorboard` of scripts/test.
mod needs_tensorboard {
    use std::collections::BTreeMap;
    use std::process::Command;

    use lstm_lab::results::schema::TrainingRow;
    use lstm_lab::results::table;
    use lstm_lab::settings::Settings;

    use super::*;

    /// Prints the scalars of the only run in a directory as JSON.
    const READ: &str = "
import json, pathlib, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
[run] = pathlib.Path(sys.argv[1]).iterdir()
events = EventAccumulator(str(run), size_guidance={'scalars': 0}).Reload()
tags = events.Tags()['scalars']
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags}))
";

    #[test]
    #[ignore = "needs tensorboard"]
    fn tensorboard_reads_the_rows_of_training_csv() {
        let dir = with_config("small.toml", CONFIG);
        run(dir.path());
        let mut python = Command::new("python3");
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tensorboard");
        python.env("PYTHONPATH", packages).args(["-c", READ]).arg(dir.path().join("events/small"));
        let output = python.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: BTreeMap<String, Vec<(usize, f64)>> = serde_json::from_slice(&output.stdout).unwrap();

        let rows: Vec<(Settings, TrainingRow)> =
            table::read(&dir.path().join("results/small/training.csv")).unwrap();
        let mut expected: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        for (_, row) in rows {
            let value = f64::from(row.value as f32);
            expected.entry(format!("{}/{}", row.split, row.metric)).or_default().push((row.step, value));
        }
        assert_eq!(expected["train/max_gradient_norm"].len(), 3);
        // The rate falls from 0.01 by a sixth at each update. A row has that of its last update.
        let rate = |update: f64| f64::from((0.01 * (1.0 - update / 6.0)) as f32);
        expected.insert("train/learning_rate".into(), vec![(2, rate(1.0)), (4, rate(3.0)), (6, rate(5.0))]);
        assert_eq!(found, expected);
    }
}
