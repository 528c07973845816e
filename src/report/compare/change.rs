//! The change of one number from A to B, with its interval.

use super::scale::{By, Scale};
use crate::report::estimate::Estimate;
use crate::report::judge::Evidence;
use crate::report::summary::Sample;

/// The relative difference up to which numbers of the same seed are equal: that of rounding in f64.
const ROUNDING: f64 = 1e-9;

/// The change of one number.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The difference or the ratio, with its own 95 % interval.
    pub estimate: Estimate,
    /// The two-sided p-value against no change.
    pub p_value: Option<f64>,
    /// The smallest change that 80 of 100 such comparisons find: a difference, or a ratio less 1.
    pub smallest: Option<f64>,
    /// The way the two samples are compared: `by seed`, `two samples`, `processes` or `shares`.
    pub method: &'static str,
    /// True if all numbers are equal.
    pub is_equal: bool,
}

impl Change {
    /// Compares two samples of a number; `None` if they are of different kinds.
    pub fn of(scale: Scale, a: &Sample, b: &Sample) -> Option<Change> {
        let (evidence, method) = evidence(scale, a, b)?;
        let no_change = if scale.by == By::Ratio { 1.0 } else { 0.0 };
        let smallest = evidence.smallest_difference();
        Some(Change {
            estimate: evidence.estimate(),
            p_value: evidence.p_value(no_change),
            smallest: if scale.by == By::Ratio { smallest.map(f64::exp_m1) } else { smallest },
            method,
            is_equal: are_equal(a, b),
        })
    }
}

fn evidence(scale: Scale, a: &Sample, b: &Sample) -> Option<(Evidence, &'static str)> {
    match (a, b) {
        (Sample::Processes(a), Sample::Processes(b)) => {
            let logs = Evidence::TwoSamples(b.clone(), a.clone());
            Some((Evidence::Ratios(Box::new(logs)), "processes"))
        }
        (Sample::Solved(a), Sample::Solved(b)) => Some((Evidence::ShareDifference(*b, *a), "shares")),
        (Sample::Seeds(a), Sample::Seeds(b)) => Some(over_seeds(scale, a, b)),
        _ => None,
    }
}

/// Compares by seed if both sides have the same seeds, and two samples otherwise.
fn over_seeds(scale: Scale, a: &[(u64, f64)], b: &[(u64, f64)]) -> (Evidence, &'static str) {
    let is_ratio = scale.by == By::Ratio;
    if is_ratio && a.iter().chain(b).any(|(_, value)| *value <= 0.0) {
        return (Evidence::NoRatio(a.len().min(b.len())), "two samples");
    }
    let number = |value: &f64| if is_ratio { value.ln() } else { *value };
    let numbers = |side: &[(u64, f64)]| side.iter().map(|(_, value)| number(value)).collect::<Vec<f64>>();
    let (evidence, method) = match pairs(a, b) {
        Some(pairs) => {
            let changes = pairs.iter().map(|(a, b)| number(b) - number(a)).collect();
            (Evidence::Mean(changes), "by seed")
        }
        None => (Evidence::TwoSamples(numbers(b), numbers(a)), "two samples"),
    };
    (if is_ratio { Evidence::Ratios(Box::new(evidence)) } else { evidence }, method)
}

/// The numbers of each seed; `None` if the seeds are not the same.
fn pairs(a: &[(u64, f64)], b: &[(u64, f64)]) -> Option<Vec<(f64, f64)>> {
    let other = |seed: u64| b.iter().find(|(other, _)| *other == seed).map(|(_, value)| *value);
    let pairs: Option<Vec<(f64, f64)>> =
        a.iter().map(|(seed, value)| Some((*value, other(*seed)?))).collect();
    pairs.filter(|_| a.len() == b.len())
}

/// Returns true if the numbers of all seeds are equal up to rounding.
fn are_equal(a: &Sample, b: &Sample) -> bool {
    match (a, b) {
        (Sample::Seeds(a), Sample::Seeds(b)) => pairs(a, b)
            .is_some_and(|pairs| pairs.iter().all(|(a, b)| (a - b).abs() <= ROUNDING * a.abs().max(b.abs()))),
        (Sample::Solved(a), Sample::Solved(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::scale::scale;

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-8), "{found:?}, expected {expected}");
    }

    fn seeds(first: u64, values: &[f64]) -> Sample {
        Sample::Seeds((first..).zip(values.iter().copied()).collect())
    }

    fn of(metric: &str, a: &Sample, b: &Sample) -> Change {
        Change::of(scale(metric).unwrap(), a, b).unwrap()
    }

    #[test]
    fn of_same_seeds_takes_the_difference_by_seed() {
        let a = seeds(1, &[1.0, 5.0, 9.0]);
        let change = of("slope", &a, &seeds(1, &[1.1, 5.2, 9.3]));
        near(change.estimate.value, 0.2);
        // stats.t.interval(0.95, 2, loc=0.2, scale=stats.sem([0.1, 0.2, 0.3]))
        near(change.estimate.low, 0.2 - 0.248413771175033);
        assert_eq!((change.method, change.is_equal), ("by seed", false));
        let turned = Sample::Seeds(vec![(3, 9.3), (1, 1.1), (2, 5.2)]);
        near(of("slope", &a, &turned).estimate.value, 0.2);
        let moved = of("slope", &a, &seeds(2, &[1.1, 5.2, 9.3]));
        assert_eq!(moved.method, "two samples");
        assert!(moved.p_value.unwrap() > 0.9);
    }

    #[test]
    fn of_losses_takes_the_ratio() {
        let change = of("test_loss", &seeds(1, &[1.0, 2.0]), &seeds(1, &[1.1, 2.2]));
        near(change.estimate.value, 1.1);
        near(change.smallest, 0.0);
        let zero = of("test_loss", &seeds(1, &[0.0, 2.0]), &seeds(1, &[1.1, 2.2]));
        assert_eq!((zero.estimate.value, zero.p_value), (None, None));
    }

    #[test]
    fn of_processes_is_welchs_interval_of_the_logarithms() {
        let logs = |times: [f64; 3]| Sample::Processes(times.map(f64::ln).to_vec());
        let (a, b) = (logs([1.0, 1.1, 1.2]), logs([2.0, 2.1, 2.2]));
        let change = Change::of(scale("seconds").unwrap(), &a, &b).unwrap();
        near(change.estimate.value, (2.0f64 * 2.1 * 2.2 / (1.1 * 1.2)).cbrt());
        // exp(stats.ttest_ind(np.log(b), np.log(a), equal_var=False).confidence_interval())
        near(change.estimate.low, 1.5843418376836562);
        near(change.estimate.high, 2.3096693043042777);
        assert_eq!(change.method, "processes");
    }

    #[test]
    fn of_equal_numbers_is_equal_and_other_kinds_do_not_compare() {
        let a = seeds(1, &[0.1, 0.2]);
        assert!(of("slope", &a, &seeds(1, &[0.1 + 1e-15, 0.2])).is_equal);
        assert!(!of("slope", &a, &seeds(1, &[0.1 + 1e-6, 0.2])).is_equal);
        assert!(of("solved", &Sample::Solved((1, 3)), &Sample::Solved((1, 3))).is_equal);
        let scale = scale("solved").unwrap();
        assert_eq!(Change::of(scale, &a, &Sample::Solved((1, 3))), None);
    }
}
