//! The shipped configs: every one is a plan, and says what it asks, where that comes from and what to expect.

use std::fs;
use std::path::Path;

use lstm_lab::config::{self, task::Task, task::TextSource};
use lstm_lab::data::{Inputs, Kind, dataset_of};

#[test]
fn every_shipped_config_is_sound_and_says_what_it_is_for() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut count = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let spec = config::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
        for (what, text) in [
            ("question", &spec.resolved.question),
            ("source", &spec.resolved.source),
            ("expect", &spec.resolved.expect),
            ("run_time", &spec.resolved.run_time),
        ] {
            assert!(text.as_ref().is_some_and(|text| text.len() > 10), "{}: no `{what}`", path.display());
        }
        // A text's plan needs the text, which a fresh checkout does not have.
        // The plan of a task with data needs the data, which a fresh checkout does not have.
        match &spec.task {
            Task::Text { of: TextSource::Dataset(name), .. } => {
                assert!(dataset_of(Kind::Text, name).is_ok());
            }
            Task::Text { of: TextSource::File(file), .. } => {
                panic!("{}: names a file of one machine: {}", path.display(), file.display());
            }
            Task::Images { dataset, .. } => assert!(dataset_of(Kind::Images, dataset).is_ok()),
            _ => assert!(!config::Plan::new(&spec, &Inputs::default(), "cpu", 1).unwrap().runs.is_empty()),
        }
        count += 1;
    }
    assert!(count >= 5, "found {count} configs");
}
