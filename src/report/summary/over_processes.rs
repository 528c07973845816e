//! The estimate of a ratio or a time from several processes.
//!
//! A process has a number x_r for each of its rounds: the logarithm of a time, or of the ratio of two times
//! of one round. Its median m_p is robust against disturbed rounds. The estimate is exp(m̄), where m̄ is the
//! mean of m_p over the P processes.
//!
//! The interval is exp(m̄ ± t · s / √P), where s is the standard deviation of m_p, and t the quantile of
//! Student's distribution with P − 1 degrees of freedom. Rounds of one process depend on each other, and a
//! process shares the layout of its memory with all its rounds. Processes are the only independent units
//! (Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time").

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::report::estimate::Estimate;
use crate::support::stats::{self, CONFIDENCE, Interval};

/// The number of bootstrap resamples.
const RESAMPLES: usize = 2000;

/// The seed of the bootstrap. It is fixed, so that the same data gives the same interval.
const BOOTSTRAP_SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Returns the estimate exp(m̄) with its interval, from the logarithms of each process. The `n` of the
/// estimate is the number of rounds.
///
/// With one process, the interval is a moving-block bootstrap over its rounds. It then covers the variation
/// within this process alone.
pub fn estimate(logs: &[Vec<f64>]) -> Estimate {
    let medians = medians(logs);
    let interval = match medians.len() {
        0 => None,
        1 => logs.iter().find(|rounds| !rounds.is_empty()).and_then(|rounds| block_interval(rounds)),
        _ => stats::t_interval(&medians),
    };
    Estimate::new(stats::mean(&medians), interval, logs.iter().map(Vec::len).sum()).map(f64::exp)
}

/// Returns the smallest true difference from 0 that a test at the level 5 % finds with a probability of 80 %,
/// in percent; `None` for fewer than two processes.
///
/// It is exp((t_0.975 + t_0.8) · s / √P) − 1, see [`stats::smallest_difference`].
pub fn smallest_difference(logs: &[Vec<f64>]) -> Option<f64> {
    let medians = medians(logs);
    let standard_error = stats::sd(&medians)? / (medians.len() as f64).sqrt();
    Some(100.0 * stats::smallest_difference(standard_error, medians.len() as f64 - 1.0)?.exp_m1())
}

/// Returns the median of each process that has rounds.
pub fn medians(logs: &[Vec<f64>]) -> Vec<f64> {
    logs.iter().filter_map(|rounds| stats::median(rounds)).collect()
}

