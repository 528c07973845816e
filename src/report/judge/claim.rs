//! The verdict on a test: the side of the bound on which the 95 % interval lies.

use super::judged::Judged;
use super::observations::Observations;
use crate::config::spec::{Bound, ClaimMetric, Comparison, Test};
use crate::report::estimate::Estimate;
use crate::support::stats;

/// The least number of seeds that decides a test of a claim.
pub const CLAIM_SEEDS: usize = 5;

/// The least number of seeds that decides an expectation. It is stated before a run and refers to this
/// experiment alone, so the interval itself guards against chance.
pub const EXPECTATION_SEEDS: usize = 3;

/// A test of the claim, or an expectation.
pub type JudgedTest<'a> = Judged<'a, Test, TestVerdict>;

/// The verdict of the runs on a test or on the whole claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestVerdict {
    /// The interval lies on the side of the bound that the test names.
    Holds,
    /// The interval lies on the other side.
    Fails,
    /// The interval contains the bound, or there are too few seeds for a decision.
    Undecided,
    /// Settings were changed, so the runs are not those of the statement.
    NotJudged,
}

impl TestVerdict {
    /// The verdict on a claim or one of its tests in words.
    pub fn on_claim(self) -> &'static str {
        match self {
            TestVerdict::Holds => "supported",
            TestVerdict::Fails => "not supported",
            TestVerdict::Undecided => "undecided",
            TestVerdict::NotJudged => "not judged",
        }
    }

    /// The verdict on an expectation in words.
    pub fn on_expectation(self) -> &'static str {
        match self {
            TestVerdict::Holds => "holds",
            TestVerdict::Fails => "does not hold",
            TestVerdict::Undecided => "undecided",
            TestVerdict::NotJudged => "not judged",
        }
    }
}

/// The verdict on the claim: not judged if its tests are not; undecided if a control fails; else supported
/// if every test supports it, not supported if any test contradicts it, and otherwise undecided.
pub fn overall(tests: &[JudgedTest]) -> TestVerdict {
    if tests.iter().any(|judged| judged.verdict == TestVerdict::NotJudged) {
        return TestVerdict::NotJudged;
    }
    let is = |verdict: TestVerdict| move |test: &&JudgedTest| test.verdict == verdict;
    let (controls, tests): (Vec<&JudgedTest>, Vec<&JudgedTest>) =
        tests.iter().partition(|judged| judged.subject.control);
    if !controls.iter().all(is(TestVerdict::Holds)) {
        return TestVerdict::Undecided;
    }
    match tests[..] {
        _ if tests.iter().any(is(TestVerdict::Fails)) => TestVerdict::Fails,
        [_, ..] if tests.iter().all(is(TestVerdict::Holds)) => TestVerdict::Holds,
        _ => TestVerdict::Undecided,
    }
}

/// Judges a test by the runs that it selects and those of its baseline. Fewer than `min_seeds` seeds leave
/// it undecided.
pub fn judge<'a>(
    test: &'a Test,
    of: &Observations,
    baseline: Option<&Observations>,
    min_seeds: usize,
) -> JudgedTest<'a> {
    let how = test.baseline.as_ref().map(|(how, _)| *how);
    let is_ratio = how == Some(Comparison::Ratio);
    let estimate = estimate(of, how.zip(baseline));
    let failed = of.failed() + baseline.map_or(0, Observations::failed);
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
    let is_mixed = of.is_mixed || baseline.is_some_and(|other| other.is_mixed);
    if is_mixed {
        notes.push("selects runs that differ in more than the seed".to_string());
    }
    let verdict = if is_mixed { TestVerdict::Undecided } else { verdict(test.bound, &estimate, min_seeds) };
    Judged {
        subject: test,
        point: of.point.clone(),
        estimate,
        unit: if is_ratio { "1".to_string() } else { of.unit() },
        chance: None,
        sequences: None,
        verdict,
        notes,
    }
}

fn verdict(bound: Bound, estimate: &Estimate, min_seeds: usize) -> TestVerdict {
    let Some(ends) = estimate.interval().filter(|_| estimate.n >= min_seeds) else {
        return TestVerdict::Undecided;
    };
    let (within, beyond) = match bound {
        Bound::Above(bound) => (ends.low > bound, ends.high < bound),
        Bound::Below(bound) => (ends.high < bound, ends.low > bound),
    };
    match (within, beyond) {
        (true, _) => TestVerdict::Holds,
        (_, true) => TestVerdict::Fails,
        _ => TestVerdict::Undecided,
    }
}

