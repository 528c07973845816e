//! The check of `published.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use super::reading::reading;
use super::selector::selector;
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Publication, Published, PublishedNumber, Rule};
use crate::support::error::{ConfigError, Result};

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

fn read(path: &Path) -> Result<BTreeMap<String, Published>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let file = ConfigFile::read(path, &[])?;
    let raw: BTreeMap<String, Vec<raw::Publication>> = file.typed("", file.table()?)?;
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
    for (name, number) in [("value", Some(raw.value)), ("chance", raw.chance)] {
        finite(file, &format!("{place}.{name}"), number)?;
    }
    Ok(PublishedNumber {
        selected: selector(file, &format!("{place}.where"), &raw.selected)?,
        reading: reading(file, place, raw.metric, raw.quantity, raw.lag)?,
        value: raw.value,
        chance: raw.chance,
        rule: rule(file, place, raw, comparable)?,
        min_sequences: raw.min_sequences.map(|count| count.0),
    })
}

fn finite(file: &ConfigFile, key: &str, number: Option<f64>) -> Result<(), ConfigError> {
    match number.filter(|number| !number.is_finite()) {
        Some(number) => Err(file.error(key, format!("expected a finite number, found {number}"))),
        None => Ok(()),
    }
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
        ("within_factor", raw.within_factor, Rule::WithinFactor as fn(f64) -> Rule),
        ("at_most", raw.at_most, Rule::AtMost),
        ("at_least", raw.at_least, Rule::AtLeast),
    ];
    let given: Vec<_> = rules.into_iter().filter_map(|(name, n, rule)| Some((name, n?, rule))).collect();
    match given.as_slice() {
        [(name, number, rule)] if comparable => {
            let key = format!("{place}.{name}");
            if *name == "within_factor" && !(*number >= 1.0 && number.is_finite() && raw.value > 0.0) {
                let problem = format!("expected a factor of at least 1 on a value above 0, found {number}");
                return Err(file.error(&key, problem));
            }
            finite(file, &key, Some(*number))?;
            Ok(Some(rule(*number)))
        }
        [] if !comparable => Ok(None),
        [(name, ..), ..] if !comparable => {
            let problem =
                "says what a match is, but the publication is `not_comparable`; leave one of them out";
            Err(file.error(&format!("{place}.{name}"), problem))
        }
        _ => {
            let problem = "expected one of `within_factor`, `at_most` and `at_least`: what counts as a match";
            Err(file.error(place, problem))
        }
    }
}
