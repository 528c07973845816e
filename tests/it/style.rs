//! Rules of CONTRIBUTING.md that a program can check in the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Characters of a line, at most.
const MAX_WIDTH: usize = 110;

/// Lines of a file, at most.
const MAX_FILE: usize = 400;

/// Lines of a function, at most.
const MAX_FUNCTION: usize = 60;

/// Words that a doc comment does not begin with.
const BEGINNINGS: [&str; 7] = ["What", "How", "Of", "Whether", "Where", "So many", "That"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below some folders of the repository.
fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|ending| ending.to_str()) {
                _ if path.is_dir() && !path.ends_with("target") => folders.push(path),
                Some("rs") => found.push(path),
                _ => {}
            }
        }
    }
    assert!(found.len() > 50, "found {} files", found.len());
    found
}

/// Asserts that no source has a problem. `problems` returns line numbers from 0 and what is wrong there.
fn assert_none(folders: &[&str], problems: impl Fn(&str) -> Vec<(usize, String)>) {
    let mut found = Vec::new();
    for path in sources(folders) {
        let text = fs::read_to_string(&path).unwrap();
        let place = path.strip_prefix(root()).unwrap().display().to_string();
        let located = |(line, problem): (usize, String)| format!("{place}:{}: {problem}", line + 1);
        found.extend(problems(&text).into_iter().map(located));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn wide_lines(text: &str) -> Vec<(usize, String)> {
    let widths = text.lines().map(|line| line.chars().count()).enumerate();
    widths
        .filter(|(_, width)| *width > MAX_WIDTH)
        .map(|(n, width)| (n, format!("{width} characters")))
        .collect()
}

fn bad_beginnings(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_doc = false;
    for (n, line) in text.lines().map(str::trim).enumerate() {
        let doc = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let begins = |word: &&str| doc.is_some_and(|doc| doc.trim_start().starts_with(&format!("{word} ")));
        if let Some(word) = BEGINNINGS.iter().find(|word| !in_doc && begins(word)) {
            found.push((n, format!("a doc comment begins with `{word}`")));
        }
        in_doc = doc.is_some_and(|doc| !doc.is_empty());
    }
    found
}

/// The code of a file up to its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

/// Functions by the lines from `fn` to the brace that closes them at the same indentation.
fn long_functions(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = without_tests(text).lines().collect();
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function =
            code.split_whitespace().take_while(|word| !word.contains('(')).any(|word| word == "fn")
                || code.starts_with("fn ");
        if !is_function || code.starts_with("//") || code.ends_with(';') {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let end = lines[n..].iter().position(|line| line.strip_prefix(indent).is_some_and(|end| end == "}"));
        let length = end.map_or(1, |end| end + 1);
        if length > MAX_FUNCTION {
            found.push((n, format!("a function of {length} lines")));
        }
    }
    found
}

#[test]
fn sources_lines_are_at_most_110_characters() {
    assert_none(&["src", "crates", "tests", "benches", "examples"], wide_lines);
}

#[test]
fn sources_doc_comments_begin_with_a_noun_or_a_verb() {
    assert_none(&["src", "crates", "tests", "benches", "examples"], bad_beginnings);
}

#[test]
fn sources_files_and_functions_are_short() {
    assert_none(&["src", "crates"], |text| {
        let mut found = long_functions(text);
        let lines = text.lines().count();
        if lines > MAX_FILE {
            found.push((0, format!("a file of {lines} lines")));
        }
        found
    });
}

/// Lines above an unsafe block in which its reason stands.
const REASON_ABOVE: usize = 8;

/// The unsafe blocks and impls of a file without a reason.
fn unsafe_without_reason(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_unsafe = |line: &str| line.contains("unsafe {") || line.contains("unsafe impl");
    let has_reason =
        |n: usize| lines[n.saturating_sub(REASON_ABOVE)..=n].iter().any(|line| line.contains("SAFETY:"));
    let code = |line: &str| line.split("//").next().unwrap().to_string();
    let found = (0..lines.len()).filter(|n| is_unsafe(&code(lines[*n])) && !has_reason(*n));
    found.map(|n| (n, "unsafe code without a `SAFETY:` above".to_string())).collect()
}

#[test]
fn sources_each_unsafe_block_has_its_reason() {
    assert_none(&["src", "crates"], unsafe_without_reason);
}

/// The kernels, the bridges to libtorch and to CUDA, and `main`, which sets the environment before there is a
/// thread.
#[test]
fn sources_unsafe_code_is_in_named_modules() {
    let modules = [
        "crates/rnn-kernels/src",
        "crates/tch-autograd/src",
        "src/engine/simd",
        "src/engine/cuda",
        "src/cuda",
    ];
    let files = ["src/engine/libtorch_isa.rs", "src/main.rs"];
    for path in sources(&["src", "crates", "examples", "benches"]) {
        let place = path.strip_prefix(root()).unwrap();
        let is_allowed = modules.iter().any(|module| place.starts_with(module))
            || files.iter().any(|f| place == Path::new(f));
        let text = fs::read_to_string(&path).unwrap();
        let is_unsafe = text.lines().any(|line| {
            ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|word| line.contains(word))
        });
        assert!(is_allowed || !is_unsafe, "{}: unsafe code", place.display());
    }
}

/// A file that no module declares is not compiled, and its tests do not run.
#[test]
fn sources_every_file_is_declared_as_a_module() {
    for path in sources(&["src", "crates/rnn-kernels/src", "crates/tch-autograd/src", "tests/it"]) {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if ["main", "lib"].contains(&stem) {
            continue;
        }
        let folder = path.parent().unwrap();
        let (name, parent) = match stem {
            "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
            _ => (stem, folder),
        };
        let declares = |file: &str| {
            let text = fs::read_to_string(parent.join(file)).unwrap_or_default();
            text.lines().any(|line| line.ends_with(&format!("mod {name};")))
        };
        let text = fs::read_to_string(parent.join("mod.rs")).unwrap_or_default();
        let by_path = text.contains(&format!("\"{stem}.rs\""));
        assert!(by_path || ["mod.rs", "lib.rs", "main.rs"].into_iter().any(declares), "{}", path.display());
    }
}

/// Questions whose answer is false as well on a disk that does not answer. Results would pass for absent.
fn silent_questions(text: &str) -> Vec<(usize, String)> {
    let questions = [".exists()", ".is_file()", "path.is_dir()", "path().is_dir()", "dir.is_dir()"];
    let lines = without_tests(text).lines().enumerate();
    let found = lines.filter(|(_, line)| questions.iter().any(|question| line.contains(question)));
    found.map(|(n, _)| (n, "`is_there` of support/file.rs says why it cannot answer".to_string())).collect()
}

#[test]
fn sources_of_results_notice_a_disk_that_does_not_answer() {
    assert_none(&["src/results", "src/train", "src/report", "src/run"], silent_questions);
}

#[test]
fn checks_find_what_they_look_for() {
    assert_eq!(wide_lines(&"x".repeat(111)).len(), 1);
    assert_eq!(unsafe_without_reason("f();\nunsafe { g() };").len(), 1);
    assert_eq!(unsafe_without_reason("// SAFETY: g has no contract.\nunsafe { g() };"), []);
    assert_eq!(bad_beginnings("/// What a run is.\n/// How it is made.\n\n/// The run.").len(), 1);
    assert_eq!(silent_questions("if path.exists() {\n#[cfg(test)]\nmod tests {\npath.is_file()").len(), 1);
    let long = format!("    pub fn f() {{\n{}    }}\n", "        g();\n".repeat(60));
    assert_eq!(long_functions(&long), [(0, "a function of 62 lines".to_string())]);
    assert_eq!(long_functions(&long.replacen("        g();\n", "", 2)), []);
}
