//! Figures through the program: the choices of `[plot]`, and the files of each figure.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cli::Finished;
use crate::support::lab;
use crate::support::snapshot::tests_dir;

/// Fixed results of every kind whose config has `[plot]` with some keys.
fn results(dir: &Path, plot: &str) -> PathBuf {
    let results = dir.join("every_kind");
    fs::create_dir_all(&results).unwrap();
    for entry in fs::read_dir(tests_dir().join("snapshots/results")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, results.join(path.file_name().unwrap())).unwrap();
    }
    let config = results.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[plot]\n{plot}\n")).unwrap();
    results
}

fn report(dir: &Path, plot: &str) -> (Finished, PathBuf) {
    let results = results(dir, plot);
    (lab(dir, &["report", "every_kind"]), results.join("plots"))
}

#[test]
fn report_plot_table_sets_panels_width_and_title() {
    let dir = tempfile::tempdir().unwrap();
    let (said, plots) = report(dir.path(), "facet = \"cell\"\nwidth = \"column\"\ntitle = false");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let svg = fs::read_to_string(plots.join("total_h.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"3.5in\""), "{svg}");
    assert!(!svg.contains("Gradient of the loss"), "no title: {svg}");
    let has_panel = |cell: &str| svg.contains(&format!("font-weight=\"bold\">{cell}</text>"));
    assert!(has_panel("rnn") && has_panel("lstm"), "{svg}");
}

#[test]
fn report_figures_have_numbers_and_print_formats() {
    let dir = tempfile::tempdir().unwrap();
    let (said, plots) = report(dir.path(), "");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let csv = fs::read_to_string(plots.join("total_h.csv")).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("panel,line,x,y,low,high,scale"));
    // Two cells have ten lags each.
    assert_eq!(lines.clone().count(), 20, "{csv}");
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!((first[1], first[2], first[6]), ("rnn", "0", "log10"));
    assert!(first[3].parse::<f64>().unwrap().abs() < 1e-6, "the norm at lag 0 is 1: {csv}");
    let pdf = fs::read(plots.join("total_h.pdf")).unwrap();
    assert!(
        pdf.starts_with(b"%PDF-") && pdf.windows(9).any(|part| part == b"/FontFile"),
        "fonts are embedded"
    );
    let png = fs::read(plots.join("total_h.png")).unwrap();
    assert_eq!(&png[37..41], b"pHYs");
    for entry in fs::read_dir(&plots).unwrap() {
        let svg = entry.unwrap().path().with_extension("svg");
        for ending in ["svg", "pdf", "png", "csv"] {
            assert!(svg.with_extension(ending).is_file(), "{} has no {ending}", svg.display());
        }
    }
}

#[test]
fn report_wrong_plot_table_names_file_line_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let (said, _) = report(dir.path(), "colour = \"layer\"");
    assert_eq!(said.code, 2, "{}", said.stderr);
    let expected =
        ["every_kind/config.toml:", "`plot.colour`: expected a setting (", "did you mean `layers`?"];
    for part in expected {
        assert!(said.stderr.contains(part), "no `{part}` in {}", said.stderr);
    }
}

#[test]
fn check_plot_override_changes_no_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("small.toml"), "kind = \"gradients\"\n").unwrap();
    let plan = |more: &[&str]| {
        let said = lab(dir.path(), &[&["check", "small.toml", "--json"][..], more].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout
    };
    assert_eq!(plan(&["--set", "plot.width=5"]), plan(&[]));
}