/// The mean over seeds; for times the median, since a busy machine delays single runs.
fn over_seeds(metric: ClaimMetric, values: &[f64]) -> Estimate {
    if metric == ClaimMetric::Seconds { Estimate::median(values) } else { Estimate::mean(values) }
}

/// Two sides are compared seed by seed, except for `solved`: fractions have an interval of their own.
fn estimate(of: &Observations, baseline: Option<(Comparison, &Observations)>) -> Estimate {
    let metric = of.metric;
    if metric == ClaimMetric::Solved {
        return fraction(of.hits(), baseline.map(|(_, other)| other.hits()));
    }
    let Some((how, baseline)) = baseline else {
        return over_seeds(metric, &of.values().into_iter().map(|(_, value)| value).collect::<Vec<_>>());
    };
    let others = baseline.values();
    let other = |seed| others.iter().find(|(other, _)| *other == seed).map(|(_, value)| *value);
    let pairs: Vec<(f64, f64)> =
        of.values().into_iter().filter_map(|(seed, value)| Some((value, other(seed)?))).collect();
    match how {
        Comparison::Difference => {
            over_seeds(metric, &pairs.iter().map(|(value, other)| value - other).collect::<Vec<_>>())
        }
        Comparison::Ratio => {
            // A ratio that is not above 0 has no logarithm, and there is no geometric mean.
            let log =
                |(value, other): &(f64, f64)| Some(value / other).filter(|ratio| *ratio > 0.0).map(f64::ln);
            match pairs.iter().map(log).collect::<Option<Vec<f64>>>() {
                Some(logs) => over_seeds(metric, &logs).map(f64::exp),
                None => Estimate { n: pairs.len(), ..Estimate::default() },
            }
        }
    }
}

/// The fraction of hits, or its difference from that of the baseline; each is given as (hits, n).
fn fraction(of: (usize, usize), baseline: Option<(usize, usize)>) -> Estimate {
    let share = |(hits, n)| Estimate::fraction(hits, n);
    let Some(baseline) = baseline else { return share(of) };
    let value = share(of).value.zip(share(baseline).value).map(|(one, other)| one - other);
    Estimate::new(value, stats::share_difference_interval(of, baseline), of.1.min(baseline.1))
}

#[cfg(test)]
mod tests {
    use super::super::observations::Observation;
    use super::*;
    use crate::config::read_tests;
    use crate::config::spec::Claim;
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
    const FIVE: [f64; 5] = [-0.1, -0.11, -0.12, -0.13, -0.14];