/// Returns the percentile interval of the median of a series by the moving-block bootstrap (Künsch 1989), or
/// `None` for fewer than two numbers.
///
/// A resample is blocks of ⌈n^(1/3)⌉ consecutive numbers, drawn with replacement and cut to the length n. The
/// exponent is that of the best block for a variance (Hall, Horowitz & Jing 1995).
fn block_interval(series: &[f64]) -> Option<Interval> {
    let n = series.len();
    if n < 2 {
        return None;
    }
    let length = (n as f64).cbrt().ceil() as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(BOOTSTRAP_SEED);
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let mut resample = Vec::with_capacity(n + length);
        while resample.len() < n {
            let start = rng.random_range(0..=n - length);
            resample.extend_from_slice(&series[start..start + length]);
        }
        medians.push(stats::median(&resample[..n])?);
    }
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some(Interval { low: stats::quantile(&medians, tail)?, high: stats::quantile(&medians, 1.0 - tail)? })
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, Exp1, StandardNormal};
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    use super::*;

    const ROUNDS: usize = 15;
    const RUNS: usize = 1000;

    fn normal(rng: &mut ChaCha8Rng) -> f64 {
        StandardNormal.sample(rng)
    }

    /// A source of the next logarithmic time of an engine, from its last deviation and the round's common
    /// one.
    type Noise = fn(&mut ChaCha8Rng, &mut [f64; 2], &mut f64) -> [f64; 2];

    /// A stationary autoregressive step with a standard deviation of 1.
    fn step(rng: &mut ChaCha8Rng, last: &mut f64, correlation: f64) -> f64 {
        *last = correlation * *last + (1.0 - correlation * correlation).sqrt() * normal(rng);
        *last
    }

    fn lognormal(rng: &mut ChaCha8Rng, _: &mut [f64; 2], _: &mut f64) -> [f64; 2] {
        [0.02 * normal(rng), 0.02 * normal(rng)]
    }

    fn skewed(rng: &mut ChaCha8Rng, _: &mut [f64; 2], _: &mut f64) -> [f64; 2] {
        [0; 2].map(|_| (1.0 + 0.05 * rng.sample::<f64, _>(Exp1)).ln())
    }

    fn spikes(rng: &mut ChaCha8Rng, _: &mut [f64; 2], _: &mut f64) -> [f64; 2] {
        [0; 2].map(|_| 0.01 * normal(rng) + if rng.random_bool(0.1) { 1.0 } else { 0.0 })
    }

    fn correlated_together(rng: &mut ChaCha8Rng, _: &mut [f64; 2], common: &mut f64) -> [f64; 2] {
        let common = 0.05 * step(rng, common, 0.9);
        [0; 2].map(|_| common + 0.01 * normal(rng))
    }

    fn correlated_apart(rng: &mut ChaCha8Rng, own: &mut [f64; 2], _: &mut f64) -> [f64; 2] {
        own.each_mut().map(|last| 0.03 * step(rng, last, 0.8))
    }

    /// The logarithms of the ratio of two engines, by process. `between` is the standard deviation of the
    /// ratio between processes.
    fn simulated(
        rng: &mut ChaCha8Rng,
        (processes, rounds): (usize, usize),
        noise: Noise,
        between: f64,
        truth: f64,
    ) -> Vec<Vec<f64>> {
        let process = |_| {
            let layout = between * normal(rng);
            let (mut own, mut common) = ([normal(rng), normal(rng)], normal(rng));
            let mut round = || {
                let [engine, reference] = noise(rng, &mut own, &mut common);
                truth + layout + engine - reference
            };
            (0..rounds).map(|_| round()).collect()
        };
        (0..processes).map(process).collect()
    }

    /// The fraction of simulated runs whose interval holds the logarithm of a ratio.
    fn fraction(
        runs: usize,
        shape: (usize, usize),
        noise: Noise,
        between: f64,
        truth: f64,
        held: f64,
    ) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut holds = || {
            let found = estimate(&simulated(&mut rng, shape, noise, between, truth));
            (found.low.unwrap()..=found.high.unwrap()).contains(&held.exp())
        };
        (0..runs).filter(|_| holds()).count() as f64 / runs as f64
    }

    const CASES: [(&str, Noise, f64); 6] = [
        ("lognormal", lognormal, 0.0),
        ("skewed", skewed, 0.0),
        ("spikes", spikes, 0.0),
        ("AR(0.9) common to the pair", correlated_together, 0.0),
        ("AR(0.8) of each engine", correlated_apart, 0.0),
        ("5 % between processes", lognormal, 0.05),
    ];

    #[test]
    fn estimate_simulated_processes_hold_the_truth_in_93_to_98_percent() {
        for processes in [3, 5] {
            for (name, noise, between) in CASES {
                let coverage = fraction(RUNS, (processes, ROUNDS), noise, between, 0.4, 0.4);
                assert!((0.93..=0.98).contains(&coverage), "{name}, {processes} processes: {coverage}");
            }
        }
    }

    /// docs/methodology.md says what one process does not cover.
    #[test]
    fn estimate_one_process_covers_neither_correlated_rounds_nor_other_processes() {
        for (case, expected) in [(0, 0.91), (4, 0.71), (5, 0.15)] {
            let (name, noise, between) = CASES[case];
            let coverage = fraction(200, (1, 3 * ROUNDS), noise, between, 0.4, 0.4);
            assert!((coverage - expected).abs() < 0.06, "{name}: {coverage}, expected {expected}");
        }
    }

    #[test]
    fn estimate_difference_of_3_percent_is_found_and_a_null_is_not() {
        let noise: Noise = |rng, _, _| [0.01 * normal(rng), 0.01 * normal(rng)];
        let missed = fraction(RUNS, (3, ROUNDS), noise, 0.0, 1.03f64.ln(), 0.0);
        assert!(missed <= 0.1, "missed in {missed}");
        let kept = fraction(RUNS, (3, ROUNDS), noise, 0.0, 0.0, 0.0);
        assert!(kept >= 0.94, "a null is flagged in {}", 1.0 - kept);
    }

    /// The power at a difference of a given multiple of the true standard error.
    fn power(processes: usize, standard_errors: f64) -> f64 {
        let process = |rng: &mut ChaCha8Rng, truth: f64| vec![truth + 0.05 * normal(rng)];
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let truth = standard_errors * 0.05 / (processes as f64).sqrt();
        let mut finds = || {
            let logs: Vec<_> = (0..processes).map(|_| process(&mut rng, truth)).collect();
            estimate(&logs).low.unwrap() > 1.0
        };
        (0..RUNS).filter(|_| finds()).count() as f64 / RUNS as f64
    }

    /// A run knows its standard error only roughly. At the median of the differences that runs state, the
    /// power is below 80 %; docs/methodology.md has the figures.
    #[test]
    fn smallest_difference_is_found_with_its_power_if_the_standard_error_is_right() {
        for (processes, at_median) in [(3, 0.64), (5, 0.72), (10, 0.77)] {
            let quantiles = stats::smallest_difference(1.0, processes as f64 - 1.0).unwrap();
            let known = power(processes, quantiles);
            assert!((0.75..0.85).contains(&known), "{processes} processes: {known}");
            // The median of s / σ is that of √(χ² / (P − 1)).
            let chi = ChiSquared::new((processes - 1) as f64).unwrap();
            let median = (chi.inverse_cdf(0.5) / (processes - 1) as f64).sqrt();
            let found = power(processes, quantiles * median);
            assert!((found - at_median).abs() < 0.04, "{processes} processes: {found}");
        }
    }

    #[test]
    fn estimate_two_processes_match_students_interval_by_hand() {
        // Medians 0.1 and 0.3 have the mean 0.2 and the standard error 0.1; t is 12.7062.
        let logs = [vec![0.0, 0.1, 9.0], vec![0.3]];
        let found = estimate(&logs);
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap().ln() - expected).abs() < 1e-4, "{found:?}, expected {expected}");
        };
        near(found.value, 0.2);
        near(found.low, 0.2 - 1.27062);
        near(found.high, 0.2 + 1.27062);
        assert_eq!(found.n, 4);
        // t_0.8 with one degree of freedom is 1.37638.
        let difference = smallest_difference(&logs).unwrap();
        assert!((difference - 100.0 * (1.408_258f64.exp() - 1.0)).abs() < 1e-2, "{difference}");
    }

    #[test]
    fn estimate_few_numbers_have_no_interval() {
        assert_eq!(estimate(&[]), Estimate::default());
        assert_eq!(
            estimate(&[vec![], vec![0.0]]),
            Estimate { value: Some(1.0), n: 1, ..Estimate::default() }
        );
        let same = estimate(&[vec![0.0; 5]]);
        assert_eq!((same.low, same.high), (Some(1.0), Some(1.0)), "within one process");
        assert_eq!(smallest_difference(&[vec![0.0; 5]]), None);
    }
}
