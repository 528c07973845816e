//! The documentation agrees with the program and with the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lstm_lab::config;

use crate::support::lab;

/// The largest length of the README, which must stay short enough to read at once.
const README_MAX_BYTES: usize = 8192;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Returns every Markdown page of a folder of the repository.
fn pages_in(folder: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|e| e == "md")).collect()
}

/// Returns every Markdown page of the repository's root and of `docs/`.
fn pages() -> Vec<PathBuf> {
    ["", "docs", "docs/guides"].into_iter().flat_map(pages_in).collect()
}

/// Returns the text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no `{start}`"));
    rest.split_once(end).unwrap_or_else(|| panic!("no `{end}` after `{start}`")).0
}

/// Returns the words in backticks of the first column of a Markdown table.
fn first_column(table: &str) -> BTreeSet<&str> {
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// Returns the output of `lstm-lab check` on the first TOML block of a page after a heading.
fn check_block(path: &str, heading: &str) -> String {
    let text = page(path);
    let block = between(text.split_once(heading).unwrap().1, "```toml\n", "```");
    assert!(block.contains("dataset = \"shakespeare\""), "{path}: {block}");
    let config = block.replace("dataset = \"shakespeare\"", "file = \"text.txt\"");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), "to be, or not to be. ".repeat(100)).unwrap();
    fs::write(dir.path().join("mine.toml"), config).unwrap();
    let finished = lab(dir.path(), &["check", "mine.toml"]);
    assert_eq!(finished.code, 0, "{path}: {}", finished.stderr);
    finished.stdout
}

#[test]
fn readme_length_within_limit() {
    let bytes = page("README.md").len();
    assert!(bytes <= README_MAX_BYTES, "expected at most {README_MAX_BYTES} bytes, found {bytes}");
}

#[test]
fn readme_config_expands_to_48_runs() {
    let plan = check_block("README.md", "## Writing a config");
    // There are two inits for the RNN and three for LSTM and GRU, two lengths, and three seeds.
    assert!(plan.contains("mine: 48 runs"), "{plan}");
}

#[test]
fn config_page_example_expands_to_64_runs() {
    let plan = check_block("docs/config.md", "## An example with comments");
    // There are 48 runs of `gradients`. There is one run of `speed` for each cell, init and length.
    assert!(plan.contains("mine: 64 runs"), "{plan}");
}

/// The program lists the keys of a table in its error about an unknown key.
#[test]
fn config_page_lists_every_key() {
    let text = page("docs/config.md");
    let reference = between(&text, "<!-- begin keys -->", "<!-- end keys -->");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    fs::write(&path, "kind = \"gradients\"\n").unwrap();
    for (head, key) in [
        ("at the head", "zzz"),
        ("`[task]`", "task.zzz"),
        ("`[grid]`", "grid.zzz"),
        ("`[gradients]`", "gradients.zzz"),
        ("`[jacobian]`", "jacobian.zzz"),
        ("`[speed]`", "speed.zzz"),
        ("`[training]`", "training.zzz"),
    ] {
        let error = config::load(&path, &[format!("{key}=1")]).unwrap_err().to_string();
        let (_, keys) = error.split_once("known keys here: ").unwrap_or_else(|| panic!("{error}"));
        let start = reference.find(&format!("| {head} |")).unwrap_or_else(|| panic!("no table {head}"));
        assert_eq!(first_column(&reference[start..]), keys.split(", ").collect(), "{head}");
    }
}

/// `tests/snapshots/csv_headers.txt` holds the header of every CSV file, written by the program.
#[test]
fn results_page_lists_every_column() {
    let text = page("docs/results.md");
    let section = |heading: &str| between(&text, &format!("\n## {heading}\n"), "\n## ");
    let table = |heading: &str| {
        let section = section(heading);
        first_column(&section[section.find("| column ").unwrap()..])
    };
    let mut settings = table("Settings");
    settings.insert("run_id");
    let headers = page("tests/snapshots/csv_headers.txt");
    for block in headers.split("\n\n") {
        let (file, columns) = block.trim().split_once('\n').unwrap();
        let own = table(&format!("`{file}`"));
        let found: BTreeSet<&str> = columns.lines().map(str::trim).collect();
        let documented = &settings | &own;
        let missing: Vec<_> = found.difference(&documented).collect();
        assert!(missing.is_empty(), "{file}: not in docs/results.md: {missing:?}");
        let unknown: Vec<_> = own.difference(&found).collect();
        assert!(unknown.is_empty(), "{file}: in docs/results.md but not in the file: {unknown:?}");
    }
}

