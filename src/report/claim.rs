//! The verdict on a claim: whether the 95 % interval of each of its tests lies on the side that the claim says.

use std::fmt;

use super::evidence::{Evidence, evidence};
use super::load::Experiment;
use super::number::with_interval;
use super::point::Point;
use super::table::{Table, escaped};
use crate::config::spec::ClaimMetric as Metric;
use crate::config::spec::{Bound, Claim, Comparison, Test};
use crate::support::stats::{self, Interval};

/// Fewer seeds decide nothing.
pub const LEAST_SEEDS: usize = 5;

/// What the runs say of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The interval lies on the side that the claim says.
    Supported,
    /// The interval lies on the other side.
    NotSupported,
    /// The interval contains the bound, or there are too few seeds for one.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Supported => "supported",
            Verdict::NotSupported => "not supported",
            Verdict::Undecided => "undecided",
        })
    }
}

/// A test and what came of it.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The test.
    pub test: &'a Test,
    /// Settings of the runs that were looked at.
    pub point: Point,
    /// The mean over seeds (of times the median): of the number, of its difference, or (geometric) of its ratio.
    pub estimate: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Over so many seeds.
    pub n: usize,
    /// The unit of estimate and interval.
    pub unit: String,
    /// What that says.
    pub verdict: Verdict,
    /// Why it says nothing, where it does not for another reason than its interval.
    pub why: Option<String>,
}

/// Judges every test of a claim.
pub fn judge<'a>(claim: &'a Claim, experiment: &Experiment) -> Vec<Judged<'a>> {
    claim.tests.iter().map(|test| of_test(test, experiment)).collect()
}

/// The verdict on the claim: undecided where a control does not hold; else supported where every test supports it, not
/// supported where any test speaks against it, and undecided where neither is so.
pub fn overall(tests: &[Judged]) -> Verdict {
    let is = |verdict: Verdict| move |test: &&Judged| test.verdict == verdict;
    let (controls, tests): (Vec<&Judged>, Vec<&Judged>) =
        tests.iter().partition(|judged| judged.test.control);
    if !controls.iter().all(is(Verdict::Supported)) {
        return Verdict::Undecided;
    }
    match tests[..] {
        _ if tests.iter().any(is(Verdict::NotSupported)) => Verdict::NotSupported,
        [_, ..] if tests.iter().all(is(Verdict::Supported)) => Verdict::Supported,
        _ => Verdict::Undecided,
    }
}

/// A test in words: of a control that it is one.
fn named(test: &Test) -> String {
    if test.control { format!("control: {}", test.name) } else { test.name.clone() }
}

fn of_test<'a>(test: &'a Test, experiment: &Experiment) -> Judged<'a> {
    let of = evidence(experiment, &test.selected, &test.reading);
    let other = test.baseline.as_ref().map(|(how, side)| (*how, evidence(experiment, side, &test.reading)));
    let is_ratio = matches!(other, Some((Comparison::Ratio, _)));
    let estimated = estimate(test.reading.metric, &of, other.as_ref());
    let failed = of.failed + other.as_ref().map_or(0, |(_, other)| other.failed);
    let mut why = Vec::new();
    if estimated.n < LEAST_SEEDS {
        why.push(format!("{} of at least {LEAST_SEEDS} seeds", estimated.n));
    }
    if is_ratio && estimated.n > 0 && estimated.centre.is_none() {
        why.push("a ratio is not above 0".to_string());
    }
    if failed > 0 {
        why.push(format!("{failed} failed"));
    }
    let decided = estimated.interval.filter(|_| estimated.n >= LEAST_SEEDS);
    Judged {
        test,
        point: of.point,
        estimate: estimated.centre,
        interval: estimated.interval,
        n: estimated.n,
        unit: if is_ratio { "1".to_string() } else { of.unit },
        verdict: decided.map_or(Verdict::Undecided, |interval| verdict(test.bound, interval)),
        why: Some(why.join("; ")).filter(|why| !why.is_empty()),
    }
}

fn verdict(counts: Bound, Interval { low, high }: Interval) -> Verdict {
    let (within, beyond) = match counts {
        Bound::Above(bound) => (low > bound, high < bound),
        Bound::Below(bound) => (high < bound, low > bound),
    };
    match (within, beyond) {
        (true, _) => Verdict::Supported,
        (_, true) => Verdict::NotSupported,
        _ => Verdict::Undecided,
    }
}

struct Estimated {
    centre: Option<f64>,
    interval: Option<Interval>,
    n: usize,
}

