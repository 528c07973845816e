//! The check of `[claim]` and `[[expect]]`.

use super::reading::reading;
use super::selector::selector;
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Bound, Claim, ClaimMetric, Comparison, Reading, Test, Tests};
use crate::support::error::ConfigError;

/// Checks the claim and the expectations of a config.
///
/// # Errors
/// A claim without a test that can decide it; the first test with a wrong key.
pub fn tests(
    file: &ConfigFile,
    claimed: Option<raw::Claim>,
    expected: &[raw::Test],
) -> Result<Tests, ConfigError> {
    let expectations = expected.iter().enumerate();
    let expectations = expectations.map(|(n, raw)| expectation(file, &format!("expect[{n}]"), raw));
    Ok(Tests {
        claim: claimed.map(|raw| claim(file, raw)).transpose()?,
        expectations: expectations.collect::<Result<_, _>>()?,
    })
}

fn expectation(file: &ConfigFile, place: &str, raw: &raw::Test) -> Result<Test, ConfigError> {
    if raw.control {
        let problem = "belongs to the tests of a claim; an expectation decides nothing else";
        return Err(file.error(&format!("{place}.control"), problem));
    }
    if raw.because.as_ref().is_none_or(|because| because.trim().is_empty()) {
        let problem = "expected `because`: the theory or the source behind the bound";
        return Err(file.error(place, problem));
    }
    test(file, place, raw)
}

fn claim(file: &ConfigFile, raw: raw::Claim) -> Result<Claim, ConfigError> {
    if raw.test.is_empty() {
        return Err(file.error("claim.test", "expected at least one test, found an empty list"));
    }
    if raw.test.iter().all(|test| test.control) {
        let problem = "expected a test that is no control: nothing else decides the claim";
        return Err(file.error("claim.test", problem));
    }
    let tests = raw.test.iter().enumerate();
    let tests = tests.map(|(n, raw)| test(file, &format!("claim.test[{n}]"), raw));
    Ok(Claim { statement: raw.statement, tests: tests.collect::<Result<_, _>>()? })
}

/// The length of the test sequences.
fn length(file: &ConfigFile, place: &str, raw: &raw::Test) -> Result<Option<usize>, ConfigError> {
    let length = raw.length.map(|length| length.0);
    if length.is_some() && ![ClaimMetric::Loss, ClaimMetric::Accuracy].contains(&raw.metric) {
        let problem = format!("belongs to `loss` and `accuracy`, but the metric is `{}`", raw.metric);
        return Err(file.error(&format!("{place}.length"), problem));
    }
    Ok(length)
}

fn test(file: &ConfigFile, place: &str, raw: &raw::Test) -> Result<Test, ConfigError> {
    let key = |name: &str| format!("{place}.{name}");
    if raw.answer.as_ref().is_some_and(|answer| answer.matches("{}").count() != 1) {
        let problem = "expected a sentence with one `{}`, which the measured number replaces";
        return Err(file.error(&format!("{place}.answer"), problem));
    }
    let reading = Reading {
        length: length(file, place, raw)?,
        ..reading(file, place, raw.metric, raw.quantity, raw.lag)?
    };
    if raw.metric == ClaimMetric::Sequences {
        let problem = "a run that does not solve its task has none, and would not count; expected `solved`";
        return Err(file.error(&key("metric"), problem));
    }
    let selected = selector(file, &key("where"), &raw.selected)?;
    let baseline = match (&raw.baseline, raw.compare) {
        (Some(table), how) => {
            Some((how.unwrap_or(Comparison::Difference), selector(file, &key("baseline"), table)?))
        }
        (None, Some(_)) => {
            let problem = "compares with the runs of `baseline`, which is missing";
            return Err(file.error(&key("compare"), problem));
        }
        (None, None) => None,
    };
    let is_ratio = matches!(baseline, Some((Comparison::Ratio, _)));
    if is_ratio && (raw.metric.is_at_one_lag() || raw.metric == ClaimMetric::Solved) {
        let problem = format!("a ratio of `{}` means nothing; expected `difference`", raw.metric);
        return Err(file.error(&key("compare"), problem));
    }
    let bound = bound(file, place, raw, is_ratio)?;
    if let Some(margin) = raw.margin.filter(|margin| !(margin.is_finite() && *margin > 0.0)) {
        return Err(file.error(&key("margin"), format!("expected a number above 0, found {margin}")));
    }
    if raw.margin.is_some() && raw.metric == ClaimMetric::Solved {
        let problem = "belongs to numbers; shares of a few runs are never known closely enough for it";
        return Err(file.error(&key("margin"), problem));
    }
    let (name, margin) = (raw.name.clone(), raw.margin);
    let (because, answer) = (raw.because.clone(), raw.answer.clone());
    Ok(Test { name, reading, selected, baseline, bound, margin, because, answer, control: raw.control })
}

fn bound(file: &ConfigFile, place: &str, raw: &raw::Test, is_ratio: bool) -> Result<Bound, ConfigError> {
    let (name, number, bound) = match (raw.above, raw.below) {
        (Some(number), None) => ("above", number, Bound::Above(number)),
        (None, Some(number)) => ("below", number, Bound::Below(number)),
        (Some(_), Some(_)) => {
            let problem = "expected `above` or `below`, found both";
            return Err(file.error(&format!("{place}.below"), problem));
        }
        (None, None) => {
            let problem = "expected `above` or `below`: the bound that the value must keep";
            return Err(file.error(place, problem));
        }
    };
    if !number.is_finite() || (is_ratio && number <= 0.0) {
        let expected = if is_ratio { "a number above 0, as a ratio is" } else { "a finite number" };
        return Err(file.error(&format!("{place}.{name}"), format!("expected {expected}, found {number}")));
    }
    Ok(bound)
}
