//! From the CSV of an experiment to numbers, figures and a page to read.
//!
//! The report is made from the results directory alone: it runs nothing and touches no tensor. The same CSV
//! gives the same bytes.

mod answer;
pub mod compare;
mod criterion;
mod estimate;
mod fields;
mod figures;
#[cfg(test)]
mod fixtures;
mod format;
mod group;
mod group_by;
pub mod index;
mod judge;
mod load;
mod page;
mod summary;
mod whole;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use self::answer::Answer;
use self::figures::{Figure, Figures};
use self::group::Groups;
use self::judge::Verdicts;
pub use self::judge::foreseen;
use crate::results::Store;
use crate::results::schema::{Row, RunRow, SummaryRow};
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, make_dir, remove_stale_temp_files, write_atomic, write_csv};

/// The report of an experiment.
#[derive(Debug)]
pub struct Written {
    /// The paths of the files.
    pub files: Vec<PathBuf>,
    /// The answer to the question of the experiment.
    pub answer: Answer,
    /// The verdicts on the expectations in one line; none without expectations.
    pub expectations: Option<String>,
    /// The experiment on a page over several.
    pub entry: index::Entry,
}

/// Writes `summary.csv`, the figures in `plots/`, `report.md` and `report.html` of the experiment with the
/// results directory `dir`, and returns their paths. A figure has an SVG, a PDF, a PNG and a CSV file. Other
/// files with these endings in `plots/` are removed: they belong to an older report.
///
/// ```
/// let dir = tempfile::tempdir()?;
/// // An experiment of which no run has finished.
/// std::fs::write(dir.path().join("runs.csv"), "")?;
///
/// let written = lstm_lab::report::write(dir.path())?;
/// assert_eq!(written.files, ["summary.csv", "report.md", "report.html"].map(|name| dir.path().join(name)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `dir` is not the results directory of an experiment; a file in it cannot be read or written.
pub fn write(dir: &Path) -> Result<Written> {
    let store = Store::at(dir);
    // Meanwhile, no other process writes the tables.
    let _right = is_there(&dir.join(RunRow::FILE))?.then(|| store.exclusive()).transpose()?;
    let results = load::load(dir)?;
    let groups = Groups::read(&results)?;
    let verdicts = Verdicts::judge(&results, &groups);
    let summary = summary::statistics(&results, &groups, &verdicts);
    let figures = Figures::of(&results, &groups, &summary, &verdicts);
    let report_md = dir.join("report.md");
    let answer = Answer::of(&results, &groups.samples, &summary, &verdicts);
    let page = page::report(&results, (&groups.samples, &answer), &summary, &verdicts, &figures);
    let page = page.map_err(|error| Error::data(&report_md, format!("the template failed: {error:#}")))?;

    let summary_csv = dir.join(SummaryRow::FILE);
    summary::write(&summary_csv, &summary)?;
    let mut files = vec![summary_csv];
    files.extend(write_plots(&dir.join("plots"), figures.iter())?);
    let report_html = dir.join("report.html");
    for (path, text) in [(report_md, page.markdown), (report_html, page.html)] {
        write_atomic(&path, text.as_bytes())?;
        files.push(path);
    }
    let expectations = judge::tally(&verdicts.expectations);
    let entry = index::Entry::new(&results, &answer, &verdicts);
    Ok(Written { files, answer, expectations, entry })
}

/// The endings of the files of a figure.
const ENDINGS: [&str; 4] = ["svg", "pdf", "png", "csv"];

fn write_plots<'a>(plots: &Path, figures: impl Iterator<Item = &'a Figure>) -> Result<Vec<PathBuf>> {
    match fs::symlink_metadata(plots) {
        Ok(found) if found.is_symlink() => {
            let problem = "expected a directory of its own, in which older figures are removed, found a link";
            return Err(Error::data(plots, problem));
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("read", plots)(error)),
        _ => {}
    }
    let mut written = Vec::new();
    for figure in figures {
        make_dir(plots)?;
        let [svg, pdf, png, csv] = ENDINGS.map(|ending| plots.join(format!("{}.{ending}", figure.name)));
        write_atomic(&svg, figure.svg().as_bytes())?;
        write_atomic(&pdf, &figure.pdf())?;
        write_atomic(&png, &figure.png().map_err(Error::io("draw", &png))?)?;
        write_csv(&csv, figure.data())?;
        written.extend([svg, pdf, png, csv]);
    }
    remove_others(plots, &written)?;
    Ok(written)
}

