//! The part of the adjoint that came along the carried state, beside the part through the gates.

use super::norms::{by_seed, chosen_lags};
use super::statistic::{Section, Statistic};
use crate::report::estimate::Estimate;
use crate::report::group::CurveGroup;

/// The metric of the share of the path along the state.
pub const PATH_SHARE: &str = "path_share";

/// The norm of `cell_path` over the sum of the norms of `cell_path` and `gate_path`, at some lags.
pub fn statistics(groups: &[CurveGroup]) -> Vec<Statistic> {
    let of = |name: &'static str| groups.iter().filter(move |group| group.quantity == name);
    let pairs = of("cell_path").filter_map(|cell| {
        let is_same = |gate: &&CurveGroup| (&gate.point, gate.layer) == (&cell.point, cell.layer);
        Some((cell, of("gate_path").find(is_same)?))
    });
    pairs.flat_map(|(cell, gate)| shares(cell, gate)).collect()
}

fn shares(cell: &CurveGroup, gate: &CurveGroup) -> Vec<Statistic> {
    let at = |lag: usize| {
        let by_seed = by_seed(cell, |n| path_share(cell.value(n, lag), gate.value(n, lag)));
        let blank = Statistic {
            quantity: cell.quantity.clone(),
            layer: Some(cell.layer),
            lag: Some(lag),
            ..Statistic::new(Section::Gradients, PATH_SHARE, &cell.point, Estimate::default(), "1")
        };
        let share = blank.over_seeds(by_seed);
        Statistic { estimate: share.estimate.map(|share| share.clamp(0.0, 1.0)), ..share }
    };
    chosen_lags(&cell.by_x()).into_iter().map(at).collect()
}

/// The share of the first of two norms in their sum; none of two norms that are 0. Both are log10.
pub fn path_share(of: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (of, other) {
        (None, None) => None,
        (None, Some(_)) => Some(0.0),
        (Some(_), None) => Some(1.0),
        (Some(of), Some(other)) => Some(1.0 / (1.0 + 10f64.powf(other - of))).filter(|share| !share.is_nan()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::statistic::Sample;
    use super::*;
    use crate::report::fixtures::{curve, line, results, run};
    use crate::report::group::Curves;

    #[test]
    fn statistics_are_the_share_of_the_first_path_by_lag() {
        let results = results([run("a", 1), run("b", 2)]);
        let rows = [
            line("a", "cell_path", 3, 0.0, 0.0),
            line("a", "gate_path", 3, 0.0, 1.0),
            curve("b", "cell_path", &[(0, None), (1, Some(-1.0)), (2, None)]),
            curve("b", "gate_path", &[(0, None), (1, None), (2, Some(0.0))]),
        ];
        let groups = Curves::of_gradients(&results, rows.concat()).groups();
        let found = statistics(&groups);
        let shares: Vec<_> = found.iter().map(|row| (row.lag.unwrap(), row.sample.clone())).collect();
        let expected = [
            (0, Sample::Seeds(vec![(1, 0.5)])),
            (1, Sample::Seeds(vec![(1, 1.0 / 11.0), (2, 1.0)])),
            (2, Sample::Seeds(vec![(1, 1.0 / 101.0), (2, 0.0)])),
        ];
        assert_eq!(shares, expected);
        assert!(found.iter().all(|row| (row.metric, row.layer) == (PATH_SHARE, Some(0))));
    }
}
