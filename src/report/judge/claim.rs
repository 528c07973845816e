//! The verdict on a claim, from its tests. Each test is the claim at one setting, or against another one.

use super::test::{Case, JudgedTest, TestVerdict, named};
use crate::config::spec::CLAIM_SEEDS;
use crate::support::stats;
use crate::support::text::pluralize;

/// Judges the tests of a claim. The p-values of the tests that are no controls are adjusted for their number
/// (Holm 1979). The controls decide nothing by themselves.
pub fn judge_tests<'a>(cases: &[Case<'a>]) -> Vec<JudgedTest<'a>> {
    let raw: Vec<Option<f64>> = cases.iter().map(Case::p_value).collect();
    let is_adjusted = |n: &usize| !cases[*n].test.control && raw[*n].is_some();
    let family: Vec<usize> = (0..cases.len()).filter(is_adjusted).collect();
    let mut p_values = raw.clone();
    let of_family: Vec<f64> = family.iter().filter_map(|n| raw[*n]).collect();
    for (n, adjusted) in family.into_iter().zip(stats::holm(&of_family)) {
        p_values[n] = Some(adjusted);
    }
    cases.iter().zip(p_values).map(|(case, p_value)| case.judge(p_value, CLAIM_SEEDS)).collect()
}

/// The verdict of the runs on a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimVerdict {
    /// Every test supports it.
    Supported,
    /// No test supports it: each is contradicted or equivalent.
    Contradicted,
    /// Some tests support it, and others contradict it or show no difference.
    Depends,
    /// Some tests are undecided and the others agree, or a control does not hold or is undecided.
    Undecided,
    /// Settings were changed.
    NotJudged,
}

impl ClaimVerdict {
    /// The verdict in words.
    pub fn in_words(self) -> &'static str {
        match self {
            ClaimVerdict::Supported => "supported",
            ClaimVerdict::Contradicted => "contradicted",
            ClaimVerdict::Depends => "supported in part",
            ClaimVerdict::Undecided => "undecided",
            ClaimVerdict::NotJudged => "not judged",
        }
    }
}

/// The verdict on a claim, given its judged tests.
pub fn overall(tests: &[JudgedTest]) -> ClaimVerdict {
    if tests.iter().any(|judged| judged.verdict == TestVerdict::NotJudged) {
        return ClaimVerdict::NotJudged;
    }
    if control_fails(tests) {
        return ClaimVerdict::Undecided;
    }
    let count = |verdict: TestVerdict| named(tests, verdict).len();
    let against = count(TestVerdict::Fails) + count(TestVerdict::Equivalent);
    match (count(TestVerdict::Holds), against, count(TestVerdict::Undecided)) {
        (1.., 0, 0) => ClaimVerdict::Supported,
        (0, 1.., 0) => ClaimVerdict::Contradicted,
        (1.., 1.., _) => ClaimVerdict::Depends,
        _ => ClaimVerdict::Undecided,
    }
}

/// The verdicts beside support.
const OTHERS: [TestVerdict; 3] = [TestVerdict::Fails, TestVerdict::Equivalent, TestVerdict::Undecided];

/// `supported in 2 of 4 tests`, of those that are no controls.
fn support(tests: &[JudgedTest]) -> String {
    let total = tests.iter().filter(|judged| !judged.subject.control).count();
    format!("supported in {} of {}", named(tests, TestVerdict::Holds).len(), pluralize(total, "test"))
}

/// `supported in 2 of 4 tests, contradicted in 1, undecided in 1`.
pub fn counts(tests: &[JudgedTest]) -> String {
    let of = |verdict: &TestVerdict| match named(tests, *verdict).len() {
        0 => None,
        count => Some(format!(", {} in {count}", verdict.on_claim())),
    };
    support(tests) + &OTHERS.iter().filter_map(of).collect::<String>()
}

/// `supported in 2 of 3 tests: “A”, “B”; undecided: “C”`.
pub fn headline(tests: &[JudgedTest]) -> String {
    let supported = named(tests, TestVerdict::Holds);
    let mut text = support(tests);
    if !supported.is_empty() {
        text += &format!(": {}", quoted(&supported));
    }
    for verdict in OTHERS {
        let names = named(tests, verdict);
        if !names.is_empty() {
            text += &format!("; {}: {}", verdict.on_claim(), quoted(&names));
        }
    }
    if control_fails(tests) {
        let is_open = |judged: &&JudgedTest| judged.verdict == TestVerdict::Undecided;
        let mut failing = tests.iter().filter(|judged| fails_as_control(judged));
        let words = if failing.all(|judged| is_open(&judged)) { "is undecided" } else { "does not hold" };
        text += &format!("; a control {words}");
    }
    text
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
}

fn control_fails(tests: &[JudgedTest]) -> bool {
    tests.iter().any(fails_as_control)
}

