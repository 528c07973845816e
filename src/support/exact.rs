//! Exact tests and 95 % intervals of shares and medians. They hold their level at every sample size.
//!
//! Shares and signs have few possible values, so an exact interval covers the true value in at least 95 of
//! 100 experiments, often in more. The expected values in the tests come from SciPy 1.17. A comment gives
//! the call.

use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use super::stats::{CONFIDENCE, Interval};

/// Observed hits and their number of observations.
pub type Hits = (usize, usize);

/// The probability that an interval lies above the true value, and the probability that it lies below it.
const TAIL: f64 = (1.0 - CONFIDENCE) / 2.0;

/// The number of steps between 0 and 1 at which the unknown common share of two samples is tried.
const NUISANCE_STEPS: usize = 256;

/// Returns the interval of Clopper & Pearson (1934) of a share, or `None` for no observations.
pub fn share_interval((hits, n): Hits) -> Option<Interval> {
    let quantile = |a: usize, b: usize, p: f64| Some(Beta::new(a as f64, b as f64).ok()?.inverse_cdf(p));
    if n == 0 {
        return None;
    }
    let low = if hits == 0 { 0.0 } else { quantile(hits, n - hits + 1, TAIL)? };
    let high = if hits == n { 1.0 } else { quantile(hits + 1, n - hits, 1.0 - TAIL)? };
    Some(Interval { low, high })
}

/// Returns the two-sided p-value of a share against `bound`: twice the smaller binomial tail. Returns `None`
/// for no observations.
pub fn share_p_value((hits, n): Hits, bound: f64) -> Option<f64> {
    (n > 0).then(|| both_sides(at_least(hits, n, bound), at_least(n - hits, n, 1.0 - bound)))
}

/// Returns the interval of the difference of two shares, or `None` if one has no observations.
///
/// It has the differences that [`share_difference_p_value`] does not reject.
pub fn share_difference_interval(one: Hits, other: Hits) -> Option<Interval> {
    let (a, b) = (Sample::new(one)?, Sample::new(other)?);
    // The tail rises with the true difference, so bisection finds where it passes the level.
    let lowest = |a: Sample, b: Sample| {
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if worst_tail(a, b, middle) > TAIL { high = middle } else { low = middle }
        }
        low
    };
    Some(Interval { low: lowest(a, b), high: -lowest(b, a) })
}

/// Returns the two-sided p-value of the difference of two shares against `bound`, or `None` if one has no
/// observations.
///
/// It is twice the smaller tail of the observed difference, for the least favourable common share (Santner
/// & Snell 1980). That share is sought on a grid.
pub fn share_difference_p_value(one: Hits, other: Hits, bound: f64) -> Option<f64> {
    let (a, b) = (Sample::new(one)?, Sample::new(other)?);
    Some(both_sides(worst_tail(a, b, bound), worst_tail(b, a, -bound)))
}

/// Returns the interval between two order statistics that covers the median, or `None` for fewer than six
/// values.
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    let n = values.len();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = (0..n / 2).rev().find(|k| at_least(n - k, n, 0.5) <= TAIL)?;
    Some(Interval { low: sorted[last], high: sorted[n - 1 - last] })
}

/// Returns the two-sided p-value of the sign test: the median of the values against `bound`. Values equal to
/// the bound are left out. Returns `None` for no values.
pub fn sign_p_value(values: &[f64], bound: f64) -> Option<f64> {
    let above = values.iter().filter(|value| **value > bound).count();
    let below = values.iter().filter(|value| **value < bound).count();
    let n = above + below;
    (!values.is_empty()).then(|| both_sides(at_least(above, n, 0.5), at_least(below, n, 0.5)))
}

fn both_sides(above: f64, below: f64) -> f64 {
    (2.0 * above.min(below)).min(1.0)
}

/// P(X ≥ hits) for a binomial X of `n` trials.
fn at_least(hits: usize, n: usize, p: f64) -> f64 {
    let Some(fewer) = hits.checked_sub(1) else { return 1.0 };
    Binomial::new(p.clamp(0.0, 1.0), n as u64).map_or(1.0, |binomial| binomial.sf(fewer as u64))
}

/// Hits of a sample that has observations.
#[derive(Clone, Copy)]
struct Sample {
    hits: usize,
    n: usize,
}

impl Sample {
    fn new((hits, n): Hits) -> Option<Sample> {
        (n > 0).then_some(Sample { hits, n })
    }
}