/// Over seeds: the mean with Student's interval; of times, which a busy machine throws far off now and then, the median with
/// a bootstrap interval.
fn over_seeds(metric: Metric, values: &[f64]) -> Estimated {
    let (centre, interval) = match metric {
        Metric::Seconds => (stats::median(values), stats::median_interval(values)),
        _ => (stats::mean(values), stats::t_interval(values)),
    };
    Estimated { centre, interval, n: values.len() }
}

/// Two sides are compared seed by seed; shares are not, they have an interval of their own kind.
fn estimate(metric: Metric, of: &Evidence, other: Option<&(Comparison, Evidence)>) -> Estimated {
    if metric == Metric::Solved {
        return of_shares(hits(of), other.map(|(_, other)| hits(other)));
    }
    let Some((how, other)) = other else {
        return over_seeds(metric, &of.values.values().copied().collect::<Vec<_>>());
    };
    let pairs = of.values.iter().filter_map(|(seed, value)| Some((*value, *other.values.get(seed)?)));
    match how {
        Comparison::Difference => {
            over_seeds(metric, &pairs.map(|(value, other)| value - other).collect::<Vec<_>>())
        }
        Comparison::Ratio => {
            // A ratio that is not above 0 has no logarithm, and so no geometric mean.
            let log = |ratio: f64| (ratio > 0.0).then(|| ratio.ln());
            let logs: Vec<Option<f64>> = pairs.map(|(value, other)| log(value / other)).collect();
            let Some(values) = logs.iter().copied().collect::<Option<Vec<f64>>>() else {
                return Estimated { centre: None, interval: None, n: logs.len() };
            };
            let Estimated { centre, interval, n } = over_seeds(metric, &values);
            let interval = interval.map(|ends| Interval { low: ends.low.exp(), high: ends.high.exp() });
            Estimated { centre: centre.map(f64::exp), interval, n }
        }
    }
}

/// The share of hits, or how much larger it is than the other's; each is given as (hits, n).
fn of_shares(one: (usize, usize), other: Option<(usize, usize)>) -> Estimated {
    let share = |(hits, n): (usize, usize)| (n > 0).then(|| hits as f64 / n as f64);
    match other {
        None => Estimated { centre: share(one), interval: stats::share_interval(one.0, one.1), n: one.1 },
        Some(other) => Estimated {
            centre: share(one).zip(share(other)).map(|(one, other)| one - other),
            interval: stats::share_difference_interval(one, other),
            n: one.1.min(other.1),
        },
    }
}

/// How many runs solved their task, and of how many.
fn hits(of: &Evidence) -> (usize, usize) {
    (of.values.values().filter(|solved| **solved > 0.5).count(), of.values.len())
}

impl Judged<'_> {
    /// What the value was held against: other runs and a bound.
    pub fn held_against(&self) -> String {
        let counts = self.test.bound.to_string();
        match &self.test.baseline {
            None => counts,
            Some((Comparison::Difference, side)) => format!("less that of {side}: {counts}"),
            Some((Comparison::Ratio, side)) => format!("over that of {side}: {counts}"),
        }
    }
}

