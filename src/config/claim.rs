//! `[claim]`: what is said of a network, and the tests that decide whether the runs support it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::reading::{Metric, Reading};
use super::setting::Selector;
use super::source::Source;
use crate::plan::run::Run;
use crate::support::error::{ConfigError, Result};
use crate::support::names::names;

/// `[claim]` as serde sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimWire {
    /// The claim in one sentence.
    says: String,
    /// What decides it.
    test: Vec<TestWire>,
}

/// `[[claim.test]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestWire {
    /// What is tested, in a few words.
    what: String,
    /// Which number of a run.
    metric: String,
    /// `total_h`, …, for a metric of gradients.
    quantity: Option<String>,
    /// For `log10_norm`.
    lag: Option<i64>,
    /// The value lies above this where the claim is right.
    above: Option<f64>,
    /// The value lies below this where the claim is right.
    below: Option<f64>,
    /// `difference` or `ratio`, with `against`.
    compare: Option<String>,
    /// Settings of the runs that are looked at.
    of: toml::Table,
    /// Settings of the runs that they are compared with, seed by seed.
    against: Option<toml::Table>,
    /// Whether this shows that the experiment can tell, and says nothing of the claim itself.
    control: Option<bool>,
}

/// A claim, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The claim in one sentence.
    pub says: String,
    /// What decides it: it is supported where each of them is, and undecided where a control is not.
    pub tests: Vec<Test>,
}

/// One test: a value a seed, whose interval must lie on one side of a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is tested, in a few words.
    pub what: String,
    /// Which number of a run.
    pub reading: Reading,
    /// The runs that are looked at.
    pub of: Selector,
    /// The runs that they are compared with.
    pub against: Option<(Comparison, Selector)>,
    /// What the value must be.
    pub counts: Bound,
    /// Whether it shows that the experiment can tell, and says nothing of the claim itself.
    pub control: bool,
}

names! {
    /// How two numbers of one seed become one.
    Comparison ("comparison") {
        /// the first less the second
        Difference = "difference",
        /// the first over the second; means are geometric
        Ratio = "ratio",
    }
}

/// The side of a number on which a value supports a claim.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Larger values do.
    Above(f64),
    /// Smaller values do.
    Below(f64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Above(bound) => write!(f, "above {bound}"),
            Bound::Below(bound) => write!(f, "below {bound}"),
        }
    }
}

/// A config, of which only the claim is looked at.
#[derive(Deserialize)]
struct OnlyClaim {
    claim: Option<ClaimWire>,
}

/// The claim of a config that was saved beside results, whatever else is in it.
///
/// # Errors
/// [`Error::Config`](crate::support::error::Error::Config) with file, line and key.
pub fn read(path: &Path) -> Result<Option<Claim>> {
    let source = Source::read(path, &[])?;
    let OnlyClaim { claim } = source.parse()?;
    Ok(Check { source: &source }.claim(claim.as_ref())?)
}