    fn verdict_of(test: &str, of: &Observations, baseline: Option<&Observations>) -> TestVerdict {
        judge(&claim(test).tests[0], of, baseline, CLAIM_SEEDS).verdict
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
            let slopes = seen(ClaimMetric::Slope, &FIVE);
            assert_eq!(verdict_of(&format!("{SLOPE}{bound}"), &slopes, None), expected, "{bound}");
        }
    }

    #[test]
    fn judge_fewer_than_five_seeds_decide_nothing_and_failed_runs_are_noted() {
        let claim = claim(&format!("{SLOPE}below = 0"));
        let judged = judge(&claim.tests[0], &seen(ClaimMetric::Slope, &FIVE[..4]), None, CLAIM_SEEDS);
        assert_eq!(
            (judged.verdict, &judged.notes[..]),
            (TestVerdict::Undecided, &["4 of at least 5 seeds".to_string()][..])
        );
        assert!(judged.estimate.interval().is_some());
        let mut slopes = seen(ClaimMetric::Slope, &FIVE);
        (slopes.runs[2].failed, slopes.runs[2].value) = (true, None);
        let judged = judge(&claim.tests[0], &slopes, None, CLAIM_SEEDS);
        assert_eq!(judged.notes, ["4 of at least 5 seeds", "1 failed"]);
        let none = judge(&claim.tests[0], &seen(ClaimMetric::Slope, &[]), None, CLAIM_SEEDS);
        assert_eq!((none.verdict, none.estimate.n, none.estimate.value), (TestVerdict::Undecided, 0, None));
    }

    #[test]
    fn judge_expectation_needs_three_seeds() {
        let claim = claim(&format!("{SLOPE}below = 0"));
        let of = |n: usize| seen(ClaimMetric::Slope, &FIVE[..n]);
        let verdict = |n| judge(&claim.tests[0], &of(n), None, EXPECTATION_SEEDS).verdict;
        assert_eq!(
            [1, 2, 3].map(verdict),
            [TestVerdict::Undecided, TestVerdict::Undecided, TestVerdict::Holds]
        );
    }

    #[test]
    fn judge_two_sides_are_paired_by_seed() {
        // The seeds differ more than the cells: only pairs tell them apart.
        let slopes = [-0.1, -0.9, -0.3, -0.7, -0.5];
        let (lstm, mut rnn) =
            (seen(ClaimMetric::Slope, &slopes), seen(ClaimMetric::Slope, &slopes.map(|slope| slope - 0.1)));
        rnn.runs.reverse();
        let difference = claim(&format!("{SLOPE}{AGAINST}above = 0"));
        let judged = judge(&difference.tests[0], &lstm, Some(&rnn), CLAIM_SEEDS);
        assert_eq!((judged.verdict, judged.estimate.n), (TestVerdict::Holds, 5));
        assert!((judged.estimate.value.unwrap() - 0.1).abs() < 1e-9, "{judged:?}");
        let ratio = claim(&format!("{SLOPE}{AGAINST}compare = \"ratio\"\nbelow = 1"));
        let judged = judge(&ratio.tests[0], &lstm, Some(&rnn), CLAIM_SEEDS);
        // 0.1/0.2 · 0.9/1.0 · 0.3/0.4 · 0.7/0.8 · 0.5/0.6, fifth root.
        let expected = (0.5f64 * 0.9 * 0.75 * 0.875 * (5.0 / 6.0)).powf(0.2);
        assert!((judged.estimate.value.unwrap() - expected).abs() < 1e-9, "{judged:?}");
        assert_eq!(judged.unit, "1");
    }

    #[test]
    fn judge_ratio_below_0_has_no_estimate() {
        let ratio = claim(&format!("{SLOPE}{AGAINST}compare = \"ratio\"\nbelow = 1"));
        let positive = seen(ClaimMetric::Slope, &FIVE.map(f64::abs));
        let judged = judge(&ratio.tests[0], &seen(ClaimMetric::Slope, &FIVE), Some(&positive), CLAIM_SEEDS);
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
        let judged = judge(&said.tests[0], &times(3.0, 30.0), Some(&times(2.0, 1.0)), CLAIM_SEEDS);
        assert_eq!(judged.verdict, TestVerdict::Holds, "{judged:?}");
        assert!((judged.estimate.value.unwrap() - 1.5).abs() < 1e-9, "{judged:?}");
    }

    #[test]
    fn judge_fractions_have_intervals_with_width() {
        let alone =
            |bound: &str| format!("metric = \"solved\"\nwhere = {{ cell = \"lstm\" }}\nabove = {bound}");
        assert_eq!(verdict_of(&alone("0.5"), &solved(5, 5), None), TestVerdict::Holds);
        assert_eq!(verdict_of(&alone("0.6"), &solved(5, 5), None), TestVerdict::Undecided);
        assert_eq!(verdict_of(&alone("0.5"), &solved(0, 5), None), TestVerdict::Fails);
        let test =
            "metric = \"solved\"\nwhere = { cell = \"lstm\" }\nbaseline = { cell = \"rnn\" }\nabove = 0";
        assert_eq!(verdict_of(test, &solved(5, 5), Some(&solved(0, 5))), TestVerdict::Holds);
        assert_eq!(verdict_of(test, &solved(5, 5), Some(&solved(5, 5))), TestVerdict::Undecided);
    }

    #[test]
    fn overall_needs_all_tests_and_all_controls() {
        let of = |bounds: &[&str]| {
            let tests: Vec<String> = bounds.iter().map(|bound| format!("{SLOPE}{bound}")).collect();
            let all = claim(&tests.join("\n[[claim.test]]\nname = \"x\"\n"));
            let slopes = seen(ClaimMetric::Slope, &FIVE);
            overall(&all.tests.iter().map(|test| judge(test, &slopes, None, CLAIM_SEEDS)).collect::<Vec<_>>())
        };
        let (yes, no, open) = ("below = 0", "above = 0", "below = -0.12");
        let (holds, fails) = ("control = true\nbelow = 0", "control = true\nabove = 0");
        assert_eq!(of(&[yes, yes]), TestVerdict::Holds);
        assert_eq!(of(&[yes, open]), TestVerdict::Undecided);
        assert_eq!(of(&[yes, open, no]), TestVerdict::Fails);
        assert_eq!(of(&[holds, no]), TestVerdict::Fails);
        assert_eq!(of(&[holds, yes]), TestVerdict::Holds);
        for test in [yes, no] {
            assert_eq!(of(&[fails, test]), TestVerdict::Undecided, "a failed control decides nothing");
        }
    }
}
