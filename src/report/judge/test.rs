//! The verdict on a test: the side of the bound on which the evidence lies.

use super::evidence::Evidence;
use super::judged::Judged;
use super::observations::Observations;
use crate::config::spec::{Bound, Comparison, Test};
use crate::report::estimate::Estimate;

/// The largest p-value that decides a test.
pub const SIGNIFICANT: f64 = 0.05;

/// A test of the claim, or an expectation.
pub type JudgedTest<'a> = Judged<'a, Test, TestVerdict>;

/// The verdict of the runs on a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestVerdict {
    /// The value is on the side of the bound that the test names.
    Holds,
    /// The value is on the other side.
    Fails,
    /// The whole interval is within the margin around the bound.
    Equivalent,
    /// The runs leave the side open, or there are too few seeds for a decision.
    Undecided,
    /// Settings were changed, so the runs are not those of the statement.
    NotJudged,
}

impl TestVerdict {
    /// The verdict on a test of a claim in words.
    pub fn on_claim(self) -> &'static str {
        match self {
            TestVerdict::Holds => "supported",
            TestVerdict::Fails => "contradicted",
            TestVerdict::Equivalent => "equivalent",
            TestVerdict::Undecided => "undecided",
            TestVerdict::NotJudged => "not judged",
        }
    }

    /// The verdict on an expectation in words.
    pub fn on_expectation(self) -> &'static str {
        match self {
            TestVerdict::Holds => "holds",
            TestVerdict::Fails => "does not hold",
            TestVerdict::Equivalent => "equivalent",
            TestVerdict::Undecided => "undecided",
            TestVerdict::NotJudged => "not judged",
        }
    }
}

/// A test with what its runs say.
pub struct Case<'a> {
    /// The test.
    pub test: &'a Test,
    /// The runs under test.
    of: Observations,
    /// The runs of the baseline.
    baseline: Option<Observations>,
    evidence: Evidence,
}

impl<'a> Case<'a> {
    /// Weighs the runs that a test selects, and those of its baseline.
    pub fn new(test: &'a Test, of: Observations, baseline: Option<Observations>) -> Case<'a> {
        let evidence = Evidence::new(test, &of, baseline.as_ref());
        Case { test, of, baseline, evidence }
    }

    /// The p-value against the bound of the test.
    pub fn p_value(&self) -> Option<f64> {
        self.evidence.p_value(self.test.bound.number())
    }

    /// Judges the test. `p_value` is that of [`Case::p_value`], or the same adjusted for several tests. Fewer
    /// than `min_seeds` seeds leave the test undecided.
    pub fn judge(&self, p_value: Option<f64>, min_seeds: usize) -> JudgedTest<'a> {
        let Case { test, of, baseline, evidence } = self;
        let is_ratio = test.compares_by() == Some(Comparison::Ratio);
        let estimate = match baseline {
            // An interval holds no loss below 0, for example.
            None => {
                let (least, most) = test.reading.metric.range();
                evidence.estimate().map(|number| number.clamp(least, most))
            }
            Some(_) => evidence.estimate(),
        };
        let failed = of.failed() + baseline.as_ref().map_or(0, Observations::failed);
        let mut notes = Vec::new();
        if estimate.n < min_seeds {
            notes.push(format!("{} of at least {min_seeds} seeds", estimate.n));
        }
        if is_ratio && estimate.n > 0 && estimate.value.is_none() {
            notes.push("a ratio is not above 0".to_string());
        }
        if failed > 0 {
            notes.push(format!("{failed} failed"));
        }
        let is_mixed = of.is_mixed || baseline.as_ref().is_some_and(|other| other.is_mixed);
        if is_mixed {
            notes.push("selects runs that differ in more than the seed".to_string());
        }
        let is_decidable = !is_mixed && estimate.n >= min_seeds;
        Judged {
            subject: test,
            point: of.point.clone(),
            estimate,
            kept: of.runs.iter().filter_map(|run| run.kept.filter(|_| baseline.is_none())).collect(),
            p_value,
            unit: if is_ratio { "1".to_string() } else { of.unit() },
            chance: None,
            sequences: None,
            verdict: if is_decidable { verdict(test, &estimate, p_value) } else { TestVerdict::Undecided },
            notes,
        }
    }
}

