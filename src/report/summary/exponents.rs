//! The Lyapunov exponents below the largest: that of a quarter of the directions, and the smallest.

use super::statistic::{Section, Statistic};
use crate::report::estimate::Estimate;
use crate::report::group::{Curve, CurveGroup, quarter_rank};

/// The metric of the exponent that a quarter of the directions of the state reach or exceed. A quarter, since
/// half of an LSTM's directions are those of h, which no step keeps.
pub const QUARTER_EXPONENT: &str = "quarter_exponent";

/// The metric of the smallest exponent.
pub const SMALLEST_EXPONENT: &str = "smallest_exponent";

/// Both numbers of a group of exponents over their rank, in log10 per step; none with fewer than four.
pub fn statistics(group: &CurveGroup) -> Vec<Statistic> {
    let of = |metric: &'static str, place: fn(usize) -> usize| {
        let exponent = |curve: &Curve| {
            let falling: Vec<f64> = curve.values().copied().collect::<Option<_>>()?;
            falling.get(place(falling.len())).filter(|_| falling.len() > 3).copied()
        };
        let by_seed = group.seeds.iter().zip(&group.curves);
        let by_seed: Vec<(u64, f64)> =
            by_seed.filter_map(|(seed, curve)| Some((*seed, exponent(curve)?))).collect();
        let blank = Estimate::default();
        Statistic::new(Section::Jacobian, metric, &group.point, blank, "log10 per step").over_seeds(by_seed)
    };
    let both =
        [of(QUARTER_EXPONENT, |count| quarter_rank(count) - 1), of(SMALLEST_EXPONENT, |count| count - 1)];
    both.into_iter().filter(|statistic| statistic.estimate.n > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::run;

    #[test]
    fn statistics_are_the_exponents_of_a_quarter_and_at_the_end() {
        let of = |exponents: &[Option<f64>]| {
            let group = CurveGroup {
                point: run("a", 1).settings,
                quantity: "lyapunov".into(),
                layer: 0,
                curves: vec![(1..).zip(exponents.iter().copied()).collect()],
                fits: vec![],
                seeds: vec![1],
                chance: std::collections::BTreeMap::new(),
            };
            let found = statistics(&group);
            found.iter().map(|row| (row.metric, row.estimate.value.unwrap())).collect::<Vec<_>>()
        };
        let found = of(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0].map(|size| Some(-size)));
        let expected = [(QUARTER_EXPONENT, -1.0), (SMALLEST_EXPONENT, -8.0)];
        assert_eq!(found.len(), 2);
        for ((metric, value), expected) in found.iter().zip(expected) {
            assert_eq!(*metric, expected.0);
            assert!((value - expected.1).abs() < 1e-12, "{value}");
        }
        assert!(of(&[Some(0.0), Some(-1.0), Some(-2.0)]).is_empty());
        assert!(of(&[Some(0.0), None, Some(-1.0), Some(-2.0)]).is_empty());
    }
}
