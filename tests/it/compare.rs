//! `lstm-lab compare` on results that the program made.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::cli::Finished;
use crate::support::{lab, with_config};

const BEFORE: &str = r#"
kind = ["gradients", "speed", "training"]
seeds = [1, 2, 3]

[task]
name = "text"
file = "corpus.txt"

[grid]
cell = "lstm"
hidden_size = 4
seq_len = 6
batch_size = 2

[speed]
samples = 6
processes = 2
[speed.grid]
engine = ["simd", "builtin"]

[training]
steps = 20
learning_rate = 0.001

[[expect]]
name = "the loss stays high"
metric = "loss"
where = { cell = "lstm" }
above = 2.5
because = "The tests need a verdict that changes."
"#;

/// A directory with the results `before` and `after`, of which the second has a larger learning rate.
fn results() -> &'static Path {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    let make = || {
        let dir = with_config("before.toml", BEFORE);
        let after = BEFORE.replace("learning_rate = 0.001", "learning_rate = 0.05");
        fs::write(dir.path().join("after.toml"), after).unwrap();
        let text = "To be, or not to be, that is the question:\n".repeat(20);
        fs::write(dir.path().join("corpus.txt"), text).unwrap();
        for config in ["before.toml", "after.toml"] {
            let said = lab(dir.path(), &["run", config, "-q", "--device", "cpu", "--threads", "1"]);
            assert_eq!(said.code, 0, "{}", said.stderr);
        }
        dir
    };
    DIR.get_or_init(make).path()
}

fn compare(arguments: &[&str]) -> Finished {
    lab(results(), &[&["compare", "results/before", "results/after"], arguments].concat())
}

#[test]
fn compare_changed_learning_rate_moves_the_loss_and_nothing_of_the_gradients() {
    let said = compare(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let text = said.stdout;
    assert!(text.starts_with("A: results/before\nB: results/after\n\n"), "{text}");
    assert!(text.lines().any(|line| line.contains(" results moved: ")), "{text}");
    assert!(text.contains("test loss  ") && text.contains("lower by "), "{text}");
    assert!(!text.contains("slope of total_h"), "{text}");
    let setting = text.lines().find(|line| line.contains("learning rate of training")).unwrap();
    assert_eq!(setting.split_whitespace().collect::<Vec<_>>()[4..], ["0.001", "0.05"]);
    assert!(!text.contains("Environments that differ"), "{text}");
    let verdict = text.lines().find(|line| line.contains("expectation: the loss stays high")).unwrap();
    assert!(verdict.ends_with("  holds  does not hold"), "{verdict}");
    assert!(!text.contains("Half-lives"), "no slope moved: {text}");
    let all = compare(&["--all"]).stdout;
    assert!(all.contains("slope of total_h") && all.contains("half-life of total_h"), "{all}");
    assert!(all.contains("Peak memory of a process: "), "{all}");
}

#[test]
fn compare_csv_has_every_result_and_agrees_with_the_summary() {
    let csv = compare(&["--format", "csv"]).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|head| head == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of = |metric: &str, quantity: &str| {
        rows.iter()
            .find(|row| &row[column("metric")] == metric && &row[column("quantity")] == quantity)
            .unwrap()
    };
    assert_eq!(&of("slope", "total_h")[column("outcome")], "equal");
    assert_eq!(&of("test_loss", "")[column("outcome")], "moved");
    assert_eq!(&of("test_loss", "")[column("worse")], "false");
    let (a, b) = (of("test_loss", "")[column("a")].to_string(), of("test_loss", "")[column("b")].to_string());
    for (side, value) in [("before", a), ("after", b)] {
        let summary = fs::read_to_string(results().join("results").join(side).join("summary.csv")).unwrap();
        let line = summary.lines().find(|line| line.starts_with("training,test_loss,")).unwrap();
        assert_eq!(line.split(',').nth(5).unwrap(), value, "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(&compare(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["results"].as_array().unwrap().len(), rows.len());
    assert_eq!(json["settings"][0]["b"], "0.05");
}

#[test]
fn compare_markdown_has_tables() {
    let text = compare(&["--format", "markdown"]).stdout;
    assert!(text.starts_with("# before and after\n\n"), "{text}");
    assert!(text.contains("\n## Settings that differ\n\n| setting "), "{text}");
}

#[test]
fn compare_regression_sets_the_exit_code() {
    let back = |limit: &str| {
        let arguments = ["compare", "results/after", "results/before", "--fail-on-regression", limit];
        lab(results(), &arguments)
    };
    let said = back("5%");
    assert_eq!(said.code, 1, "{}", said.stdout);
    assert!(said.stdout.contains("worse by more than 5 %: "), "{}", said.stdout);
    assert_eq!(back("100000000%").code, 0);
    for wrong in ["5", "-1%", "x%", "nan%"] {
        let said = lab(results(), &["compare", "a", "b", &format!("--fail-on-regression={wrong}")]);
        assert!(
            said.code == 2 && said.stderr.contains("expected a percentage such as 5%"),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn compare_wrong_directories_are_refused_with_a_reason() {
    let dir = results();
    let config = "kind = \"jacobian\"\n[task]\nname = \"noise\"\n[grid]\ncell = \"rnn\"\nhidden_size = 2\n\
                  input_size = 2\nseq_len = 4\n";
    fs::write(dir.join("other.toml"), config).unwrap();
    assert_eq!(lab(dir, &["run", "other.toml", "-q"]).code, 0);
    fs::create_dir_all(dir.join("results/unmade")).unwrap();
    fs::write(dir.join("results/unmade/runs.csv"), "").unwrap();
    let cases = [
        ("results/before", "expected two results directories, found results/before twice"),
        ("results/../results/before", "expected two results directories, found"),
        ("results", "not the results directory of an experiment"),
        ("results/unmade", "expected complete runs, found none"),
        ("results/other", "expected a result that both directories have, found none in"),
    ];
    for (other, expected) in cases {
        let said = lab(dir, &["compare", "results/before", other]);
        assert!(said.code == 2 && said.stderr.contains(expected), "{other}: {}", said.stderr);
    }
    assert_eq!(lab(dir, &["compare", "results/before"]).code, 2);
}

#[test]
fn compare_half_finished_experiment_says_so() {
    let dir = results();
    let half = dir.join("results/half");
    fs::create_dir_all(&half).unwrap();
    for entry in fs::read_dir(dir.join("results/after")).unwrap() {
        let path = entry.unwrap().path();
        // Without the checksums, so that `runs.csv` may be cut.
        if path.is_file() && !path.ends_with("tables.csv") {
            fs::copy(&path, half.join(path.file_name().unwrap())).unwrap();
        }
    }
    let runs = fs::read_to_string(half.join("runs.csv")).unwrap();
    let kept: Vec<&str> = runs.lines().filter(|line| !line.ends_with(",3")).collect();
    fs::write(half.join("runs.csv"), kept.join("\n") + "\n").unwrap();
    let said = lab(dir, &["compare", "results/before", "results/half"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("B: 2 of 7 runs of the plan have not been made."), "{}", said.stdout);
}
