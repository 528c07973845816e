//! The settings and the environment in which two experiments differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Serialize;

use crate::report::fields::all;
use crate::report::load::Results;
use crate::report::summary::{Section, Statistic};
use crate::settings::names::ExperimentKind;
use crate::settings::{FIELDS, Settings, field};
use crate::support::distinct::distinct;
use crate::support::error::{Error, Result};
use crate::support::file::is_there;

/// Keys of a config that are texts, tests, or shown as settings of the runs.
const NOT_SHOWN: [&str; 9] =
    ["name", "question", "source", "expected_runtime", "expect", "claim", "changed", "added", "kind"];

/// Entries of `environment.json` that follow from others, or differ in every run.
const FOLLOWS: [&str; 5] = ["unix_time", "cpu_features", "isa_available", "lstm_lab", "git_revision"];

/// The values of one setting that are shown, at most.
const SHOWN: usize = 8;

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The setting, the entry of the environment, or the test.
    pub name: String,
    /// The value in A; empty if A has none.
    pub a: String,
    /// The value in B.
    pub b: String,
}

impl Difference {
    fn of(name: &str, a: String, b: String) -> Option<Difference> {
        (a != b).then(|| Difference { name: name.to_string(), a, b })
    }
}

/// The settings that have one value in all of A and another in all of B, by kind. Rows are matched without
/// them.
pub type Replaced = BTreeMap<ExperimentKind, Vec<&'static str>>;

/// Finds the settings that are replaced as a whole.
pub fn replaced(a: &[Statistic], b: &[Statistic]) -> Replaced {
    let of_kind = |rows: &[Statistic], kind| -> Vec<Settings> {
        rows.iter().map(|row| &row.point).filter(|point| point.kind == kind).cloned().collect()
    };
    let kinds: BTreeSet<ExperimentKind> = a.iter().map(|row| row.point.kind).collect();
    let of = |kind| {
        let (a, b) = (of_kind(a, kind), of_kind(b, kind));
        let is_replaced = |name: &&'static str| {
            let (a, b) = (values(&a, name), values(&b, name));
            a.len() == 1 && b.len() == 1 && a != b
        };
        (kind, all().into_iter().filter(is_replaced).collect())
    };
    kinds.into_iter().map(of).collect()
}

/// The values of a setting, in the order of their first run.
fn values(points: &[Settings], name: &str) -> Vec<Option<String>> {
    distinct(points.iter().map(|point| point.value(name)))
}

/// The settings whose values differ: of the runs, then of the configs.
///
/// # Errors
/// A config that is not TOML.
pub fn settings(a: &Results, b: &Results) -> Result<Vec<Difference>> {
    let mut found = of_runs(a, b);
    let (mut ours, mut theirs) = (config(a)?, config(b)?);
    if !ours.is_empty() && !theirs.is_empty() {
        let keys: BTreeSet<String> = ours.keys().chain(theirs.keys()).cloned().collect();
        for key in keys {
            let [a, b] = [&mut ours, &mut theirs].map(|config| config.remove(&key).unwrap_or_default());
            found.extend(Difference::of(&key, a, b));
        }
    }
    Ok(found)
}

