//! The gradient of a loss at every step over the part of it that comes from the loss of the same step.

use super::lines::place;
use super::quantities::TOTAL_OVER_DIRECT;
use crate::report::group::{Curve, CurveGroup};

/// The ratio of the norms of `total_h` and `direct_h` for each grid point and layer, as log10. Nothing where
/// the direct part has no norm at more than one lag, as with the loss at the last step.
pub fn groups(groups: &[&CurveGroup]) -> Vec<CurveGroup> {
    let of = |name: &'static str| groups.iter().copied().filter(move |group| group.quantity == name);
    let pairs = of("total_h").filter_map(|total| {
        let direct = of("direct_h").find(|direct| place(direct) == place(total))?;
        let curves: Vec<Curve> =
            total.curves.iter().zip(&direct.curves).map(|(total, direct)| ratio(total, direct)).collect();
        let has_line = curves.iter().all(|curve| curve.values().flatten().count() > 1);
        has_line.then(|| CurveGroup {
            quantity: TOTAL_OVER_DIRECT.to_string(),
            curves,
            fits: vec![],
            ..total.clone()
        })
    });
    pairs.collect()
}

/// The difference of two curves of log10 at the lags that both have.
fn ratio(total: &Curve, direct: &Curve) -> Curve {
    let at = |(lag, total): (&usize, &Option<f64>)| Some((*lag, Some((*total)? - (*direct.get(lag)?)?)));
    total.iter().filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{curve, line, results, run};
    use crate::report::group::Curves;

    #[test]
    fn groups_subtract_the_direct_part_and_need_it_at_two_lags() {
        let of = |direct| {
            let results = results([run("a", 1)]);
            let rows = [line("a", "total_h", 3, 0.0, 0.1), direct].concat();
            let all = Curves::of_gradients(&results, rows).groups();
            groups(&all.iter().collect::<Vec<_>>())
        };
        let found = of(curve("a", "direct_h", &[(0, Some(-1.0)), (1, None), (2, Some(-2.0))]));
        assert_eq!(found.len(), 1);
        let expected = Curve::from([(0, Some(1.0)), (2, Some(2.2))]);
        assert_eq!((found[0].quantity.as_str(), &found[0].curves), (TOTAL_OVER_DIRECT, &vec![expected]));
        assert!(of(curve("a", "direct_h", &[(0, Some(0.0)), (1, None), (2, None)])).is_empty());
    }
}
