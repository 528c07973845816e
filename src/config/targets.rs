//! `targets.toml`: the published results that experiments repeat. It stands beside their configs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::claim::{one_point, selected};
use super::reading::Reading;
use super::setting::Selector;
use super::source::Source;
use crate::plan::run::Run;
use crate::support::error::{ConfigError, Error, Result};

/// The file's name, beside configs and in results directories.
pub const FILE: &str = "targets.toml";

/// `[[EXPERIMENT]]` as serde sees it: one publication.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationWire {
    /// Authors, title or place, and the table or section.
    source: String,
    /// How much was trained for the numbers, in the publication's words.
    budget: Option<String>,
    /// Why its numbers and ours do not compare.
    not_comparable: Option<String>,
    /// Where the experiment differs from the publication.
    deviations: Option<Vec<String>>,
    /// The numbers.
    result: Option<Vec<ResultWire>>,
}

/// `[[EXPERIMENT.result]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultWire {
    /// Settings of the runs that repeat it.
    #[serde(rename = "where")]
    of: toml::Table,
    /// Which number of a run.
    metric: String,
    /// For `log10_norm` and `slope`.
    quantity: Option<String>,
    /// For `log10_norm`.
    lag: Option<i64>,
    /// The published number, in the metric's unit.
    value: f64,
    /// What chance reaches.
    chance: Option<f64>,
    /// A match is at most so many times larger or smaller.
    within_factor: Option<f64>,
    /// A match is at most this.
    at_most: Option<f64>,
    /// A match is at least this.
    at_least: Option<f64>,
    /// Runs that were trained on fewer sequences are not held against the number: a published failure is soon repeated.
    least_sequences: Option<usize>,
}

/// The publications of one experiment, checked, and as they are written.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// In the file's order.
    pub publications: Vec<Publication>,
    wire: Vec<PublicationWire>,
}

/// What was published in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Authors, title or place, and the table or section.
    pub source: String,
    /// How much was trained for the numbers, in the publication's words.
    pub budget: Option<String>,
    /// Why its numbers and ours do not compare.
    pub not_comparable: Option<String>,
    /// Where the experiment differs from the publication.
    pub deviations: Vec<String>,
    /// The numbers.
    pub results: Vec<Published>,
}

/// One published number.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The runs that repeat it.
    pub of: Selector,
    /// Which number of a run.
    pub reading: Reading,
    /// The published number.
    pub value: f64,
    /// What chance reaches.
    pub chance: Option<f64>,
    /// What counts as a match; none where numbers do not compare.
    pub rule: Option<Rule>,
    /// Runs that were trained on fewer sequences are not held against the number, unless they are better.
    pub least_sequences: Option<usize>,
}

/// What counts as a match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// At most so many times the published number, and at least that part of it.
    WithinFactor(f64),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

