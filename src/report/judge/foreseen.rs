//! Verdicts that are known before a run, because there are too few seeds.

use super::evidence::Evidence;
use super::test::SIGNIFICANT;
use crate::config::spec::{CLAIM_SEEDS, MIN_SEEDS, Test, Tests};
use crate::support::stats;

/// Sentences on the tests that can only come out undecided with this number of seeds.
pub fn foreseen(tests: &Tests, seeds: usize) -> Vec<String> {
    let mut sentences = Vec::new();
    let tests_of_claim: Vec<&Test> =
        tests.claim.iter().flat_map(|claim| &claim.tests).filter(|test| !test.control).collect();
    if !tests_of_claim.is_empty() && seeds < CLAIM_SEEDS {
        sentences.push(format!(
            "the claim will be undecided: expected at least {CLAIM_SEEDS} seeds, found {seeds}"
        ));
    } else {
        let smallest: Vec<f64> =
            tests_of_claim.iter().map(|test| Evidence::smallest_p_value(test, seeds)).collect();
        // Holm's first step fails if the smallest value does, and then no test is decided.
        if !smallest.is_empty() && stats::holm(&smallest).iter().all(|p| *p > SIGNIFICANT) {
            sentences.push(format!(
                "the claim will be undecided: {seeds} seeds are too few for its {} tests",
                smallest.len()
            ));
        }
    }
    if !tests.expectations.is_empty() && seeds < MIN_SEEDS {
        sentences.push(format!(
            "its expectations will be undecided: expected at least {MIN_SEEDS} seeds, found {seeds}"
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::spec::{Bound, Claim, ClaimMetric, Reading};
    use crate::report::fixtures;

    fn test(metric: ClaimMetric) -> Test {
        let test = fixtures::test("x");
        Test { reading: Reading { metric, ..test.reading }, bound: Bound::Above(0.5), ..test }
    }

    fn claim(metric: ClaimMetric, count: usize) -> Tests {
        let claim = Claim { statement: "So it is.".to_string(), tests: vec![test(metric); count] };
        Tests { claim: Some(claim), expectations: vec![] }
    }

    #[test]
    fn foreseen_claim_needs_six_seeds_and_shares_need_more_for_more_tests() {
        let count = |metric, tests, seeds| foreseen(&claim(metric, tests), seeds).len();
        assert_eq!(count(ClaimMetric::Slope, 4, 5), 1);
        assert_eq!(count(ClaimMetric::Slope, 4, 6), 0);
        // Six of six have p = 2 / 2^6 = 0.031, which decides one test and not two.
        for metric in [ClaimMetric::Solved, ClaimMetric::Seconds] {
            assert_eq!(
                [count(metric, 1, 6), count(metric, 2, 6), count(metric, 2, 7)],
                [0, 1, 0],
                "{metric}"
            );
        }
    }

    #[test]
    fn foreseen_expectations_need_three_seeds() {
        let tests = Tests { claim: None, expectations: vec![test(ClaimMetric::Slope)] };
        assert_eq!(foreseen(&tests, 3), Vec::<String>::new());
        let expected = "its expectations will be undecided: expected at least 3 seeds, found 2";
        assert_eq!(foreseen(&tests, 2), [expected]);
    }
}