/// The largest probability of a difference at least as large as that of `a` less `b`, if the true difference
/// is `bound`.
fn worst_tail(a: Sample, b: Sample, bound: f64) -> f64 {
    let (least, most) = ((-bound).max(0.0), (1.0 - bound).min(1.0));
    let tail = |step: usize| {
        let p = least + (most - least) * step as f64 / NUISANCE_STEPS as f64;
        // Differences are compared in whole numbers, since rounding would part equal ones.
        let scaled = |hits: usize, others: usize| (hits * b.n) as i64 - (others * a.n) as i64;
        let observed = scaled(a.hits, b.hits);
        let chances = probabilities(a.n, p + bound);
        let others = probabilities(b.n, p);
        let mut sum = 0.0;
        for (hits, chance) in chances.iter().enumerate() {
            let reached = others.iter().enumerate().take_while(|(other, _)| scaled(hits, *other) >= observed);
            sum += chance * reached.map(|(_, chance)| chance).sum::<f64>();
        }
        sum
    };
    (0..=NUISANCE_STEPS).map(tail).fold(0.0, f64::max)
}

/// The binomial probabilities of 0 … n hits.
fn probabilities(n: usize, p: f64) -> Vec<f64> {
    let mut found = vec![1.0];
    // Each trial adds a hit with probability p.
    for _ in 0..n {
        let mut next = vec![0.0; found.len() + 1];
        for (hits, chance) in found.iter().enumerate() {
            next[hits] += chance * (1.0 - p);
            next[hits + 1] += chance * p;
        }
        found = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-8, "found {found}, expected {expected}");
    }

    fn near_ends(found: Option<Interval>, low: f64, high: f64) {
        let found = found.unwrap();
        near(found.low, low);
        near(found.high, high);
    }

    #[test]
    fn share_interval_counts_match_scipy() {
        // stats.binomtest(k, n).proportion_ci(method='exact')
        near_ends(share_interval((5, 5)), 0.47817624989501856, 1.0);
        near_ends(share_interval((0, 5)), 0.0, 0.5218237501049814);
        near_ends(share_interval((3, 5)), 0.14663279963467254, 0.9472550494736843);
        near_ends(share_interval((17, 30)), 0.37427345060921996, 0.7453924500967393);
        assert_eq!(share_interval((0, 0)), None);
    }

    #[test]
    fn share_p_value_counts_match_scipy() {
        // 2 * min(stats.binom.sf(k - 1, n, p), stats.binom.cdf(k, n, p))
        for ((hits, n, bound), expected) in
            [((6, 6, 0.5), 0.03125), ((5, 6, 0.5), 0.21875), ((8, 10, 0.3), 0.003180772799999999)]
        {
            near(share_p_value((hits, n), bound).unwrap(), expected);
        }
        assert_eq!(share_p_value((0, 0), 0.5), None);
    }

    #[test]
    fn share_difference_p_value_counts_match_sums_of_scipy() {
        // The outer product of two stats.binom.pmf, summed where the difference is at least the observed one,
        // at the largest of 257 common shares.
        for ((one, other, bound), expected) in [
            (((6, 6), (0, 6), 0.0), 0.00048828125),
            (((6, 6), (3, 6), 0.0), 0.14599609375),
            (((5, 6), (1, 6), 0.1), 0.084283965195144),
            (((4, 8), (2, 5), 0.0), 0.8230505192770912),
        ] {
            near(share_difference_p_value(one, other, bound).unwrap(), expected);
        }
        assert_eq!(share_difference_p_value((1, 2), (0, 0), 0.0), None);
    }

    #[test]
    fn share_difference_interval_ends_are_where_the_p_value_is_5_percent() {
        // scipy.optimize.brentq over the sums of the test above.
        near_ends(share_difference_interval((6, 6), (0, 6)), 0.47070306120589767, 1.0);
        near_ends(share_difference_interval((4, 8), (2, 5)), -0.4615840804100106, 0.6104055277019114);
        let ends = share_difference_interval((5, 6), (1, 6)).unwrap();
        for bound in [ends.low, ends.high] {
            near(share_difference_p_value((5, 6), (1, 6), bound).unwrap(), 0.05);
        }
    }

    #[test]
    fn median_interval_is_between_order_statistics() {
        // 2 * stats.binom.cdf(k, n, 0.5) is 0.031 for k = 0 of 6, 0.039 for k = 1 of 9, 0.109 for k = 2 of 9.
        let values: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(median_interval(&values), Some(Interval { low: 2.0, high: 8.0 }));
        assert_eq!(median_interval(&values[..6]), Some(Interval { low: 1.0, high: 6.0 }));
        assert_eq!(median_interval(&values[..5]), None);
    }

    #[test]
    fn sign_p_value_counts_sides_and_leaves_out_ties() {
        // stats.binomtest(8, 8, 0.5).pvalue, stats.binomtest(7, 8, 0.5).pvalue
        let values: Vec<f64> = (1..=8).map(f64::from).collect();
        near(sign_p_value(&values, 0.5).unwrap(), 0.0078125);
        near(sign_p_value(&values, 1.5).unwrap(), 0.0703125);
        near(sign_p_value(&[values.clone(), vec![0.5]].concat(), 0.5).unwrap(), 0.0078125);
        assert_eq!(sign_p_value(&[], 0.0), None);
        assert_eq!(sign_p_value(&[1.0], 1.0), Some(1.0));
    }
}
