//! The examples of docs/results.md that read CSV files: their means are those of summary.csv.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use lstm_lab::results::schema::SummaryRow;
use lstm_lab::results::table;
use lstm_lab::settings::Settings;
use tempfile::TempDir;

use crate::support::{lab, with_config};

/// Layers vary beside cells, and both have a column like that of another layer.
const CONFIG: &str = r#"
kind = "gradients"
seeds = [1, 2, 3]

[grid]
cell = ["rnn", "lstm"]
layers = [1, 2]
hidden_size = 4
input_size = 2
seq_len = 12
batch_size = 2
"#;

/// The settings and columns that tell two curves apart.
const KEYS: [&str; 5] = ["cell", "layers", "quantity", "layer", "lag"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code blocks of docs/results.md in a language.
fn examples(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/results.md")).unwrap();
    let mut blocks = page.split("\n```").map(str::to_string);
    let start = format!("{language}\n");
    blocks.by_ref().filter_map(|block| Some(block.strip_prefix(&start)?.to_string())).collect()
}

/// A directory with the results of the config as `results/quickstart`.
fn results() -> TempDir {
    let dir = with_config("quickstart.toml", CONFIG);
    let said = lab(dir.path(), &["run", "quickstart.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    dir
}

/// Runs an example and returns its means by the values of `KEYS`.
fn means(dir: &Path, mut program: Command, example: &str) -> HashMap<[String; 5], f64> {
    let output = program.arg(example).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut table = csv::Reader::from_reader(output.stdout.as_slice());
    let header = table.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).expect("a column");
    // A norm that is always 0 has no logarithm and no mean.
    let rows = table.records().map(Result::unwrap).filter_map(|row| {
        let key = KEYS.map(|name| row[place(name)].to_string());
        Some((key, row[place("log10_norm")].parse().ok()?))
    });
    rows.collect()
}

/// Compares the means of an example with the estimates of summary.csv.
fn assert_means_are_those_of_the_summary(dir: &Path, found: &HashMap<[String; 5], f64>) {
    let rows: Vec<(Settings, SummaryRow)> = table::read(&dir.join("results/quickstart/summary.csv")).unwrap();
    let mut compared = 0;
    let has_norm = |row: &SummaryRow| row.metric == "log10_norm" && row.estimate.is_some();
    for (settings, row) in rows.iter().filter(|(_, row)| has_norm(row)) {
        let key = KEYS.map(|name| match name {
            "quantity" => row.quantity.clone(),
            "layer" => row.layer.unwrap().to_string(),
            "lag" => row.lag.unwrap().to_string(),
            setting => settings.value(setting).unwrap(),
        });
        let (mean, expected) = (found[&key], row.estimate.unwrap());
        assert!((mean - expected).abs() < 1e-12, "{key:?}: {mean}, expected {expected}");
        compared += 1;
    }
    assert!(compared > 20, "{compared} means were compared");
}

/// pandas and polars, in `target/dataframes` of scripts/test.
mod needs_dataframes {
    use super::*;

    #[test]
    #[ignore = "needs pandas and polars"]
    fn python_examples_give_the_means_of_the_summary() {
        let dir = results();
        let examples = examples("python");
        assert_eq!(examples.len(), 2, "one with pandas, one with polars");
        for example in examples {
            let mut python = Command::new("python3");
            python.env("PYTHONPATH", root().join("target/dataframes")).arg("-c");
            assert_means_are_those_of_the_summary(dir.path(), &means(dir.path(), python, &example));
        }
    }
}

/// R, if it is installed.
mod needs_r {
    use super::*;

    #[test]
    #[ignore = "needs Rscript"]
    fn r_example_gives_the_means_of_the_summary() {
        let dir = results();
        let examples = examples("r");
        assert_eq!(examples.len(), 1);
        let mut r = Command::new("Rscript");
        r.arg("-e");
        assert_means_are_those_of_the_summary(dir.path(), &means(dir.path(), r, &examples[0]));
    }
}
