//! Of norms over lag: their slope, and the norm at some lags.

use std::collections::BTreeMap;

use super::Metric;
use crate::report::group::{CurveGroup, slope};
use crate::results::schema::SummaryRow;
use crate::support::stats;

/// `slope` and `half_life` where there is a line to be drawn, then `log10_norm` at chosen lags.
pub fn rows(kind: &str, group: &CurveGroup) -> Vec<SummaryRow> {
    let layer = (kind == "gradients").then_some(group.layer);
    let common = Metric { kind, quantity: &group.quantity, layer, ..Metric::default() };
    let slopes: Vec<f64> = group.curves.iter().filter_map(slope).collect();
    let mut metrics = Vec::new();
    if let Some(estimate) = stats::mean(&slopes) {
        let slope = Metric {
            name: "slope",
            estimate: Some(estimate),
            n: slopes.len(),
            unit: "log10 per step",
            ..common.clone()
        };
        let slope = slope.within(stats::t_interval(&slopes));
        let half_life = Metric {
            name: "half_life",
            estimate: steps_to_half(estimate),
            ci_low: slope.ci_low.and_then(steps_to_half),
            ci_high: slope.ci_high.and_then(steps_to_half),
            unit: "steps",
            ..slope.clone()
        };
        metrics.extend([slope, half_life]);
    }
    let lags = group.by_x();
    for lag in chosen_lags(&lags) {
        let norms = &lags[&lag];
        let norm = Metric {
            name: "log10_norm",
            lag: Some(lag),
            estimate: stats::mean(norms),
            n: norms.len(),
            unit: "log10",
            ..common.clone()
        };
        metrics.push(norm.within(stats::t_interval(norms)));
    }
    metrics.into_iter().map(|metric| metric.row(&group.point)).collect()
}

/// Over so many steps does the norm halve, if it falls by `slope` (log10) in each: log10(2) / −slope. None
/// where it does not fall.
fn steps_to_half(slope: f64) -> Option<f64> {
    (slope < 0.0).then(|| 2f64.log10() / -slope)
}

/// Of the lags that there are: 0, 1, 2, 5, 10, 20, 50, … and the largest.
fn chosen_lags(lags: &BTreeMap<usize, Vec<f64>>) -> Vec<usize> {
    let largest = lags.keys().next_back().copied();
    let is_chosen = |lag: &usize| *lag == 0 || Some(*lag) == largest || is_1_2_5(*lag);
    lags.keys().copied().filter(is_chosen).collect()
}

fn is_1_2_5(mut n: usize) -> bool {
    while n > 0 && n.is_multiple_of(10) {
        n /= 10;
    }
    [1, 2, 5].contains(&n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::Experiment;
    use crate::report::{fake, group, summary};
    use crate::results::schema::GradientRow;

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    /// The summary of runs that differ in the seed only, each with its own rows.
    fn of(curves: &[Vec<GradientRow>]) -> Vec<SummaryRow> {
        let runs: Vec<_> =
            curves.iter().zip(1..).map(|(rows, seed)| fake::run(&rows[0].run_id, seed)).collect();
        let gradients = group::gradients(&runs, curves.iter().flatten().cloned());
        summary::rows(&Experiment { gradients, ..Experiment::default() })
    }

    fn find<'a>(rows: &'a [SummaryRow], metric: &str, lag: Option<usize>) -> &'a SummaryRow {
        rows.iter().find(|row| row.metric == metric && row.lag == lag).expect("there is such a row")
    }

    #[test]
    fn slope_and_half_life_are_those_of_the_mean_line() {
        let rows =
            of(&[fake::line("a", "total_h", 50, 0.0, -0.1), fake::line("b", "total_h", 50, 0.0, -0.2)]);
        let slope = find(&rows, "slope", None);
        assert_eq!((slope.n, slope.unit.as_str()), (2, "log10 per step"));
        near(slope.estimate, -0.15);
        // stats.t.ppf(0.975, 1) * stats.sem([-0.1, -0.2])
        near(slope.ci_low, -0.15 - 0.635310236808735);
        near(slope.ci_high, -0.15 + 0.635310236808735);
        let half_life = find(&rows, "half_life", None);
        near(half_life.estimate, 2f64.log10() / 0.15);
        near(half_life.ci_low, 2f64.log10() / 0.785310236808735);
        assert_eq!(half_life.ci_high, None, "the slope may be 0 or above");
    }

    #[test]
    fn a_gradient_that_grows_has_a_slope_and_no_half_life() {
        let rows = of(&[fake::line("a", "total_h", 50, 0.0, 0.1)]);
        near(find(&rows, "slope", None).estimate, 0.1);
        assert_eq!(find(&rows, "half_life", None).estimate, None);
    }

    #[test]
    fn a_single_seed_has_no_interval() {
        let rows = of(&[fake::line("a", "total_h", 50, 0.0, -0.1)]);
        assert!(rows.iter().all(|row| row.n == 1 && row.ci_low.is_none() && row.ci_high.is_none()));
    }

    #[test]
    fn norms_are_given_at_lags_1_2_5_and_at_the_largest() {
        let rows = of(&[fake::line("a", "total_h", 123, 0.0, -0.1)]);
        let lags: Vec<usize> = rows.iter().filter_map(|row| row.lag).collect();
        assert_eq!(lags, [0, 1, 2, 5, 10, 20, 50, 100, 122]);
        near(find(&rows, "log10_norm", Some(122)).estimate, -12.2);
    }

    #[test]
    fn a_norm_that_is_zero_in_one_seed_is_counted_out() {
        let rows = of(&[
            fake::curve("a", "direct_h", &[(0, Some(0.5)), (1, None)]),
            fake::curve("b", "direct_h", &[(0, Some(1.5)), (1, Some(f64::NEG_INFINITY))]),
        ]);
        assert!(rows.iter().all(|row| row.metric == "log10_norm"), "one lag makes no slope");
        let (first, second) = (find(&rows, "log10_norm", Some(0)), find(&rows, "log10_norm", Some(1)));
        near(first.estimate, 1.0);
        assert_eq!((first.n, second.n, second.estimate), (2, 0, None));
    }
}