impl Check<'_> {
    pub(crate) fn claim(&self, wire: Option<&ClaimWire>) -> Result<Option<Claim>, ConfigError> {
        let Some(wire) = wire else { return Ok(None) };
        if wire.test.is_empty() {
            return Err(self.source.error("claim.test", "expected at least one test, found an empty list"));
        }
        if wire.test.iter().all(|test| test.control == Some(true)) {
            let problem = "expected a test that is no control: nothing else decides the claim";
            return Err(self.source.error("claim.test", problem));
        }
        let tests = wire.test.iter().enumerate();
        let tests = tests.map(|(n, test)| self.claim_test(&format!("claim.test[{n}]"), test));
        Ok(Some(Claim { says: wire.says.clone(), tests: tests.collect::<Result<_, _>>()? }))
    }

    fn claim_test(&self, place: &str, wire: &TestWire) -> Result<Test, ConfigError> {
        let key = |name: &str| format!("{place}.{name}");
        let reading = self.reading(place, &wire.metric, wire.quantity.as_deref(), wire.lag)?;
        let metric = reading.metric;
        if metric == Metric::Sequences {
            let problem =
                "a run that does not solve its task has none, and would not count; expected `solved`";
            return Err(self.source.error(&key("metric"), problem));
        }
        let of = self.selector(&key("of"), &wire.of)?;
        let against = match (&wire.against, wire.compare.as_deref()) {
            (Some(table), word) => {
                let how = word.map_or(Ok(Comparison::Difference), |word| self.word(&key("compare"), word))?;
                Some((how, self.selector(&key("against"), table)?))
            }
            (None, Some(_)) => {
                let problem = "compares with the runs of `against`, which is not there";
                return Err(self.source.error(&key("compare"), problem));
            }
            (None, None) => None,
        };
        let is_ratio = matches!(against, Some((Comparison::Ratio, _)));
        if is_ratio && matches!(metric, Metric::Log10Norm | Metric::Solved) {
            let problem = format!("a ratio of `{metric}` means nothing; expected `difference`");
            return Err(self.source.error(&key("compare"), problem));
        }
        let counts = self.bound(place, wire, is_ratio)?;
        let control = wire.control.unwrap_or(false);
        Ok(Test { what: wire.what.clone(), reading, of, against, counts, control })
    }

    fn bound(&self, place: &str, wire: &TestWire, is_ratio: bool) -> Result<Bound, ConfigError> {
        let (name, bound) = match (wire.above, wire.below) {
            (Some(bound), None) => ("above", Bound::Above(bound)),
            (None, Some(bound)) => ("below", Bound::Below(bound)),
            (Some(_), Some(_)) => {
                let problem = "expected `above` or `below`, found both";
                return Err(self.source.error(&format!("{place}.below"), problem));
            }
            (None, None) => {
                let problem = "expected `above` or `below`: what a value must be to support the claim";
                return Err(self.source.error(place, problem));
            }
        };
        let (Bound::Above(number) | Bound::Below(number)) = bound;
        if !number.is_finite() || (is_ratio && number <= 0.0) {
            let expected = if is_ratio { "a number above 0, as a ratio is" } else { "a finite number" };
            return Err(self
                .source
                .error(&format!("{place}.{name}"), format!("expected {expected}, found {number}")));
        }
        Ok(bound)
    }
}

impl Claim {
    /// Whether every test has runs to look at: those of one grid point on each side, which have the number.
    ///
    /// # Errors
    /// For the first test that has not, with file, line and key.
    pub(crate) fn fits(&self, source: &Source, runs: &[Run]) -> Result<(), ConfigError> {
        for (n, test) in self.tests.iter().enumerate() {
            let sides = [("of", Some(&test.of)), ("against", test.against.as_ref().map(|(_, side)| side))];
            for (side, selector) in sides.into_iter().filter_map(|(side, of)| Some((side, of?))) {
                let wrong = |key: &str, problem: String| {
                    source.error(&format!("claim.test[{n}].{key}"), format!("`{selector}` {problem}"))
                };
                let fitting = selected(selector, test.reading.metric, runs);
                if fitting.is_empty() {
                    let kind = test.reading.metric.kind();
                    return Err(wrong(side, format!("fits no run of the kind `{kind}`")));
                }
                one_point(&fitting).map_err(|problem| wrong(side, problem))?;
                if let Some((key, problem)) = fitting.iter().find_map(|run| test.reading.lacks(run)) {
                    return Err(wrong(key, problem));
                }
            }
        }
        Ok(())
    }
}

/// The runs of a metric's kind that fit.
pub(crate) fn selected<'a>(selector: &Selector, metric: Metric, runs: &'a [Run]) -> Vec<&'a Run> {
    let fits = |run: &&Run| run.settings.kind == metric.kind() && selector.fits(&run.settings);
    runs.iter().filter(fits).collect()
}

/// Whether the runs differ in nothing but the seed.
pub(crate) fn one_point(runs: &[&Run]) -> Result<(), String> {
    let mut seeds = BTreeSet::new();
    match runs.iter().find(|run| !seeds.insert(run.settings.seed)) {
        None => Ok(()),
        Some(other) => {
            let (one, other) = (runs[0].describe(), other.describe());
            Err(format!("fits several grid points, such as `{one}` and `{other}`; expected one"))
        }
    }
}
