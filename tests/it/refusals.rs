//! The refusals of configs. `tests/refusals/NAME.toml` is checked, and `NAME.stderr` has the whole
//! message.
//!
//! A new refusal needs one new `.toml` file, and `UPDATE_SNAPSHOTS=1` writes its message. The first line
//! of the `.toml` file may give overrides: `# args: --set KEY=VALUE --set KEY=VALUE`. Each file of
//! `tests/refusals/published` replaces the `published.toml` of the config `tests/configs/published.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use crate::support::snapshot::{mismatch, tests_dir};
use crate::support::{cli::Finished, lab};

/// Returns a directory with the texts that the configs name.
fn place() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("corpus.txt"), "To be, or not to be, that is the question:\n").unwrap();
    dir
}

/// Returns the `.toml` files of a directory, sorted.
fn cases(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    cases.sort();
    cases
}

/// Returns the arguments after `# args:` in the first line.
fn arguments(text: &str) -> Vec<&str> {
    let line = text.lines().next().unwrap_or_default();
    let overrides = line.strip_prefix("# args:").unwrap_or_default().split("--set ").skip(1);
    overrides.flat_map(|change| ["--set", change.trim()]).collect()
}

fn check(dir: &Path, config: &str, more: &[&str]) -> Finished {
    lab(dir, &[&["check", "--device", "cpu", "--threads", "1", config], more].concat())
}

/// Returns the problem with a refusal, if any: exit code, number of lines or message.
fn problem(case: &Path, dir: &Path, refused: &Finished) -> Option<String> {
    let message = refused.stderr.replace(&dir.display().to_string(), "[DIR]");
    if refused.code != 2 || message.lines().count() != 1 {
        let code = refused.code;
        return Some(format!("{}: expected code 2 and one line, found {code}: {message}", case.display()));
    }
    mismatch(&case.with_extension("stderr"), &message)
}

#[test]
fn check_bad_config_prints_the_whole_message() {
    let dir = place();
    let cases = cases(&tests_dir().join("refusals"));
    assert!(cases.len() >= 200, "found {} cases", cases.len());
    let problem_of = |case: &PathBuf| {
        let name = case.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(case).unwrap();
        fs::write(dir.path().join(name), &text).unwrap();
        problem(case, dir.path(), &check(dir.path(), name, &arguments(&text)))
    };
    // Each case is a process that loads libtorch, so two run at a time.
    let (first, second) = cases.split_at(cases.len() / 2);
    let problems: Vec<String> = thread::scope(|scope| {
        let halves = [first, second].map(|half| scope.spawn(|| half.iter().filter_map(problem_of).collect()));
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap_or_else(|_| vec!["a check panicked".into()]))
            .collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn check_bad_published_results_prints_the_whole_message() {
    let dir = place();
    fs::copy(tests_dir().join("configs/published.toml"), dir.path().join("small.toml")).unwrap();
    let problems: Vec<String> = cases(&tests_dir().join("refusals/published"))
        .iter()
        .filter_map(|case| {
            fs::copy(case, dir.path().join("published.toml")).unwrap();
            problem(case, dir.path(), &check(dir.path(), "small.toml", &[]))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
