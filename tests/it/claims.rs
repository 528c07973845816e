//! Claims and published results from the user's view: verdicts in the report, and errors with their place.

use std::fs;
use std::path::Path;

use lstm_lab::results::schema::SummaryRow;

use crate::support::{lab, with_config};

const CLAIM: &str = r#"
kind = "gradients"
seeds = [1, 2, 3, 4, 5, 6]

[claim]
statement = "Small networks vanish."

[[claim.test]]
name = "LSTM beside RNN"
metric = "slope"
where = { cell = "lstm" }
baseline = { cell = "rnn" }
above = 5

[[claim.test]]
name = "gone after 20 steps"
metric = "log10_norm"
lag = 20
where = { cell = "rnn" }
below = -1

[grid]
cell = ["rnn", "lstm"]
hidden_size = 4
input_size = 2
seq_len = 30
batch_size = 2
"#;

const EXPECTATIONS: &str = r#"
kind = ["gradients", "jacobian"]
seeds = [1, 2, 3]

[[expect]]
name = "the RNN vanishes"
metric = "slope"
where = { kind = "gradients", cell = "rnn" }
below = 0
because = "*Bengio* et al. (1994)."

[[expect]]
name = "the RNN grows"
metric = "largest_exponent"
where = { kind = "jacobian", cell = "rnn" }
above = 0
because = "No theory."

[grid]
cell = ["rnn", "lstm"]
hidden_size = 4
input_size = 2
seq_len = 30

[gradients.grid]
batch_size = 2
"#;

const TRAINING: &str = r#"
kind = "training"
seeds = [1, 2]

[task]
name = "adding"

[grid]
cell = ["rnn", "lstm"]
hidden_size = 4
seq_len = 30
batch_size = 2

[training]
steps = 3
eval_sequences = 4
"#;

const TARGETS: &str = r#"
[[small]]
source = "A paper, table 1"
budget = "Three steps."
deviations = ["Fewer units."]

[[small.result]]
where = { cell = "lstm" }
metric = "loss"
value = 0.001
within_factor = 2

[[small.result]]
where = { cell = "gru" }
metric = "loss"
value = 0.001
at_most = 0.002

[[other]]
source = "Of another experiment"
not_comparable = "It is another."
"#;

/// Returns a report without its section on the environment, which contains the time.
fn findings_of(report: &str) -> String {
    report.split_once("## Environment").expect("a section on the environment").0.to_string()
}

fn findings(dir: &Path) -> String {
    findings_of(&fs::read_to_string(dir.join("report.md")).unwrap())
}

fn summary(dir: &Path) -> Vec<SummaryRow> {
    csv::Reader::from_path(dir.join("summary.csv")).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_claim_gets_its_verdict_in_report_and_summary() {
    let dir = with_config("small.toml", CLAIM);
    let said = lab(dir.path(), &["run", "small.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = dir.path().join("results/small");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    assert!(
        report.contains(
            "Small networks vanish. **Supported in part**: supported in 1 of 2 tests: “gone after \
             20 steps”; contradicted: “LSTM beside RNN”."
        ),
        "{report}"
    );
    let rows: Vec<SummaryRow> = summary(&results).into_iter().filter(|row| row.section == "claim").collect();
    let found: Vec<_> = rows.iter().map(|row| (row.metric.as_str(), row.n, row.verdict.as_deref())).collect();
    assert_eq!(found, [("slope", 6, Some("contradicted")), ("log10_norm", 6, Some("supported"))]);
    assert!(rows.iter().all(|row| row.estimate.is_some() && row.ci_low < row.estimate), "{rows:?}");
    assert_eq!(rows[0].against.as_deref(), Some("minus that of cell rnn: above 5"));

    // The report from the results alone, and the report from the saved config, are the same.
    fs::remove_file(results.join("report.md")).unwrap();
    assert_eq!(lab(dir.path(), &["report", "results/small"]).code, 0);
    assert_eq!(findings(&results), findings_of(&report));
    let again = lab(dir.path(), &["run", "results/small/config.toml"]);
    assert!(again.stderr.contains("0 done, 12 already complete, 0 failed"), "{}", again.stderr);
    assert_eq!(findings(&results), findings_of(&report));
}

#[test]
fn run_expectations_are_judged_in_report_summary_and_on_the_terminal() {
    let dir = with_config("small.toml", EXPECTATIONS);
    let said = lab(dir.path(), &["run", "small.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let line = "1 of 2 expectations holds; does not hold: the RNN grows";
    assert!(said.stderr.lines().any(|said| said == line), "{}", said.stderr);
    let results = dir.path().join("results/small");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for part in [
        &format!("## Expectations\n\n{line}.\n\n| expectation "),
        "- *the RNN vanishes*: *Bengio* et al. (1994).\n",
        "largest Lyapunov exponent in the rnn: above 0",
    ] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
    let rows = summary(&results).into_iter().filter(|row| row.section == "expectation");
    let found: Vec<_> = rows.map(|row| (row.quantity, row.n, row.verdict)).collect();
    let row = |name: &str, verdict: &str| (name.to_string(), 3, Some(verdict.to_string()));
    assert_eq!(found, [row("the RNN vanishes", "holds"), row("the RNN grows", "does not hold")]);
}

#[test]
fn too_few_seeds_leave_a_claim_undecided() {
    let dir = with_config("small.toml", &CLAIM.replace("[1, 2, 3, 4, 5, 6]", "[1, 2]"));
    let foreseen = lab(dir.path(), &["check", "small.toml"]).stdout;
    let note = "note: the claim will be undecided: expected at least 6 seeds, found 2";
    assert!(foreseen.contains(note), "{foreseen}");
    let said = lab(dir.path(), &["run", "small.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let report = fs::read_to_string(dir.path().join("results/small/report.md")).unwrap();
    assert!(report.contains("**Undecided**: supported in 0 of 2 tests; undecided: "), "{report}");
    assert!(report.contains("undecided (2 of at least 6 seeds)"), "{report}");
}

#[test]
fn published_results_go_along_with_the_results() {
    let dir = with_config("small.toml", TRAINING);
    fs::write(dir.path().join("published.toml"), TARGETS).unwrap();
    let said = lab(dir.path(), &["run", "small.toml", "-q"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let results = dir.path().join("results/small");
    let copy = fs::read_to_string(results.join("published.toml")).unwrap();
    assert!(copy.contains("A paper, table 1") && !copy.contains("Of another experiment"), "{copy}");
    let report = fs::read_to_string(results.join("report.md")).unwrap();
    for part in
        ["## Published results\n\nA paper, table 1", "- Fewer units.", "within a factor of 2", "not run"]
    {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
    assert_eq!(lab(dir.path(), &["run", "results/small/config.toml", "-q"]).code, 0);
    assert_eq!(fs::read_to_string(results.join("published.toml")).unwrap(), copy);
    assert_eq!(findings(&results), findings_of(&report));

    // Without a file of published results, the report has no section about them.
    fs::remove_file(dir.path().join("published.toml")).unwrap();
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q"]).code, 0);
    assert!(!results.join("published.toml").exists());
    assert!(!fs::read_to_string(results.join("report.md")).unwrap().contains("Published"));
}

#[test]
fn the_file_of_published_results_is_passed_over_among_configs() {
    let dir = with_config("small.toml", TRAINING);
    fs::write(dir.path().join("published.toml"), TARGETS).unwrap();
    let said = lab(dir.path(), &["check", "small.toml", "published.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("published: A paper, table 1 (2 numbers)"), "{}", said.stdout);
    assert_eq!(lab(dir.path(), &["check", "published.toml"]).code, 2);
}