/// Removes plots that are not among `written`.
fn remove_others(plots: &Path, written: &[PathBuf]) -> Result<()> {
    if !is_there(plots)? {
        return Ok(());
    }
    remove_stale_temp_files(plots)?;
    for entry in fs::read_dir(plots).map_err(Error::io("read", plots))? {
        let entry = entry.map_err(Error::io("read", plots))?;
        let path = entry.path();
        let is_plot = path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
        let is_dir = entry.file_type().map_err(Error::io("read", &path))?.is_dir();
        if is_plot && !is_dir && !written.contains(&path) {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::EngineName::{Builtin, Fused};
    use crate::results::schema::FitRow;
    use crate::settings::names::ExperimentKind;

    /// A results directory with gradients of two seeds and timings of two engines.
    fn results(dir: &Path) {
        let mut speed = fixtures::run("c", 1);
        speed.settings.kind = ExperimentKind::Speed;
        fixtures::save_runs(dir, &[fixtures::run("a", 1), fixtures::run("b", 2), speed]);
        let lines =
            [("a", -0.1), ("b", -0.12)].map(|(id, slope)| fixtures::line(id, "total_h", 100, 0.0, slope));
        write_csv(&dir.join("gradients.csv"), lines.concat()).unwrap();
        let fit = |(id, slope): (&str, f64)| FitRow {
            run_id: id.into(),
            quantity: "total_h".into(),
            slope: Some(slope),
            r_squared: Some(1.0),
            lags: 100,
            ..FitRow::default()
        };
        write_csv(&dir.join("fits.csv"), [("a", -0.1), ("b", -0.12)].map(fit)).unwrap();
        let sample =
            |n: usize| fixtures::sample("c", [Builtin, Fused][n % 2], "train", n / 2, 1.0 + 0.1 * n as f64);
        write_csv(&dir.join("speed.csv"), (0..20).map(sample)).unwrap();
    }

    fn contents(paths: &[PathBuf]) -> BTreeMap<PathBuf, Vec<u8>> {
        paths.iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    #[test]
    fn write_twice_gives_same_files_and_bytes() {
        let dir = tempfile::tempdir().unwrap();
        results(dir.path());
        let written = write(dir.path()).unwrap().files;
        let names: Vec<_> = written.iter().map(|path| path.strip_prefix(dir.path()).unwrap()).collect();
        let expected = [
            "summary.csv", "plots/total_h.svg", "plots/total_h.pdf", "plots/total_h.png",
            "plots/total_h.csv", "plots/speed.svg", "plots/speed.pdf", "plots/speed.png", "plots/speed.csv",
            "report.md", "report.html",
        ];
        assert_eq!(names, expected.map(Path::new));
        let first = contents(&written);
        assert_eq!(contents(&write(dir.path()).unwrap().files), first);
    }

    #[test]
    fn write_removes_plots_of_older_report_only() {
        let dir = tempfile::tempdir().unwrap();
        results(dir.path());
        let plots = dir.path().join("plots");
        fs::create_dir(&plots).unwrap();
        for name in ["old.svg", "old.csv", "notes.txt"] {
            fs::write(plots.join(name), "").unwrap();
        }
        write(dir.path()).unwrap();
        let exists = ["old.svg", "old.csv", "notes.txt", "total_h.svg"].map(|name| plots.join(name).exists());
        assert_eq!(exists, [false, false, true, true]);
    }

    #[test]
    fn write_link_as_plots_is_refused_and_its_target_left_alone() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        results(dir.path());
        fs::write(other.path().join("mine.png"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), dir.path().join("plots")).unwrap();
        let message = write(dir.path()).unwrap_err().to_string();
        assert!(
            message.ends_with(
                "plots: expected a directory of its own, in which older figures are removed, \
                                   found a link"
            ),
            "{message}"
        );
        assert!(other.path().join("mine.png").exists());
    }

    #[test]
    fn write_after_error_leaves_older_report() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "run_id,status\na,ok\n").unwrap();
        fs::write(dir.path().join("report.md"), "old").unwrap();
        assert!(write(dir.path()).unwrap_err().to_string().contains("`kind`: expected a column"));
        assert_eq!(fs::read_to_string(dir.path().join("report.md")).unwrap(), "old");
    }

    #[test]
    fn write_no_runs_has_no_plots() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "").unwrap();
        assert_eq!(
            write(dir.path()).unwrap().files,
            ["summary.csv", "report.md", "report.html"].map(|name| dir.path().join(name))
        );
    }
}