/// The settings of the runs, by kind. The kind is named if there are several.
fn of_runs(a: &Results, b: &Results) -> Vec<Difference> {
    let kinds = |results: &Results| -> BTreeSet<ExperimentKind> {
        results.points.iter().map(|point| point.settings.kind).collect()
    };
    let points = |results: &Results, kind| -> Vec<Settings> {
        let runs = results.runs().filter(|run| run.settings.kind == kind);
        runs.map(|run| run.settings.clone()).collect()
    };
    let (ours, theirs) = (kinds(a), kinds(b));
    let listed = |kinds: &BTreeSet<ExperimentKind>| {
        kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(", ")
    };
    let mut found: Vec<Difference> =
        Difference::of("kind", listed(&ours), listed(&theirs)).into_iter().collect();
    let common: Vec<ExperimentKind> = ours.intersection(&theirs).copied().collect();
    for name in FIELDS.iter().map(|field| field.name).filter(|name| *name != "kind") {
        let symbol = field(name).map_or(name, |field| field.symbol);
        let of = |kind: &ExperimentKind| {
            let [a, b] = [a, b].map(|results| shown(values(&points(results, *kind), name)));
            Difference::of(symbol, a, b).map(|difference| (*kind, difference))
        };
        let differences: Vec<_> = common.iter().filter_map(of).collect();
        let is_same = differences.len() == common.len()
            && differences.iter().all(|(_, difference)| *difference == differences[0].1);
        match is_same {
            true => found.extend(differences.into_iter().take(1).map(|(_, difference)| difference)),
            false => found.extend(differences.into_iter().map(|(kind, difference)| Difference {
                name: format!("{} of {kind}", difference.name),
                ..difference
            })),
        }
    }
    found
}

fn shown(values: Vec<Option<String>>) -> String {
    let more = values.len().saturating_sub(SHOWN);
    let texts: Vec<String> = values.into_iter().flatten().take(SHOWN).collect();
    texts.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// The keys of a config that are no settings of a run, with their values; empty without a config.
fn config(results: &Results) -> Result<BTreeMap<String, String>> {
    let path = results.dir.join("config.toml");
    let mut found = BTreeMap::new();
    if !is_there(&path)? {
        return Ok(found);
    }
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let table: toml::Table =
        text.parse().map_err(|error| Error::data(&path, format!("expected TOML: {error}")))?;
    flatten("", &table, &mut found);
    Ok(found)
}

fn flatten(prefix: &str, table: &toml::Table, found: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let is_setting = field(key).is_some() || key == "seeds" || key == "shapes" || key == "exclude";
        if is_setting || (prefix.is_empty() && NOT_SHOWN.contains(&key.as_str())) {
            continue;
        }
        match value {
            toml::Value::Table(inner) => flatten(&format!("{prefix}{key}."), inner, found),
            toml::Value::String(text) => drop(found.insert(format!("{prefix}{key}"), text.clone())),
            other => drop(found.insert(format!("{prefix}{key}"), other.to_string())),
        }
    }
}

/// The environment that differs. The versions are those of the runs.
pub fn environment(a: &Results, b: &Results) -> Vec<Difference> {
    let programs = |results: &Results| {
        let programs: BTreeSet<String> = results.runs().filter_map(|run| run.program()).collect();
        programs.into_iter().collect::<Vec<_>>().join("; ")
    };
    let mut found: Vec<Difference> =
        Difference::of("lstm_lab", programs(a), programs(b)).into_iter().collect();
    let keys: BTreeSet<&String> = a.environment.keys().chain(b.environment.keys()).collect();
    let value = |results: &Results, key: &str| results.environment.get(key).cloned().unwrap_or_default();
    for key in keys.into_iter().filter(|key| !FOLLOWS.contains(&key.as_str())) {
        found.extend(Difference::of(key, value(a, key), value(b, key)));
    }
    found
}

/// The verdicts on expectations, claims and published results that differ, of those that both have.
pub fn verdicts(a: &[Statistic], b: &[Statistic]) -> Vec<Difference> {
    let is_judged =
        |row: &&Statistic| [Section::Expectation, Section::Claim, Section::Published].contains(&row.section);
    let verdict = |row: &Statistic| row.verdict.clone().unwrap_or_default();
    let of = |row: &Statistic| {
        let is_same = |other: &&Statistic| {
            (other.section, other.metric, &other.quantity) == (row.section, row.metric, &row.quantity)
                && other.against == row.against
        };
        let other = b.iter().filter(is_judged).find(is_same)?;
        let name = match row.section {
            Section::Published => format!("published: {} of {}", row.metric, row.quantity),
            section => format!("{section}: {}", row.quantity),
        };
        Difference::of(&name, verdict(row), verdict(other))
    };
    a.iter().filter(is_judged).filter_map(of).collect()
}
