//! Two results directories beside each other: what differs between the experiments, and which results moved.
//!
//! Only the CSV files are read. Where both sides have the same seeds, a change is taken seed by seed.
//! Otherwise, the sides are two independent samples (Welch 1947). Timing processes are always two samples,
//! since the two runs were made at different times.

mod answer;
mod change;
mod differences;
mod outcome;
mod page;
mod rows;
mod scale;
mod table;

use std::path::Path;

pub use self::differences::Difference;
use self::outcome::{Judged, Outcome, judge};
use self::rows::{HALF_LIFE, Pair};
use super::group::Groups;
use super::judge::Verdicts;
use super::load::{self, Results};
use super::summary::{self, Statistic};
use crate::support::error::{Error, Result};

/// The settings that an error names, at most.
const NAMED: usize = 3;

/// One of the two results directories.
#[derive(Debug)]
pub struct Side {
    /// The directory as the user wrote it.
    pub dir: String,
    /// The name of the experiment.
    pub name: String,
    /// Remarks on runs that are missing, failed or made with changed settings.
    pub notes: Vec<String>,
    /// The largest peak memory of a process that made a run, bytes.
    pub peak_memory: Option<u64>,
}

/// Two results directories beside each other.
#[derive(Debug)]
pub struct Comparison {
    /// The first directory.
    pub a: Side,
    /// The second directory.
    pub b: Side,
    /// The settings that differ.
    pub settings: Vec<Difference>,
    /// The environment that differs.
    pub environment: Vec<Difference>,
    /// The verdicts on tests that differ.
    pub verdicts: Vec<Difference>,
    /// Every result, with its verdict.
    results: Vec<Judged>,
    /// The half-lives that follow from slopes.
    half_lives: Vec<Pair>,
    /// The fraction from which a worse result is a regression; `None` if no regression is asked for.
    limit: Option<f64>,
}

/// Compares two results directories. With a limit, results that are worse by more than this fraction are
/// regressions.
///
/// # Errors
/// A directory is no results directory, both are the same, one has no complete run, or they have no result
/// in common.
pub fn compare(a: &Path, b: &Path, limit: Option<f64>) -> Result<Comparison> {
    let (ours, theirs) = (load::load(a)?, load::load(b)?);
    if a.canonicalize().ok().is_some_and(|path| b.canonicalize().is_ok_and(|other| other == path)) {
        let problem = format!("expected two results directories, found {} twice", a.display());
        return Err(Error::Usage(problem));
    }
    let (summary_a, summary_b) = (summary(&ours)?, summary(&theirs)?);
    let verdicts = differences::verdicts(&summary_a, &summary_b);
    let (rows_a, rows_b) = (rows::compared(summary_a), rows::compared(summary_b));
    let replaced = differences::replaced(&rows_a, &rows_b);
    let settings = differences::settings(&ours, &theirs)?;
    let pairs = rows::pairs(rows_a, rows_b, &replaced);
    let (half_lives, pairs) = pairs.into_iter().partition(|pair| pair.either().metric == HALF_LIFE);
    let results = judge(pairs);
    if !results.iter().any(|judged| judged.pair.a.is_some() && judged.pair.b.is_some()) {
        return Err(nothing_common(&ours, &theirs, &settings));
    }
    let environment = differences::environment(&ours, &theirs);
    Ok(Comparison {
        a: side(a, &ours),
        b: side(b, &theirs),
        settings,
        environment,
        verdicts,
        results,
        half_lives,
        limit,
    })
}

fn summary(results: &Results) -> Result<Vec<Statistic>> {
    if !results.runs().any(|run| run.is_ok()) {
        let problem = match results.runs().count() {
            0 => "expected complete runs, found none; `lstm-lab run` makes them".to_string(),
            count => format!("expected complete runs, found {count} that failed"),
        };
        return Err(Error::data(&results.dir, problem));
    }
    let groups = Groups::read(results)?;
    let verdicts = Verdicts::judge(results, &groups);
    Ok(summary::statistics(results, &groups, &verdicts))
}

fn side(dir: &Path, results: &Results) -> Side {
    let mut notes: Vec<String> = results.incomplete().into_iter().collect();
    if !results.about.changed.is_empty() {
        notes.push(format!("it was made with {}", results.about.changed.join("; ")));
    }
    let peak_memory = results.runs().filter_map(|run| run.row.peak_memory).max();
    Side { dir: dir.display().to_string(), name: results.name.clone(), notes, peak_memory }
}

/// The error for two experiments of other kinds or grids.
fn nothing_common(a: &Results, b: &Results, settings: &[Difference]) -> Error {
    let differing = |difference: &Difference| {
        let or_none = |text: &str| if text.is_empty() { "none" } else { text }.to_string();
        format!("{} ({} in A, {} in B)", difference.name, or_none(&difference.a), or_none(&difference.b))
    };
    let listed: Vec<String> = settings.iter().take(NAMED).map(differing).collect();
    let more = settings.len() - listed.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let differ = match listed.is_empty() {
        true => String::new(),
        false => format!("; they differ in {}{more}", listed.join(", ")),
    };
    Error::Usage(format!(
        "expected a result that both directories have, found none in {} and {}{differ}",
        a.dir.display(),
        b.dir.display()
    ))
}

impl Comparison {
    /// The results that are worse by more than the limit.
    fn regressions(&self) -> impl Iterator<Item = &Judged> {
        let is_regression = |judged: &&Judged| self.limit.is_some_and(|limit| judged.is_regression(limit));
        self.results.iter().filter(is_regression)
    }

    /// Returns true if a result is worse by more than the limit.
    pub fn has_regression(&self) -> bool {
        self.regressions().next().is_some()
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Judged> {
        self.results.iter().filter(move |judged| judged.outcome == outcome)
    }

    /// The results that both sides have.
    fn common(&self) -> usize {
        self.results.iter().filter(|judged| judged.pair.a.is_some() && judged.pair.b.is_some()).count()
    }
}
