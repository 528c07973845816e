//! The check of `[claim]`.

use super::reading::reading;
use super::selector::selector;
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Bound, Claim, ClaimMetric, Comparison, Test};
use crate::support::error::ConfigError;

/// Checks a claim.
///
/// # Errors
/// A claim without a test that can decide it; the first test with a wrong key.
pub fn claim(file: &ConfigFile, raw: raw::Claim) -> Result<Claim, ConfigError> {
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

fn test(file: &ConfigFile, place: &str, raw: &raw::Test) -> Result<Test, ConfigError> {
    let key = |name: &str| format!("{place}.{name}");
    let reading = reading(file, place, raw.metric, raw.quantity, raw.lag)?;
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
    if is_ratio && matches!(raw.metric, ClaimMetric::Log10Norm | ClaimMetric::Solved) {
        let problem = format!("a ratio of `{}` means nothing; expected `difference`", raw.metric);
        return Err(file.error(&key("compare"), problem));
    }
    let bound = bound(file, place, raw, is_ratio)?;
    Ok(Test { name: raw.name.clone(), reading, selected, baseline, bound, control: raw.control })
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
            let problem =
                "expected `above` or `below`: the bound that a value must keep to support the claim";
            return Err(file.error(place, problem));
        }
    };
    if !number.is_finite() || (is_ratio && number <= 0.0) {
        let expected = if is_ratio { "a number above 0, as a ratio is" } else { "a finite number" };
        return Err(file.error(&format!("{place}.{name}"), format!("expected {expected}, found {number}")));
    }
    Ok(bound)
}
