//! Snapshots in `tests/snapshots` and `tests/refusals`: text whose changes must be reviewed.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test it` rewrites the snapshots. The change is then reviewed in `git
//! diff`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest number of changed lines that a failure prints.
const MAX_LINES: usize = 40;

/// Returns the directory `tests`.
pub fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Panics with a line diff if `text` differs from `tests/snapshots/NAME`.
pub fn assert_snapshot(name: &str, text: &str) {
    assert_matches_file(&tests_dir().join("snapshots").join(name), text);
}

/// Panics with a line diff if `text` differs from a file.
pub fn assert_matches_file(path: &Path, text: &str) {
    if let Some(problem) = mismatch(path, text) {
        panic!("{problem}");
    }
}

/// Returns a line diff if `text` differs from a file, or `None` after the file is rewritten.
pub fn mismatch(path: &Path, text: &str) -> Option<String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == text {
        return None;
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return None;
    }
    let diff = line_diff(&expected, text);
    Some(format!("{} differs; UPDATE_SNAPSHOTS=1 rewrites it.\n{diff}", path.display()))
}

/// Returns the lines between the common beginning and the common end of two texts: `-` expected, `+`
/// found.
fn line_diff(expected: &str, found: &str) -> String {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) =
        (expected.split_inclusive('\n').collect(), found.split_inclusive('\n').collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    old.drain(..same);
    new.drain(..same);
    while old.last().is_some() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let mut diff = format!("from line {}:\n", same + 1);
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in lines.iter().take(MAX_LINES) {
            let _ = writeln!(diff, "{sign}{}", line.trim_end_matches('\n'));
        }
        if lines.len() > MAX_LINES {
            let _ = writeln!(diff, "{sign}… and {} more", lines.len() - MAX_LINES);
        }
    }
    diff
}

#[test]
fn line_diff_changed_line_shows_both_versions() {
    assert_eq!(line_diff("a\nb\nc\n", "a\nx\ny\nc\n"), "from line 2:\n-b\n+x\n+y\n");
}