fn fails_as_control(judged: &JudgedTest) -> bool {
    judged.subject.control && judged.verdict != TestVerdict::Holds
}

#[cfg(test)]
mod tests {
    use super::super::observations::{Observation, Observations};
    use super::*;
    use crate::config::spec::{Bound, Claim, ClaimMetric, Test};
    use crate::report::fixtures;
    use crate::settings::Settings;
    use crate::settings::names::ExperimentKind;

    const SLOPES: [f64; 6] = [-0.1, -0.11, -0.115, -0.125, -0.13, -0.14];

    fn test(name: &str, bound: Bound, control: bool) -> Test {
        Test { bound, control, ..fixtures::test(name) }
    }

    fn claim(tests: &[(Bound, bool)]) -> Claim {
        let tests =
            tests.iter().enumerate().map(|(n, (bound, control))| test(&format!("s{n}"), *bound, *control));
        Claim { statement: "So it is.".to_string(), tests: tests.collect() }
    }

    /// The tests of a claim, judged by six slopes around -0.12.
    fn judged(claim: &Claim) -> Vec<JudgedTest<'_>> {
        let run = |(n, slope): (usize, &f64)| Observation {
            seed: n as u64,
            value: Some(*slope),
            ..Observation::default()
        };
        let observations = Observations {
            metric: ClaimMetric::Slope,
            runs: SLOPES.iter().enumerate().map(run).collect(),
            point: Settings::blank(ExperimentKind::Gradients),
            is_mixed: false,
        };
        let cases: Vec<Case> =
            claim.tests.iter().map(|test| Case::new(test, observations.clone(), None)).collect();
        judge_tests(&cases)
    }

    const YES: (Bound, bool) = (Bound::Below(0.0), false);
    const NO: (Bound, bool) = (Bound::Above(0.0), false);
    const OPEN: (Bound, bool) = (Bound::Below(-0.12), false);

    #[test]
    fn overall_is_the_common_verdict_or_depends_on_the_setting() {
        for (tests, expected) in [
            (vec![YES, YES], ClaimVerdict::Supported),
            (vec![NO, NO], ClaimVerdict::Contradicted),
            (vec![YES, NO], ClaimVerdict::Depends),
            (vec![YES, NO, OPEN], ClaimVerdict::Depends),
            (vec![YES, OPEN], ClaimVerdict::Undecided),
            (vec![NO, OPEN], ClaimVerdict::Undecided),
            (vec![OPEN], ClaimVerdict::Undecided),
            (vec![(Bound::Below(0.0), true), NO], ClaimVerdict::Contradicted),
            (vec![(Bound::Above(0.0), true), NO], ClaimVerdict::Undecided),
            (vec![(Bound::Below(-0.12), true), YES], ClaimVerdict::Undecided),
        ] {
            assert_eq!(overall(&judged(&claim(&tests))), expected, "{tests:?}");
        }
    }

    #[test]
    fn headline_names_the_settings_of_each_verdict() {
        let text = |tests: &[(Bound, bool)]| headline(&judged(&claim(tests)));
        let counts = |tests: &[(Bound, bool)]| counts(&judged(&claim(tests)));
        assert_eq!(
            counts(&[YES, NO, OPEN, YES]),
            "supported in 2 of 4 tests, contradicted in 1, undecided in 1"
        );
        assert_eq!(counts(&[YES]), "supported in 1 of 1 test");
        assert_eq!(
            text(&[YES, NO, OPEN, YES]),
            "supported in 2 of 4 tests: “s0”, “s3”; contradicted: “s1”; undecided: “s2”"
        );
        assert_eq!(
            text(&[NO, (Bound::Above(0.0), true)]),
            "supported in 0 of 1 test; contradicted: “s0”; a control does not hold"
        );
        assert_eq!(
            text(&[YES, (Bound::Below(-0.12), true)]),
            "supported in 1 of 1 test: “s0”; a control is undecided"
        );
    }

    #[test]
    fn judge_tests_more_tests_need_stronger_evidence() {
        // t = (0.12 - 0.105) / 0.0059 = 2.5 has p = 0.05 with five degrees of freedom.
        let near = (Bound::Below(-0.104), false);
        let claims = [vec![near], vec![near, OPEN, OPEN], vec![near, (Bound::Below(0.0), true)]];
        let [alone, among, beside_control] = claims.each_ref().map(|tests| claim(tests));
        let [alone, among, beside_control] = [&alone, &among, &beside_control].map(judged);
        assert_eq!(alone[0].verdict, TestVerdict::Holds, "{:?}", alone[0].p_value);
        assert_eq!(among[0].verdict, TestVerdict::Undecided);
        let raw = alone[0].p_value.unwrap();
        assert!((among[0].p_value.unwrap() - 3.0 * raw).abs() < 1e-12);
        // A control is not part of the family.
        assert_eq!(beside_control[0].p_value, alone[0].p_value);
    }
}