/// The names of the tests with this verdict, without controls.
pub fn named<'t>(tests: &'t [JudgedTest], verdict: TestVerdict) -> Vec<&'t str> {
    let tests = tests.iter().filter(|judged| !judged.subject.control && judged.verdict == verdict);
    tests.map(|judged| judged.subject.name.trim()).collect()
}

fn verdict(test: &Test, estimate: &Estimate, p_value: Option<f64>) -> TestVerdict {
    if let Some(((low, high), ends)) = test.equivalent().zip(estimate.interval())
        && ends.low > low
        && ends.high < high
    {
        return TestVerdict::Equivalent;
    }
    let Some((value, _)) = estimate.value.zip(p_value.filter(|p| *p <= SIGNIFICANT)) else {
        return TestVerdict::Undecided;
    };
    let holds = match test.bound {
        Bound::Above(bound) => value > bound,
        Bound::Below(bound) => value < bound,
    };
    if holds { TestVerdict::Holds } else { TestVerdict::Fails }
}

#[cfg(test)]
mod tests {
    use super::super::observations::Observation;
    use super::*;
    use crate::config::read_tests;
    use crate::config::spec::{CLAIM_SEEDS, Claim, ClaimMetric, MIN_SEEDS};
    use crate::settings::Settings;
    use crate::settings::names::ExperimentKind;

    /// A claim of one test, from the keys that a config would have.
    fn claim(test: &str) -> Claim {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = format!(
            "kind = \"gradients\"\n[claim]\nstatement = \"So it is.\"\n[[claim.test]]\nname = \"x\"\n{test}"
        );
        std::fs::write(&path, text).unwrap();
        read_tests(&path).unwrap().claim.unwrap()
    }

    /// Runs of seeds 1, 2, … with these numbers.
    fn seen(metric: ClaimMetric, values: &[f64]) -> Observations {
        let run =
            |(seed, value): (u64, &f64)| Observation { seed, value: Some(*value), ..Observation::default() };
        let runs = (1..).zip(values).map(run).collect();
        Observations { metric, runs, point: Settings::blank(ExperimentKind::Gradients), is_mixed: false }
    }

    fn solved(hits: usize, n: usize) -> Observations {
        let values: Vec<f64> = (0..n).map(|seed| f64::from(u8::from(seed < hits))).collect();
        seen(ClaimMetric::Solved, &values)
    }

    const SLOPE: &str = "metric = \"slope\"\nwhere = { cell = \"lstm\" }\n";
    const AGAINST: &str = "baseline = { cell = \"rnn\" }\n";
    const SIX: [f64; 6] = [-0.1, -0.11, -0.115, -0.125, -0.13, -0.14];

