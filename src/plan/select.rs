//! The selection of runs for tests and published results.

use std::collections::BTreeSet;

use super::run::Run;
use crate::cell::{CellName, cell};
use crate::config::PUBLISHED;
use crate::config::spec::{ClaimMetric, Gradients, Measure, Published, Reading, Selector, Spec, TaskSpec};
use crate::settings::names::{Quantity, Tokenizer};
use crate::support::error::{ConfigError, Error, Result};

/// Checks every test of the claim and every expectation: each side must select the runs of one grid point,
/// and these must have the number of the test.
///
/// # Errors
/// The first test that fails the check, with file, line and key.
pub fn check_tests(spec: &Spec, runs: &[Run]) -> Result<(), ConfigError> {
    for (place, test) in spec.tests.places() {
        let baseline = test.baseline.as_ref().map(|(_, side)| ("baseline", side));
        for (side, selector) in std::iter::once(("where", &test.selected)).chain(baseline) {
            let wrong = |key: &str, problem: String| {
                spec.file.error(&format!("{place}.{key}"), format!("`{selector}` {problem}"))
            };
            let fitting = selected(selector, test.reading.metric, runs);
            if fitting.is_empty() {
                let kind = test.reading.metric.kind();
                return Err(wrong(side, format!("fits no run of the kind `{kind}`")));
            }
            one_point(&fitting).map_err(|problem| wrong(side, problem))?;
            if let Some((key, problem)) = fitting.iter().find_map(|run| lacks(&test.reading, run)) {
                return Err(wrong(key, problem));
            }
        }
    }
    Ok(())
}

/// Checks that each published number selects the runs of at most one grid point, and that these have the
/// number.
///
/// A number may select no run, because `--set` on the command line may have changed the grid.
///
/// # Errors
/// [`Error::Usage`] for the first number that selects several grid points, or runs without that number.
pub fn check_published(name: &str, published: &Published, runs: &[Run]) -> Result<()> {
    for number in published.publications.iter().flat_map(|publication| &publication.results) {
        let fitting = selected(&number.selected, number.reading.metric, runs);
        let lacking = || fitting.iter().find_map(|run| lacks(&number.reading, run));
        let problem = one_point(&fitting).err().or_else(|| lacking().map(|(_, problem)| problem));
        if let Some(problem) = problem {
            let result = format!("the published result where {} {problem}", number.selected);
            return Err(Error::Usage(format!("{PUBLISHED}: `{name}`: {result}")));
        }
    }
    Ok(())
}

/// The runs of a metric's kind that fit a selector.
fn selected<'a>(selector: &Selector, metric: ClaimMetric, runs: &'a [Run]) -> Vec<&'a Run> {
    let fits = |run: &&Run| run.settings.kind == metric.kind() && selector.fits(&run.settings);
    runs.iter().filter(fits).collect()
}

/// Checks that the runs differ in the seed only.
fn one_point(runs: &[&Run]) -> Result<(), String> {
    let mut seeds = BTreeSet::new();
    match runs.iter().find(|run| !seeds.insert(run.settings.seed)) {
        None => Ok(()),
        Some(other) => {
            let (one, other) = (runs[0].describe(), other.describe());
            Err(format!("fits several grid points, such as `{one}` and `{other}`; expected one"))
        }
    }
}

/// The wrong key and the problem, if a run of the metric's kind does not have the number.
fn lacks(reading: &Reading, run: &Run) -> Option<(&'static str, String)> {
    match &run.measure {
        Measure::Gradients(gradients) => lacks_norm(reading, run, gradients),
        Measure::Training(training) => {
            let lengths = &training.test_lengths;
            if let Some(length) = reading.length.filter(|length| !lengths.contains(length)) {
                let known = format!("expected one of training.test_lengths = {lengths:?}");
                let problem = format!("has no test of length {length}: {known}");
                return Some(("length", problem));
            }
            let tokenizer = match &run.task {
                TaskSpec::Text { corpus, .. } => Some(corpus.tokenizer),
                _ => None,
            };
            let needs = match reading.metric {
                ClaimMetric::Solved | ClaimMetric::Sequences if training.solved.is_none() => {
                    "a criterion in [training], such as `solved_loss`"
                }
                ClaimMetric::BitsPerCharacter if tokenizer != Some(Tokenizer::Character) => {
                    "a text by characters"
                }
                ClaimMetric::BitsPerWord if tokenizer != Some(Tokenizer::Word) => "a text by words",
                ClaimMetric::BitsPerByte if tokenizer != Some(Tokenizer::Byte) => "a text by bytes",
                ClaimMetric::Perplexity if tokenizer.is_none() => "the task `text`",
                _ => return None,
            };
            Some(("metric", format!("has no `{}`: expected {needs}", reading.metric)))
        }
        Measure::Jacobian(_) | Measure::Speed(_) | Measure::Step(_) => None,
    }
}

fn lacks_norm(reading: &Reading, run: &Run, gradients: &Gradients) -> Option<(&'static str, String)> {
    let (cell, steps) = (run.settings.cell.map(cell), run.settings.seq_len);
    let has_paths = cell.is_some_and(|cell| cell.has_direct_path());
    let carried = reading.quantity.and_then(Quantity::carried);
    if let Some(state) = carried.filter(|state| !cell.is_some_and(|cell| cell.carried().contains(state))) {
        let example = CellName::ALL.iter().find(|name| self::cell(**name).carried().contains(&state));
        let example = example.map_or(String::new(), |name| format!(", such as `{name}`"));
        let problem = format!("has no `{}`: expected a cell with {state}{example}", reading.quantity?);
        return Some(("quantity", problem));
    }
    let needs = match reading.quantity {
        Some(Quantity::CellPath | Quantity::GatePath) if !gradients.path_split => {
            "gradients.path_split = true"
        }
        Some(Quantity::CellPath | Quantity::GatePath) if !has_paths => {
            "a cell that passes its state on, such as `lstm`"
        }
        Some(Quantity::WeightTerm | Quantity::TruncationError) if !gradients.weights => {
            "gradients.weights = true"
        }
        _ => {
            let lag = reading.lag.filter(|lag| *lag >= steps || !gradients.lags.writes(*lag, steps))?;
            let problem =
                format!("has no norm at lag {lag}: expected a lag below T = {steps} that is written");
            return Some(("lag", problem));
        }
    };
    Some(("quantity", format!("has no `{}`: expected {needs}", reading.quantity?)))
}