#[test]
fn experiments_page_lists_exactly_the_shipped_configs() {
    let text = page("docs/experiments.md");
    let words = text.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`'));
    let listed: BTreeSet<String> = words.filter(|w| w.ends_with(".toml")).map(str::to_string).collect();
    let shipped = ["experiments", "experiments/claims"].map(|dir| fs::read_dir(root().join(dir)).unwrap());
    let names = shipped.into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap());
    let configs: BTreeSet<String> =
        names.filter(|n| n.ends_with(".toml") && n != config::PUBLISHED).collect();
    assert_eq!(listed, configs);
}

#[test]
fn pages_links_lead_to_files_and_headings() {
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: no file {link}", path.display());
            let headings = || {
                let target = fs::read_to_string(&target).unwrap();
                target.lines().filter(|line| line.starts_with('#')).map(slug).collect::<Vec<_>>()
            };
            assert!(
                anchor.is_empty() || headings().contains(&anchor.to_string()),
                "{}: no heading {link}",
                path.display()
            );
        }
    }
}

/// `scripts/docs-figures` makes each figure again from the command in it.
#[test]
fn figures_name_an_experiment_and_are_shown_on_a_page() {
    let shown: String = pages().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let all = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let figures: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|e| e == "svg")).collect();
    assert!(!figures.is_empty());
    for path in figures {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(shown.contains(&format!("{name})")), "{name}: on no page");
        let text = fs::read_to_string(&path).unwrap();
        let origin = between(&text, "<metadata>", "</metadata>\n");
        let (file, command) = origin.split_once(" of ").unwrap_or_else(|| panic!("{name}: {origin}"));
        assert!(file == "terminal" || file.ends_with(".svg"), "{name}: {origin}");
        let words = words(command);
        assert_eq!(words[..2], ["scripts/lab", "run"], "{name}: {origin}");
        // `check` knows no `--rerun`, and a plan needs none.
        let arguments = words[2..].iter().filter(|word| *word != "--rerun").map(String::as_str);
        let checked = lab(&root(), &[&["check"], &arguments.collect::<Vec<_>>()[..]].concat());
        assert_eq!(checked.code, 0, "{name}: {}", checked.stderr);
    }
}

/// Returns the words of a command line. Single quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let quoted = parts.map(|(n, part)| if n % 2 == 0 { part.to_string() } else { part.replace(' ', "\0") });
    let line: String = quoted.collect();
    line.split_whitespace().map(|word| word.replace('\0', " ")).collect()
}

/// Returns the arguments of each command `scripts/lab …` in the code of a page.
fn commands(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter_map(|line| line.trim_start().strip_prefix("scripts/lab "));
    lines.map(|line| words(line.split(" #").next().unwrap().trim_end_matches('&'))).collect()
}

/// Options of `run` that `check` does not have; each has a value.
const OF_RUN: [&str; 3] = ["--out", "--tensorboard", "--shard"];

/// `run` is replaced by `check`, which reads config and overrides in the same way.
#[test]
fn guides_commands_are_accepted() {
    let mut checked = 0;
    for path in pages_in("docs/guides") {
        for mut arguments in commands(&fs::read_to_string(&path).unwrap()) {
            let is_run = ["run", "check"].contains(&arguments[0].as_str());
            if is_run {
                arguments[0] = "check".to_string();
                arguments.retain(|word| word != "--time");
                while let Some(at) = arguments.iter().position(|word| OF_RUN.contains(&word.as_str())) {
                    arguments.drain(at..at + 2);
                }
            } else {
                arguments.truncate(1);
                arguments.push("--help".to_string());
            }
            let finished = lab(&root(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(finished.code, 0, "{}: {arguments:?}: {}", path.display(), finished.stderr);
            checked += usize::from(is_run);
        }
    }
    assert!(checked >= 10, "checked {checked} commands");
}

/// Returns the anchor of a heading, in the form of Git hosts.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
