//! The refusals of configs. `tests/refusals/NAME.toml` is checked, and `NAME.stderr` has the whole
//! message.
//!
//! A new refusal needs one new `.toml` file, and `UPDATE_SNAPSHOTS=1` writes its message. The first line
//! of the `.toml` file may give overrides: `# args: --set KEY=VALUE --set KEY=VALUE`. Each file of
//! `tests/refusals/published` replaces the `published.toml` of the config `tests/configs/published.toml`.

use std::fs;
use std::path::{Path, PathBuf};

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
    if refused.code != 2 || refused.stderr.lines().count() != 1 {
        let (code, message) = (refused.code, &refused.stderr);
        return Some(format!("{}: expected code 2 and one line, found {code}: {message}", case.display()));
    }
    different_message(case, dir, &refused.stderr)
}

/// Returns the difference between a message and that of the case, if any.
fn different_message(case: &Path, dir: &Path, message: &str) -> Option<String> {
    let message = message.replace(&dir.display().to_string(), "[DIR]");
    mismatch(&case.with_extension("stderr"), &message)
}

/// The configs of one process: its start loads libtorch, which takes longer than many checks.
const AT_ONCE: usize = 20;

/// Returns the problems of cases without arguments, which one process checks: each has one line, in order.
fn problems_at_once(dir: &Path, cases: &[PathBuf]) -> Vec<String> {
    let names: Vec<&str> = cases.iter().map(|case| case.file_name().unwrap().to_str().unwrap()).collect();
    let refused = check(dir, names[0], &names[1..]);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    if refused.code == 2 && lines.len() == cases.len() {
        // Only the first line names the program; the others are aligned with it.
        let of_line = |(case, line): (&PathBuf, &&str)| {
            let message = line.trim_start().trim_start_matches("lstm-lab: ");
            different_message(case, dir, &format!("lstm-lab: {message}\n"))
        };
        return cases.iter().zip(&lines).filter_map(of_line).collect();
    }
    // Some case is not refused, or has several lines. Alone, each says what is wrong.
    let alone = |(case, name): (&PathBuf, &&str)| problem(case, dir, &check(dir, name, &[]));
    let found: Vec<String> = cases.iter().zip(&names).filter_map(alone).collect();
    let together = || format!("{names:?}: alone, each is refused as expected; together: {}", refused.stderr);
    if found.is_empty() { vec![together()] } else { found }
}

#[test]
fn check_bad_config_prints_the_whole_message() {
    let dir = place();
    let cases = cases(&tests_dir().join("refusals"));
    assert!(cases.len() >= 200, "found {} cases", cases.len());
    let text = |case: &PathBuf| fs::read_to_string(case).unwrap();
    for case in &cases {
        fs::write(dir.path().join(case.file_name().unwrap()), text(case)).unwrap();
    }
    let (plain, with_arguments): (Vec<PathBuf>, Vec<PathBuf>) =
        cases.into_iter().partition(|case| arguments(&text(case)).is_empty());
    let alone = |case: &PathBuf| {
        let name = case.file_name().unwrap().to_str().unwrap();
        problem(case, dir.path(), &check(dir.path(), name, &arguments(&text(case))))
    };
    let mut problems: Vec<String> =
        plain.chunks(AT_ONCE).flat_map(|cases| problems_at_once(dir.path(), cases)).collect();
    problems.extend(with_arguments.iter().filter_map(alone));
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
