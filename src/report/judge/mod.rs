//! Verdicts on expectations, on the claim and on published results. Everything is judged once.

mod claim;
mod judged;
mod observations;
mod published;
mod tally;
mod vs_chance;

use self::claim::{CLAIM_SEEDS, EXPECTATION_SEEDS};
use super::group::Groups;
use super::load::Results;
use crate::config::spec::{PublishedNumber, Test};

pub use self::claim::{JudgedTest, TestVerdict, overall};
pub use self::published::PublishedResult;
use self::published::PublishedVerdict;
pub use self::tally::tally;
pub use self::vs_chance::vs_chance;

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
        let of_test = |test: &'a Test, min_seeds| {
            let baseline = test.baseline.as_ref().map(|(_, selector)| observe(selector, &test.reading));
            let judged =
                claim::judge(test, &observe(&test.selected, &test.reading), baseline.as_ref(), min_seeds);
            if is_changed { judged.with_verdict(TestVerdict::NotJudged, CHANGED) } else { judged }
        };
        let of_result = |result: &'a PublishedNumber| {
            let judged = published::judge(result, &observe(&result.selected, &result.reading));
            let verdict = PublishedVerdict::NotComparable;
            if is_changed { judged.with_verdict(verdict, CHANGED) } else { judged }
        };
        let expectations = results.tests.expectations.iter();
        let claim = results.tests.claim.iter().flat_map(|claim| &claim.tests);
        let publications = results.publications.iter();
        Verdicts {
            expectations: expectations.map(|test| of_test(test, EXPECTATION_SEEDS)).collect(),
            claim: claim.map(|test| of_test(test, CLAIM_SEEDS)).collect(),
            published: publications.map(|of| of.results.iter().map(of_result).collect()).collect(),
        }
    }
}