    /// Judges the only test of a claim.
    fn judge<'a>(claim: &'a Claim, of: &Observations, baseline: Option<&Observations>) -> JudgedTest<'a> {
        let case = Case::new(&claim.tests[0], of.clone(), baseline.cloned());
        case.judge(case.p_value(), CLAIM_SEEDS)
    }

    fn verdict_of(test: &str, of: &Observations, baseline: Option<&Observations>) -> TestVerdict {
        judge(&claim(test), of, baseline).verdict
    }

    #[test]
    fn judge_side_of_interval_decides() {
        for (bound, expected) in [
            ("below = -0.05", TestVerdict::Holds),
            ("above = -0.2", TestVerdict::Holds),
            ("above = -0.05", TestVerdict::Fails),
            ("below = -0.2", TestVerdict::Fails),
            ("below = -0.12", TestVerdict::Undecided),
            ("above = -0.125", TestVerdict::Undecided),
        ] {
            let slopes = seen(ClaimMetric::Slope, &SIX);
            assert_eq!(verdict_of(&format!("{SLOPE}{bound}"), &slopes, None), expected, "{bound}");
        }
    }

    #[test]
    fn judge_interval_of_a_loss_is_not_below_0() {
        let claim = claim("metric = \"loss\"\nwhere = { cell = \"lstm\" }\nbelow = 0.5");
        let of = seen(ClaimMetric::Loss, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.3]);
        assert_eq!(judge(&claim, &of, None).estimate.low, Some(0.0));
        let difference = judge(&claim, &of, Some(&seen(ClaimMetric::Loss, &[0.1; 6])));
        assert!(difference.estimate.low < Some(0.0));
        let accuracies = seen(ClaimMetric::Accuracy, &[1.0, 1.0, 1.0, 1.0, 1.0, 0.7]);
        let claim = self::claim("metric = \"accuracy\"\nwhere = { cell = \"lstm\" }\nabove = 0.5");
        assert_eq!(judge(&claim, &accuracies, None).estimate.high, Some(1.0));
    }

    #[test]
    fn judge_decades_of_change_have_a_geometric_mean() {
        let claim = claim("metric = \"abs_log10_kept\"\nlag = 9\nwhere = { cell = \"lstm\" }\nabove = 1");
        // The arithmetic mean is 37 and its interval reaches below 0.
        let of = seen(ClaimMetric::AbsLog10Kept, &[115.5, 10.4, 66.0, 8.0, 12.0, 10.0]);
        let judged = judge(&claim, &of, None);
        assert_eq!(judged.verdict, TestVerdict::Holds, "{judged:?}");
        assert!((judged.estimate.value.unwrap() - 20.6).abs() < 0.1 && judged.estimate.low > Some(1.0));
        let zero = judge(&claim, &seen(ClaimMetric::AbsLog10Kept, &[0.0, 1.0, 2.0, 2.0, 3.0, 2.0]), None);
        assert_eq!((zero.verdict, zero.estimate.value), (TestVerdict::Undecided, None));
    }

    #[test]
    fn judge_fewer_than_six_seeds_decide_nothing_and_failed_runs_are_noted() {
        let claim = claim(&format!("{SLOPE}below = 0"));
        let judged = judge(&claim, &seen(ClaimMetric::Slope, &SIX[..5]), None);
        assert_eq!(
            (judged.verdict, &judged.notes[..]),
            (TestVerdict::Undecided, &["5 of at least 6 seeds".to_string()][..])
        );
        assert!(judged.estimate.interval().is_some());
        let mut slopes = seen(ClaimMetric::Slope, &SIX);
        (slopes.runs[2].failed, slopes.runs[2].value) = (true, None);
        let judged = judge(&claim, &slopes, None);
        assert_eq!(judged.notes, ["5 of at least 6 seeds", "1 failed"]);
        let none = judge(&claim, &seen(ClaimMetric::Slope, &[]), None);
        assert_eq!((none.verdict, none.estimate.n, none.estimate.value), (TestVerdict::Undecided, 0, None));
    }

    #[test]
    fn judge_expectation_needs_three_seeds() {
        let claim = claim(&format!("{SLOPE}below = 0"));
        let of = |n: usize| seen(ClaimMetric::Slope, &SIX[..n]);
        let verdict = |n| {
            let case = Case::new(&claim.tests[0], of(n), None);
            case.judge(case.p_value(), MIN_SEEDS).verdict
        };
        assert_eq!(
            [1, 2, 3].map(verdict),
            [TestVerdict::Undecided, TestVerdict::Undecided, TestVerdict::Holds]
        );
    }

    #[test]
    fn judge_two_sides_are_paired_by_seed() {
        // The seeds differ more than the cells: only pairs tell them apart.
        let slopes = [-0.1, -0.9, -0.3, -0.7, -0.5, -0.4];
        let (lstm, mut rnn) =
            (seen(ClaimMetric::Slope, &slopes), seen(ClaimMetric::Slope, &slopes.map(|slope| slope - 0.1)));
        rnn.runs.reverse();
        let difference = claim(&format!("{SLOPE}{AGAINST}above = 0"));
        let judged = judge(&difference, &lstm, Some(&rnn));
        assert_eq!((judged.verdict, judged.estimate.n), (TestVerdict::Holds, 6));
        assert!((judged.estimate.value.unwrap() - 0.1).abs() < 1e-9, "{judged:?}");
        let ratio = claim(&format!("{SLOPE}{AGAINST}compare = \"ratio\"\nbelow = 1"));
        let judged = judge(&ratio, &lstm, Some(&rnn));
        // 0.1/0.2 · 0.9/1.0 · 0.3/0.4 · 0.7/0.8 · 0.5/0.6 · 0.4/0.5, sixth root.
        let expected = (0.5f64 * 0.9 * 0.75 * 0.875 * (5.0 / 6.0) * 0.8).powf(1.0 / 6.0);
        assert!((judged.estimate.value.unwrap() - expected).abs() < 1e-9, "{judged:?}");
        assert_eq!(judged.unit, "1");
    }

    #[test]
    fn judge_ratio_below_0_has_no_estimate() {
        let ratio = claim(&format!("{SLOPE}{AGAINST}compare = \"ratio\"\nbelow = 1"));
        let positive = seen(ClaimMetric::Slope, &SIX.map(f64::abs));
        let judged = judge(&ratio, &seen(ClaimMetric::Slope, &SIX), Some(&positive));
        assert_eq!((judged.verdict, judged.estimate.value), (TestVerdict::Undecided, None));
        assert_eq!(judged.notes, ["a ratio is not above 0"]);
    }

    #[test]
    fn judge_one_delayed_run_does_not_decide_times() {
        let times = |base: f64, delay: f64| {
            let values: Vec<f64> = (1..=7)
                .map(|seed| base * (if seed == 2 { delay } else { 1.0 }) * (1.0 + 0.01 * f64::from(seed)))
                .collect();
            seen(ClaimMetric::Seconds, &values)
        };
        let test = "metric = \"seconds\"\ncompare = \"ratio\"\nwhere = { cell = \"lstm\" }\n\
                    baseline = { cell = \"rnn\" }\nabove = 1.4";
        let said = claim(test);
        let judged = judge(&said, &times(3.0, 30.0), Some(&times(2.0, 1.0)));
        assert_eq!(judged.verdict, TestVerdict::Holds, "{judged:?}");
        assert!((judged.estimate.value.unwrap() - 1.5).abs() < 1e-9, "{judged:?}");
    }

    #[test]
    fn judge_shares_have_exact_tests() {
        let alone =
            |bound: &str| format!("metric = \"solved\"\nwhere = {{ cell = \"lstm\" }}\nabove = {bound}");
        // Six of six have p = 2 · 0.5^6 = 0.031 against 0.5, and 2 · 0.6^6 = 0.093 against 0.6.
        assert_eq!(verdict_of(&alone("0.5"), &solved(6, 6), None), TestVerdict::Holds);
        assert_eq!(verdict_of(&alone("0.6"), &solved(6, 6), None), TestVerdict::Undecided);
        assert_eq!(verdict_of(&alone("0.5"), &solved(5, 6), None), TestVerdict::Undecided);
        assert_eq!(verdict_of(&alone("0.5"), &solved(0, 6), None), TestVerdict::Fails);
        let test =
            "metric = \"solved\"\nwhere = { cell = \"lstm\" }\nbaseline = { cell = \"rnn\" }\nabove = 0";
        assert_eq!(verdict_of(test, &solved(6, 6), Some(&solved(0, 6))), TestVerdict::Holds);
        assert_eq!(verdict_of(test, &solved(6, 6), Some(&solved(3, 6))), TestVerdict::Undecided);
    }

    #[test]
    fn judge_interval_within_the_margin_is_equivalent() {
        let slopes = seen(ClaimMetric::Slope, &SIX);
        let difference = |margin: f64| format!("{SLOPE}below = -0.119\nmargin = {margin}");
        assert_eq!(verdict_of(&difference(0.02), &slopes, None), TestVerdict::Equivalent);
        assert_eq!(verdict_of(&difference(0.01), &slopes, None), TestVerdict::Undecided);
        let base = seen(ClaimMetric::Slope, &SIX.map(|slope| 1.02 * slope));
        let ratio =
            |margin: f64| format!("{SLOPE}{AGAINST}compare = \"ratio\"\nbelow = 1\nmargin = {margin}");
        assert_eq!(verdict_of(&ratio(0.03), &slopes, Some(&base)), TestVerdict::Equivalent);
        assert_eq!(verdict_of(&ratio(0.01), &slopes, Some(&base)), TestVerdict::Holds);
    }
}