impl Rule {
    /// Whether `found` is a match of `published`.
    pub fn holds(self, found: f64, published: f64) -> bool {
        match self {
            Rule::WithinFactor(factor) => {
                let ratio = found / published;
                ratio <= factor && ratio >= 1.0 / factor
            }
            Rule::AtMost(most) => found <= most,
            Rule::AtLeast(least) => found >= least,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::WithinFactor(factor) => write!(f, "within a factor of {factor}"),
            Rule::AtMost(most) => write!(f, "at most {most}"),
            Rule::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

/// The publications of the experiment `name` in the file at `path`; none where there is no such file.
///
/// # Errors
/// [`Error::Config`] with file, line and key, also for an entry of another experiment.
pub fn read(path: &Path, name: &str) -> Result<Targets> {
    Ok(read_file(path)?.remove(name).unwrap_or_default())
}

/// The publications of every experiment in the file at `path`: of one, in a results directory.
///
/// # Errors
/// [`Error::Config`] with file, line and key.
pub fn read_all(path: &Path) -> Result<Vec<Publication>> {
    Ok(read_file(path)?.into_values().flat_map(|targets| targets.publications).collect())
}

fn read_file(path: &Path) -> Result<BTreeMap<String, Targets>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let source = Source::read(path, &[])?;
    let wires: BTreeMap<String, Vec<PublicationWire>> = source.parse()?;
    let check = Check { source: &source };
    let mut all = BTreeMap::new();
    for (name, wire) in wires {
        let publications = check.publications(&name, &wire)?;
        all.insert(name, Targets { publications, wire });
    }
    Ok(all)
}

impl Targets {
    /// As a file that [`read`] reads again; none where nothing is published.
    ///
    /// # Errors
    /// None that is known: what is written was read from TOML.
    pub fn to_toml(&self, name: &str) -> Result<Option<String>> {
        if self.wire.is_empty() {
            return Ok(None);
        }
        let text = toml::to_string_pretty(&BTreeMap::from([(name, &self.wire)]));
        text.map(Some)
            .map_err(|error| Error::Usage(format!("{name}: {FILE} cannot be written as TOML: {error}")))
    }

    /// Whether each number has the runs of one grid point at most, which have such a number. It may have no run: a setting may
    /// be swept elsewhere from the command line.
    ///
    /// # Errors
    /// [`Error::Usage`] for the first that has more, or whose runs have no such number.
    pub(crate) fn fit(&self, name: &str, runs: &[Run]) -> Result<()> {
        for published in self.publications.iter().flat_map(|publication| &publication.results) {
            let fitting = selected(&published.of, published.reading.metric, runs);
            let lacks = || match fitting.iter().find_map(|run| published.reading.lacks(run)) {
                Some((_, problem)) => Err(problem),
                None => Ok(()),
            };
            one_point(&fitting).and_then(|()| lacks()).map_err(|problem| {
                let result = format!("the published result where {} {problem}", published.of);
                Error::Usage(format!("{FILE}: `{name}`: {result}"))
            })?;
        }
        Ok(())
    }
}

impl Check<'_> {
    fn publications(&self, name: &str, wires: &[PublicationWire]) -> Result<Vec<Publication>, ConfigError> {
        let one = |(n, wire): (usize, &PublicationWire)| self.publication(&format!("{name}[{n}]"), wire);
        wires.iter().enumerate().map(one).collect()
    }

    fn publication(&self, place: &str, wire: &PublicationWire) -> Result<Publication, ConfigError> {
        let comparable = wire.not_comparable.is_none();
        let wires = wire.result.as_deref().unwrap_or_default();
        if comparable && wires.is_empty() {
            let problem = "expected a result, or `not_comparable` with the reason why there is none";
            return Err(self.source.error(place, problem));
        }
        let one = |(n, wire): (usize, &ResultWire)| {
            self.published(&format!("{place}.result[{n}]"), wire, comparable)
        };
        Ok(Publication {
            source: wire.source.clone(),
            budget: wire.budget.clone(),
            not_comparable: wire.not_comparable.clone(),
            deviations: wire.deviations.clone().unwrap_or_default(),
            results: wires.iter().enumerate().map(one).collect::<Result<_, _>>()?,
        })
    }

    fn finite(&self, key: &str, number: Option<f64>) -> Result<(), ConfigError> {
        match number.filter(|number| !number.is_finite()) {
            Some(number) => Err(self.source.error(key, format!("expected a finite number, found {number}"))),
            None => Ok(()),
        }
    }

    fn published(&self, place: &str, wire: &ResultWire, comparable: bool) -> Result<Published, ConfigError> {
        let key = |name: &str| format!("{place}.{name}");
        for (name, number) in [("value", Some(wire.value)), ("chance", wire.chance)] {
            self.finite(&key(name), number)?;
        }
        let rules = [
            ("within_factor", wire.within_factor, Rule::WithinFactor as fn(f64) -> Rule),
            ("at_most", wire.at_most, Rule::AtMost),
            ("at_least", wire.at_least, Rule::AtLeast),
        ];
        let given: Vec<_> = rules.into_iter().filter_map(|(name, n, rule)| Some((name, n?, rule))).collect();
        let rule = match given.as_slice() {
            [(name, number, rule)] if comparable => {
                if *name == "within_factor" && !(*number >= 1.0 && number.is_finite() && wire.value > 0.0) {
                    let problem =
                        format!("expected a factor of at least 1 on a value above 0, found {number}");
                    return Err(self.source.error(&key(name), problem));
                }
                self.finite(&key(name), Some(*number))?;
                Some(rule(*number))
            }
            [] if !comparable => None,
            [(name, ..), ..] if !comparable => {
                let problem =
                    "says what a match is, but the publication is `not_comparable`; leave one of them out";
                return Err(self.source.error(&key(name), problem));
            }
            _ => {
                let problem =
                    "expected one of `within_factor`, `at_most` and `at_least`: what counts as a match";
                return Err(self.source.error(place, problem));
            }
        };
        Ok(Published {
            of: self.selector(&key("where"), &wire.of)?,
            reading: self.reading(place, &wire.metric, wire.quantity.as_deref(), wire.lag)?,
            value: wire.value,
            chance: wire.chance,
            rule,
            least_sequences: wire.least_sequences,
        })
    }
}