/// The section of a report: the verdict, and a row a test.
pub fn section(claim: &Claim, tests: &[Judged]) -> String {
    let supports = |judged: &&Judged| judged.verdict == Verdict::Supported;
    let (controls, others): (Vec<&Judged>, Vec<&Judged>) =
        tests.iter().partition(|judged| judged.test.control);
    let (held, count) =
        (controls.iter().copied().filter(supports).count(), others.iter().copied().filter(supports).count());
    let of_controls = if held < controls.len() { ", and a control does not hold" } else { "" };
    let row = |judged: &Judged| {
        let test = judged.test;
        let ends = |of: fn(Interval) -> f64| judged.interval.map(of);
        let estimate = judged.estimate.map(|mean| with_interval(mean, ends(|i| i.low), ends(|i| i.high)));
        let what = format!("{} of {}: {}", test.reading, test.selected, judged.held_against());
        let why = judged.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        vec![
            escaped(&named(test)),
            escaped(&what),
            estimate.unwrap_or_default(),
            escaped(&judged.unit),
            judged.n.to_string(),
            judged.verdict.to_string() + &escaped(&why),
        ]
    };
    let header = ["test", "what counts", "estimate", "unit", "seeds", "verdict"].map(String::from).to_vec();
    let table = Table { header, rows: tests.iter().map(row).collect() };
    format!(
        "## Claim\n\n{} **{}**: {count} of {} tests support it{of_controls}.\n\n{}",
        claim.statement.trim(),
        capitalised(&overall(tests).to_string()),
        others.len(),
        table.to_markdown().trim_end()
    )
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_claim as read;
    use crate::report::{fake, group};
    use crate::results::schema::RunRow;

    /// A claim of one test, from the keys that a config would have.
    fn claim(test: &str) -> Claim {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = format!(
            "kind = \"gradients\"\n[claim]\nstatement = \"So it is.\"\n[[claim.test]]\nname = \"x\"\n{test}"
        );
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap().unwrap()
    }

    /// LSTMs whose gradient falls by the given slopes, one a seed, beside RNNs that lose 0.1 a step more.
    fn gradients(slopes: &[f64]) -> Experiment {
        let mut experiment = Experiment::default();
        let mut rows = Vec::new();
        for (cell, more) in [("lstm", 0.0), ("rnn", -0.1)] {
            for (seed, slope) in (1..).zip(slopes) {
                let id = format!("{cell}{seed}");
                experiment.runs.push(RunRow { cell: cell.into(), ..fake::run(&id, seed) });
                rows.extend(fake::line(&id, "total_h", 11, 0.0, slope + more));
            }
        }
        experiment.gradients = group::gradients(&experiment.runs, rows);
        experiment
    }

    /// Runs of training, of which the first so many are solved.
    fn solved(cell: &str, hits: usize, n: usize) -> Experiment {
        let mut experiment = Experiment::default();
        for seed in 1..=n {
            let id = format!("{cell}{seed}");
            let solved = f64::from(u8::from(seed <= hits));
            let run = RunRow { kind: "training".into(), cell: cell.into(), ..fake::run(&id, seed as u64) };
            experiment.training.push(fake::trained(&run, "train", "solved", solved));
            experiment.runs.push(run);
        }
        experiment
    }

    const SLOPE: &str = "metric = \"slope\"\nwhere = { cell = \"lstm\" }\n";
    const FIVE: [f64; 5] = [-0.1, -0.11, -0.12, -0.13, -0.14];

    fn verdict_of(test: &str, experiment: &Experiment) -> Verdict {
        judge(&claim(test), experiment)[0].verdict
    }

    #[test]
    fn the_side_of_the_interval_decides() {
        let experiment = gradients(&FIVE);
        for (counts, expected) in [
            ("below = -0.05", Verdict::Supported),
            ("above = -0.2", Verdict::Supported),
            ("above = -0.05", Verdict::NotSupported),
            ("below = -0.2", Verdict::NotSupported),
            ("below = -0.12", Verdict::Undecided),
            ("above = -0.125", Verdict::Undecided),
        ] {
            assert_eq!(verdict_of(&format!("{SLOPE}{counts}"), &experiment), expected, "{counts}");
        }
    }

    #[test]
    fn fewer_than_five_seeds_decide_nothing_and_failed_runs_are_told() {
        let mut experiment = gradients(&FIVE[..4]);
        let one_sided = claim(&format!("{SLOPE}below = 0"));
        let judged = &judge(&one_sided, &experiment)[0];
        assert_eq!(
            (judged.verdict, judged.why.as_deref()),
            (Verdict::Undecided, Some("4 of at least 5 seeds"))
        );
        assert!(judged.interval.is_some());
        experiment = gradients(&FIVE);
        experiment.runs[2].status = "failed".into();
        let rows = experiment.runs.iter().flat_map(|run| fake::line(&run.run_id, "total_h", 11, 0.0, -0.1));
        experiment.gradients = group::gradients(&experiment.runs, rows.collect::<Vec<_>>());
        let judged = &judge(&one_sided, &experiment)[0];
        assert_eq!(judged.why.as_deref(), Some("4 of at least 5 seeds; 1 failed"));
        let none = judge(&one_sided, &Experiment::default());
        assert_eq!((none[0].verdict, none[0].n, none[0].estimate), (Verdict::Undecided, 0, None));
    }

    #[test]
    fn two_sides_are_paired_by_seed() {
        // The seeds differ more than the cells: only pairs tell them apart.
        let experiment = gradients(&[-0.1, -0.9, -0.3, -0.7, -0.5]);
        let against = "baseline = { cell = \"rnn\" }\n";
        let said = claim(&format!("{SLOPE}{against}above = 0"));
        let judged = &judge(&said, &experiment)[0];
        assert_eq!((judged.verdict, judged.n), (Verdict::Supported, 5));
        assert!((judged.estimate.unwrap() - 0.1).abs() < 1e-9, "{judged:?}");
        let said = claim(&format!("{SLOPE}{against}compare = \"ratio\"\nbelow = 1"));
        let ratio = &judge(&said, &experiment)[0];
        // 0.1/0.2 · 0.9/1.0 · 0.3/0.4 · 0.7/0.8 · 0.5/0.6, fifth root.
        let expected = (0.5f64 * 0.9 * 0.75 * 0.875 * (5.0 / 6.0)).powf(0.2);
        assert!((ratio.estimate.unwrap() - expected).abs() < 1e-9, "{ratio:?}");
        assert_eq!(ratio.unit, "1");
    }

    #[test]
    fn one_run_that_the_machine_held_up_does_not_decide() {
        let mut experiment = Experiment::default();
        for (cell, base) in [("lstm", 3.0), ("rnn", 2.0)] {
            for seed in 1..=7u64 {
                let held_up = if cell == "lstm" && seed == 2 { 30.0 } else { 1.0 };
                let seconds = Some(base * held_up * (1.0 + 0.01 * seed as f64));
                let run =
                    RunRow { kind: "training".into(), cell: cell.into(), seconds, ..fake::run("x", seed) };
                experiment.runs.push(run);
            }
        }
        let test = "metric = \"seconds\"\ncompare = \"ratio\"\nwhere = { cell = \"lstm\" }\n\
                    baseline = { cell = \"rnn\" }\nabove = 1.4";
        let said = claim(test);
        let judged = &judge(&said, &experiment)[0];
        assert_eq!(judged.verdict, Verdict::Supported, "{judged:?}");
        assert!((judged.estimate.unwrap() - 1.5).abs() < 1e-9, "{judged:?}");
    }

    #[test]
    fn a_norm_is_that_at_its_lag() {
        let test = "metric = \"log10_norm\"\nlag = 10\nwhere = { cell = \"lstm\" }\nbelow = 0";
        let said = claim(test);
        let judged = &judge(&said, &gradients(&FIVE))[0];
        assert!((judged.estimate.unwrap() + 1.2).abs() < 1e-9, "{judged:?}");
    }

    #[test]
    fn shares_have_intervals_that_are_not_points() {
        let alone =
            |counts: &str| format!("metric = \"solved\"\nwhere = {{ cell = \"lstm\" }}\nabove = {counts}");
        assert_eq!(verdict_of(&alone("0.5"), &solved("lstm", 5, 5)), Verdict::Supported);
        assert_eq!(verdict_of(&alone("0.6"), &solved("lstm", 5, 5)), Verdict::Undecided);
        assert_eq!(verdict_of(&alone("0.5"), &solved("lstm", 0, 5)), Verdict::NotSupported);
        let mut diverged = solved("lstm", 6, 6);
        diverged.runs[5].status = "failed".into();
        diverged.training[5].value = 0.0;
        assert_eq!(verdict_of(&alone("0.5"), &diverged), Verdict::Undecided, "it counts as one that did not");
        diverged.training.truncate(5);
        assert_eq!(
            verdict_of(&alone("0.5"), &diverged),
            Verdict::Supported,
            "one that could not begin does not"
        );
        let two = |hits: usize| {
            let (mut one, other) = (solved("lstm", 5, 5), solved("rnn", hits, 5));
            one.runs.extend(other.runs);
            one.training.extend(other.training);
            one
        };
        let test =
            "metric = \"solved\"\nwhere = { cell = \"lstm\" }\nbaseline = { cell = \"rnn\" }\nabove = 0";
        assert_eq!(verdict_of(test, &two(0)), Verdict::Supported);
        assert_eq!(verdict_of(test, &two(5)), Verdict::Undecided);
    }

    #[test]
    fn a_claim_stands_on_all_of_its_tests() {
        let experiment = gradients(&FIVE);
        let holds = "control = true\nbelow = 0";
        let fails = "control = true\nabove = 0";
        let of = |bounds: &[&str]| {
            let tests: Vec<String> = bounds.iter().map(|bound| format!("{SLOPE}{bound}")).collect();
            let all = claim(&tests.join("\n[[claim.test]]\nname = \"x\"\n"));
            let judged = judge(&all, &experiment);
            (overall(&judged), section(&all, &judged))
        };
        let (yes, no, open) = ("below = 0", "above = 0", "below = -0.12");
        assert_eq!(of(&[yes, yes]).0, Verdict::Supported);
        assert_eq!(of(&[yes, open]).0, Verdict::Undecided);
        assert_eq!(of(&[yes, open, no]).0, Verdict::NotSupported);
        assert_eq!(of(&[holds, no]).0, Verdict::NotSupported);
        assert_eq!(of(&[holds, yes]).0, Verdict::Supported);
        for against in [yes, no] {
            let (verdict, section) = of(&[fails, against]);
            assert_eq!(verdict, Verdict::Undecided, "what cannot tell says nothing");
            assert!(section.contains("tests support it, and a control does not hold."), "{section}");
        }
        let (_, section) = of(&[yes, no]);
        assert!(
            section.starts_with("## Claim\n\nSo it is. **Not supported**: 1 of 2 tests support it."),
            "{section}"
        );
        assert!(section.contains("slope of total\\_h of cell lstm: above 0"), "{section}");
    }
}
