//! Verdicts on the claim and on published results. Everything is judged once.

mod claim;
mod judged;
mod observations;
mod published;
mod vs_chance;

use super::group::Groups;
use super::load::Results;
use crate::config::spec::{PublishedNumber, Test};

pub use self::claim::{ClaimTest, ClaimVerdict, expectation, overall};
pub use self::published::PublishedResult;
pub use self::vs_chance::vs_chance;

/// The verdicts of an experiment.
#[derive(Debug, Default)]
pub struct Verdicts<'a> {
    /// The tests of the claim.
    pub claim: Vec<ClaimTest<'a>>,
    /// The results of each publication.
    pub published: Vec<Vec<PublishedResult<'a>>>,
}

impl Verdicts<'_> {
    /// Judges the claim and every published result.
    pub fn judge<'a>(results: &'a Results, groups: &Groups) -> Verdicts<'a> {
        let observe = |selector, reading| observations::observe(results, groups, selector, reading);
        let tests = results.claim.iter().flat_map(|claim| &claim.tests);
        let of_test = |test: &'a Test| {
            let baseline = test.baseline.as_ref().map(|(_, selector)| observe(selector, &test.reading));
            claim::judge(test, &observe(&test.selected, &test.reading), baseline.as_ref())
        };
        let of_result = |result: &'a PublishedNumber| {
            published::judge(result, &observe(&result.selected, &result.reading))
        };
        let publications = results.publications.iter();
        Verdicts {
            claim: tests.map(of_test).collect(),
            published: publications.map(|of| of.results.iter().map(of_result).collect()).collect(),
        }
    }
}
