//! Snapshots of the program's output: plans with run ids, CSV headers, a report with its figures, help.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cli::{Finished, command, finish};
use crate::support::snapshot::{assert_snapshot, tests_dir};

/// A line of a text with enough characters and words for every shipped experiment.
const LINE: &str = "one two three four five six seven eight nine ten\n";

/// Runs the program and returns its standard output. It is the same on every processor, since every
/// processor has the instruction set `portable`.
fn stdout(dir: &Path, arguments: &[&str]) -> String {
    let mut program = command(dir);
    program.args(arguments).env("LSTM_LAB_ISA", "portable");
    let Finished { code, stdout, stderr } = finish(program);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

/// Returns the files of a directory with an extension, sorted.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Returns a config on a text dataset, changed to the file `text.txt`.
fn on_a_file(config: &str) -> String {
    let line = |line: &str| match line.strip_prefix("dataset = ") {
        Some(_) => "file = \"text.txt\"".to_string(),
        None => line.to_string(),
    };
    config.lines().map(|text| line(text) + "\n").collect()
}

/// Experiments on images need their dataset and are left out.
#[test]
fn check_shipped_experiments_plan_and_ids_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), LINE.repeat(10_000)).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    fs::copy(shipped.join("published.toml"), dir.path().join("published.toml")).unwrap();
    let mut configs = files(&shipped, "toml");
    configs.extend(files(&shipped.join("claims"), "toml"));
    for path in configs.iter().filter(|path| name(path) != "published.toml") {
        let config = fs::read_to_string(path).unwrap();
        if config.contains("name = \"images\"") {
            continue;
        }
        fs::write(dir.path().join(name(path)), on_a_file(&config)).unwrap();
        let plan = stdout(dir.path(), &["check", "--all", "--device", "cpu", "--threads", "1", name(path)]);
        let is_run =
            |line: &&str| line.len() > 16 && line[2..14].bytes().all(|byte| byte.is_ascii_hexdigit());
        let runs: String = plan.lines().filter(is_run).map(|line| format!("{line}\n")).collect();
        assert!(!runs.is_empty(), "{}: {plan}", path.display());
        assert_snapshot(&format!("plans/{}", name(&path.with_extension("txt"))), &runs);
    }
}

#[test]
fn run_every_kind_csv_headers_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(tests_dir().join("configs/every_kind.toml"), dir.path().join("every_kind.toml")).unwrap();
    fs::write(dir.path().join("text.txt"), LINE.repeat(20)).unwrap();
    stdout(dir.path(), &["run", "every_kind.toml", "-q", "--device", "cpu", "--threads", "1"]);
    let header = |path: &PathBuf| {
        let csv = fs::read_to_string(path).unwrap();
        format!("{}\n  {}\n", name(path), csv.lines().next().unwrap().replace(',', "\n  "))
    };
    let headers: Vec<String> =
        files(&dir.path().join("results/every_kind"), "csv").iter().map(header).collect();
    assert_snapshot("csv_headers.txt", &headers.join("\n"));
}

/// The folder `tests/snapshots/results` has results of an earlier run of `tests/configs/every_kind.toml`
/// with its `published.toml`.
#[test]
fn report_fixed_results_pages_and_figures_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("every_kind");
    fs::create_dir(&results).unwrap();
    for entry in fs::read_dir(tests_dir().join("snapshots/results")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, results.join(name(&path))).unwrap();
    }
    stdout(dir.path(), &["report", "every_kind"]);
    let figures = files(&results.join("plots"), "svg");
    let listed: String = figures.iter().map(|path| format!("{}\n", name(path))).collect();
    assert_snapshot("report/figures.txt", &listed);
    for path in figures.iter().chain(&[results.join("report.md"), results.join("summary.csv")]) {
        assert_snapshot(&format!("report/{}", name(path)), &fs::read_to_string(path).unwrap());
    }
}

#[test]
fn help_of_every_command_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let mut help = String::new();
    for command in [
        &[][..],
        &["run"],
        &["check"],
        &["init"],
        &["list"],
        &["report"],
        &["compare"],
        &["clean"],
        &["trace"],
        &["sample"],
        &["data"],
        &["data", "list"],
        &["data", "fetch"],
        &["data", "verify"],
        &["doctor"],
        &["completions"],
    ] {
        let arguments = [command, &["--help"]].concat();
        help += &format!("$ lstm-lab {}\n{}\n", arguments.join(" "), stdout(dir.path(), &arguments));
    }
    assert_snapshot("help.txt", &help);
}

#[test]
fn list_unchanged() {
    assert_snapshot("list.txt", &stdout(Path::new(env!("CARGO_MANIFEST_DIR")), &["list"]));
}
