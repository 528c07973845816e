//! Prose states no measured results: neither the documentation nor the texts and comments of shipped
//! configs.

use std::fs;
use std::path::{Path, PathBuf};

/// The mark before a Markdown table of measured numbers.
const MEASURED: &str = "<!-- measured by ";

/// The keys of a config whose values are prose. `source` may quote the numbers of a publication.
const PROSE: [&str; 5] = ["question", "name", "statement", "because", "answer"];

/// Words after a number that make it a comparison of times.
const COMPARISONS: [&str; 4] = ["faster", "slower", "as fast", "as long"];

/// Units after a decimal that only a measurement has. Whole numbers may be settings, such as 50 ms.
const UNITS: [&str; 4] = ["ms", "µs", "GFLOP/s", "tokens/s"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

/// Returns the numbers of a text with the text that follows each.
fn numbers(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = &rest[start..];
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(number.len());
        found.push((number[..end].trim_end_matches(['.', ',']), &number[end..]));
        rest = &number[end..];
    }
    found
}

/// Returns the number of a text that looks measured: one with an error or an interval, a multiple of another
/// time, or a time.
fn measured(text: &str) -> Option<String> {
    let looks_measured = |number: &str, after: &str| {
        let after = after.trim_start();
        let is_interval = after.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let is_interval = is_interval.is_some_and(|(ends, _)| {
            ends.split(',').count() == 2 && ends.split(',').all(|end| end.trim().parse::<f64>().is_ok())
        });
        let after_times = ["times", "×", "x", "%"].iter().find_map(|sign| after.strip_prefix(sign));
        let is_comparison = after_times
            .is_some_and(|after| COMPARISONS.iter().any(|word| after.trim_start().starts_with(word)));
        let unit = after.split(|c: char| c.is_whitespace() || ",.;)".contains(c)).next().unwrap_or_default();
        after.starts_with('±')
            || is_interval
            || is_comparison
            || (number.contains('.') && UNITS.contains(&unit))
    };
    let (number, _) = numbers(text).into_iter().find(|(number, after)| looks_measured(number, after))?;
    Some(format!("`{number}` looks like a measured number"))
}

/// Returns the lines of a page that are prose, with their numbers from 1: neither code nor a table with the
/// mark.
fn prose_of_page(page: &str) -> Vec<(usize, &str)> {
    let (mut prose, mut in_code, mut is_marked) = (Vec::new(), false, false);
    for (n, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if line.starts_with(MEASURED) {
            is_marked = true;
        } else if !line.starts_with('|') && !line.is_empty() {
            is_marked = false;
        }
        if !in_code && !is_marked {
            prose.push((n + 1, line));
        }
    }
    prose
}

/// Returns the value of a key of prose, or the text of a comment.
fn prose_of_line(line: &str) -> Option<&str> {
    let of_key = |key: &&str| line.strip_prefix(*key)?.strip_prefix(" = \"");
    line.trim_start().strip_prefix('#').or_else(|| PROSE.iter().find_map(of_key))
}

/// Returns the problems of a config. Its prose may name a decimal only if a setting or a bound has it.
fn problems_of_config(config: &str) -> Vec<(usize, String)> {
    let is_source = |line: &&str| line.starts_with("source = ");
    let settings: Vec<&str> =
        config.lines().filter(|line| prose_of_line(line).is_none() && !is_source(line)).collect();
    let settings = settings.join("\n");
    let known: Vec<&str> = numbers(&settings).into_iter().map(|(number, _)| number).collect();
    let problem = |text: &str| {
        let decimals = numbers(text).into_iter().map(|(number, _)| number).filter(|number| {
            number.contains('.') && number.parse::<f64>().is_ok() && !known.contains(number)
        });
        let unknown = decimals.map(|number| format!("`{number}` is no setting of the config")).next();
        unknown.or_else(|| measured(text)).or_else(|| {
            text.to_lowercase().contains("measured").then(|| "states what was measured".to_string())
        })
    };
    let lines = config.lines().enumerate().filter(|(_, line)| !line.contains("arXiv:"));
    lines.filter_map(|(n, line)| Some((n + 1, problem(prose_of_line(line)?)?))).collect()
}

#[test]
fn pages_have_measured_numbers_only_in_marked_tables() {
    let mut found = Vec::new();
    for path in [files("docs", "md"), files("docs/guides", "md"), vec![root().join("README.md")]].concat() {
        let page = fs::read_to_string(&path).unwrap();
        let problems = prose_of_page(&page).into_iter().filter_map(|(n, line)| Some((n, measured(line)?)));
        found.extend(problems.map(|(n, problem)| format!("{}:{n}: {problem}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn configs_state_no_measured_results() {
    let mut found = Vec::new();
    let configs = [files("experiments", "toml"), files("experiments/claims", "toml")].concat();
    assert!(configs.len() > 25, "found {} configs", configs.len());
    for path in configs.iter().filter(|path| !path.ends_with("published.toml")) {
        let problems = problems_of_config(&fs::read_to_string(path).unwrap());
        found.extend(problems.iter().map(|(n, problem)| format!("{}:{n}: {problem}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn measured_finds_errors_intervals_comparisons_and_times() {
    for text in [
        "The slope is -0.19 ± 0.02.",
        "a half-life of 1.57 [1.45, 1.71] steps",
        "It is 1.3 times faster than libtorch.",
        "40 % slower",
        "A pass takes 12.5 ms.",
    ] {
        assert!(measured(text).is_some(), "{text}");
    }
    for text in [
        "less than 1 % better or less than 10 % worse",
        "five inits over 99 [steps](results.md)",
        "an f64 loses digits below 1e-308",
        "a pause of 50 ms",
        "ten times the largest time scale of 10 steps",
    ] {
        assert_eq!(measured(text), None, "{text}");
    }
}

#[test]
fn prose_of_page_leaves_code_and_marked_tables_out() {
    let page = "a\n\n```\n1 ± 2\n```\n<!-- measured by x -->\n\n| 1 ± 2 |\n\n| b |\ntext\n| 3 ± 4 |\n";
    let lines: Vec<&str> =
        prose_of_page(page).into_iter().map(|(_, line)| line).filter(|line| line.contains('±')).collect();
    assert_eq!(lines, ["| 3 ± 4 |"]);
}

#[test]
fn problems_of_config_finds_decimals_that_are_no_settings() {
    let config = |because: &str| {
        format!("# A head.\nsource = \"Figure 0.7.\"\n[[expect]]\nbelow = 0.08\nbecause = \"{because}\"\n")
    };
    assert_eq!(problems_of_config(&config("Half of chance is 0.08, and 1/6 is twice that.")), []);
    let found =
        |because: &str| problems_of_config(&config(because)).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(found("The loss ends at 0.7."), [5]);
    assert_eq!(found("Measured with seed 1."), [5]);
    assert_eq!(found("It is 3 times faster."), [5]);
}
