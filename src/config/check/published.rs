//! The check of `published.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::reading::reading;
use super::selector::selector;
use crate::config::error_text::type_problem;
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Publication, Published, PublishedNumber, Rule};
use crate::support::error::{ConfigError, Result};
use crate::support::file::is_there;

/// Reads the publications of the experiment `name` from the file at `path`. They are empty if the file
/// does not exist.
///
/// # Errors
/// The first wrong key of the file, with its line. It may be in an entry of another experiment.
pub fn read_for(path: &Path, name: &str) -> Result<Published> {
    Ok(read(path)?.remove(name).unwrap_or_default())
}

/// Reads the publications of every experiment in the file at `path`. The file of a results directory has
/// one experiment.
///
/// # Errors
/// The first wrong key of the file, with its line.
pub fn read_all(path: &Path) -> Result<Vec<Publication>> {
    Ok(read(path)?.into_values().flat_map(|published| published.publications).collect())
}

/// Returns true for the content of a list of published results.
pub fn is_list(table: &Table) -> bool {
    let has_source = |entry: &Value| entry.get("source").is_some();
    let is_experiment =
        |value: &Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(has_source));
    !table.is_empty() && table.values().all(is_experiment)
}

fn read(path: &Path) -> Result<BTreeMap<String, Published>> {
    if !is_there(path)? {
        return Ok(BTreeMap::new());
    }
    let file = ConfigFile::read(path, &[])?;
    let table = file.table()?;
    if let Some((key, value)) = table.iter().find(|(_, value)| !value.is_array()) {
        let expected = type_problem("a list of publications, as `[[EXPERIMENT]]` adds to it", value);
        let problem = format!(
            "{expected}; a file of this name beside a config is the list of published results, \
             so another file needs another name"
        );
        return Err(file.error(key, problem).into());
    }
    let raw: BTreeMap<String, Vec<raw::Publication>> = file.typed("", table)?;
    let mut all = BTreeMap::new();
    for (name, raw) in raw {
        let publications = raw.iter().enumerate();
        let publications = publications.map(|(n, raw)| publication(&file, &format!("{name}[{n}]"), raw));
        let publications = publications.collect::<Result<_, ConfigError>>()?;
        let toml = toml::to_string_pretty(&BTreeMap::from([(&name, &raw)])).expect("it was read from TOML");
        all.insert(name, Published { publications, toml });
    }
    Ok(all)
}

fn publication(file: &ConfigFile, place: &str, raw: &raw::Publication) -> Result<Publication, ConfigError> {
    let comparable = raw.not_comparable.is_none();
    if comparable && raw.result.is_empty() {
        let problem = "expected a result, or `not_comparable` with the reason why there is none";
        return Err(file.error(place, problem));
    }
    let results = raw.result.iter().enumerate();
    let results = results.map(|(n, raw)| number(file, &format!("{place}.result[{n}]"), raw, comparable));
    Ok(Publication {
        source: raw.source.clone(),
        budget: raw.budget.clone(),
        not_comparable: raw.not_comparable.clone(),
        deviations: raw.deviations.clone(),
        results: results.collect::<Result<_, _>>()?,
    })
}

fn number(
    file: &ConfigFile,
    place: &str,
    raw: &raw::PublishedResult,
    comparable: bool,
) -> Result<PublishedNumber, ConfigError> {
    finite(file, &format!("{place}.value"), raw.value)?;
    Ok(PublishedNumber {
        selected: selector(file, &format!("{place}.where"), &raw.selected)?,
        reading: reading(file, place, raw.metric, raw.quantity, raw.lag)?,
        value: raw.value,
        rule: rule(file, place, raw, comparable)?,
        min_sequences: raw.min_sequences.map(|count| count.0),
    })
}

fn finite(file: &ConfigFile, key: &str, number: f64) -> Result<(), ConfigError> {
    if number.is_finite() {
        return Ok(());
    }
    Err(file.error(key, format!("expected a finite number, found {number}")))
}

/// The condition for a match. A result must have exactly one, and none if the publication is
/// `not_comparable`.
fn rule(
    file: &ConfigFile,
    place: &str,
    raw: &raw::PublishedResult,
    comparable: bool,
) -> Result<Option<Rule>, ConfigError> {
    let rules = [
        ("within_factor", raw.within_factor.map(Rule::WithinFactor)),
        ("at_most", raw.at_most.map(Rule::AtMost)),
        ("at_least", raw.at_least.map(Rule::AtLeast)),
        ("at_chance", raw.at_chance.then_some(Rule::AtChance)),
    ];
    let given: Vec<(&str, Rule)> = rules.into_iter().filter_map(|(name, rule)| Some((name, rule?))).collect();
    match given.as_slice() {
        [(name, rule)] if comparable => {
            check_rule(file, &format!("{place}.{name}"), raw, *rule)?;
            Ok(Some(*rule))
        }
        [] if !comparable => Ok(None),
        [(name, ..), ..] if !comparable => {
            let problem =
                "says what a match is, but the publication is `not_comparable`; leave one of them out";
            Err(file.error(&format!("{place}.{name}"), problem))
        }
        _ => {
            let problem = "expected one of `within_factor`, `at_most`, `at_least` and `at_chance`: what \
                           counts as a match";
            Err(file.error(place, problem))
        }
    }
}

fn check_rule(
    file: &ConfigFile,
    key: &str,
    raw: &raw::PublishedResult,
    rule: Rule,
) -> Result<(), ConfigError> {
    match rule {
        Rule::WithinFactor(factor) if !(factor >= 1.0 && factor.is_finite() && raw.value > 0.0) => {
            let problem = format!("expected a factor of at least 1 on a value above 0, found {factor}");
            Err(file.error(key, problem))
        }
        Rule::AtMost(number) | Rule::AtLeast(number) => finite(file, key, number),
        Rule::AtChance if !raw.metric.has_chance() => {
            Err(file
                .error(key, format!("expected a metric that has a level of chance, found `{}`", raw.metric)))
        }
        _ => Ok(()),
    }
}
