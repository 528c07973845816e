//! Verdicts on expectations, on the claim and on published results. Everything is judged once.

mod claim;
mod evidence;
mod foreseen;
mod judged;
mod observations;
mod published;
mod tally;
mod test;
mod vs_chance;

use super::group::Groups;
use super::load::Results;
use crate::config::spec::{MIN_SEEDS, PublishedNumber, Test};

pub use self::claim::{ClaimVerdict, counts, headline, overall};
pub use self::evidence::Evidence;
pub use self::foreseen::foreseen;
pub use self::published::PublishedResult;
use self::published::PublishedVerdict;
pub use self::tally::tally;
use self::test::Case;
pub use self::test::{JudgedTest, TestVerdict};
pub use self::vs_chance::{tally_vs_chance, vs_chance};

/// The verdicts of an experiment.
#[derive(Debug, Default)]
pub struct Verdicts<'a> {
    /// The expectations.
    pub expectations: Vec<JudgedTest<'a>>,
    /// The tests of the claim.
    pub claim: Vec<JudgedTest<'a>>,
    /// The results of each publication.
    pub published: Vec<Vec<PublishedResult<'a>>>,
}

/// The note on a verdict that changed settings prevent.
const CHANGED: &str = "settings were changed";

impl Verdicts<'_> {
    /// Judges every expectation, the claim and every published result. On changed settings nothing is judged.
    pub fn judge<'a>(results: &'a Results, groups: &Groups) -> Verdicts<'a> {
        let observe = |selector, reading| observations::observe(results, groups, selector, reading);
        let is_changed = !results.about.changed.is_empty();
        let case = |test: &'a Test| {
            let baseline = test.baseline.as_ref().map(|(_, selector)| observe(selector, &test.reading));
            Case::new(test, observe(&test.selected, &test.reading), baseline)
        };
        let unless_changed = |judged: JudgedTest<'a>| {
            if is_changed { judged.with_verdict(TestVerdict::NotJudged, CHANGED) } else { judged }
        };
        let expectation = |test: &'a Test| {
            let case = case(test);
            unless_changed(case.judge(case.p_value(), MIN_SEEDS))
        };
        let of_result = |result: &'a PublishedNumber| {
            let judged = published::judge(result, &observe(&result.selected, &result.reading));
            let verdict = PublishedVerdict::NotComparable;
            if is_changed { judged.with_verdict(verdict, CHANGED) } else { judged }
        };
        let expectations = results.tests.expectations.iter();
        let claim = results.tests.claim.iter().flat_map(|claim| &claim.tests).map(case);
        let claim = claim::judge_tests(&claim.collect::<Vec<_>>());
        let publications = results.publications.iter();
        Verdicts {
            expectations: expectations.map(expectation).collect(),
            claim: claim.into_iter().map(unless_changed).collect(),
            published: publications.map(|of| of.results.iter().map(of_result).collect()).collect(),
        }
    }
}
