//! Norms over lag: their slope, and the norm at some lags.

use std::collections::BTreeMap;

use super::statistic::{Sample, Section, Statistic};
use crate::report::estimate::Estimate;
use crate::report::group::{Curve, CurveGroup};
use crate::results::Decay;
use crate::settings::names::Quantity;

/// The least R² of a line, as the mean over the seeds, at which the norms are called exponential in the lag.
const EXPONENTIAL: f64 = 0.9;

/// The change of the norm over all lags, in decades, below which it is called level: about a twentieth.
const LEVEL: f64 = 0.02;

/// The metric of the first lag from which on the error of truncated backpropagation is at most a hundredth.
pub const LAG_SMALL_ERROR: &str = "lag_small_error";

/// The metric of log10 of the norm at a lag over that at lag 0.
pub const LOG10_KEPT: &str = "log10_kept";

/// The same before the first update of a training.
pub const LOG10_KEPT_BEFORE: &str = "log10_kept_before_training";

/// Returns true for a gradient with respect to a state, of which a share is left at a lag.
pub fn is_relative(quantity: &str) -> bool {
    quantity.starts_with("total_")
}

/// log10 of the relative error that is small enough.
const SMALL_ERROR: f64 = -2.0;

/// The verdict on a norm that hardly changes over all lags. It has no half-life.
pub const HARDLY_CHANGES: &str = "level";

/// The verdict on a norm that grows exponentially with the lag. It has no half-life.
pub const GROWS: &str = "grows";

/// The verdict on a norm that is not exponential in the lag. It has no half-life.
pub const NOT_EXPONENTIAL: &str = "not exponential";

/// The number of each seed.
type BySeed = Vec<(u64, f64)>;

/// `slope`, `r_squared` and `half_life` if there is a line through the norms, then `log10_norm` at some lags.
/// Norms that are not exponential in the lag have no half-life, but the slopes of both halves, and the lags
/// with a tenth and a hundredth of the norm.
pub fn statistics(section: Section, group: &CurveGroup) -> Vec<Statistic> {
    let statistic = |metric, estimate, unit| Statistic {
        quantity: group.quantity.clone(),
        layer: (section == Section::Gradients).then_some(group.layer),
        ..Statistic::new(section, metric, &group.point, estimate, unit)
    };
    let mut found = Vec::new();
    let (slopes, r_squared): (Vec<f64>, Vec<f64>) =
        group.fits.iter().flatten().map(|decay| (decay.line.slope, decay.line.r_squared)).unzip();
    if !slopes.is_empty() {
        let (slope, r_squared) =
            (Estimate::mean(&slopes), Estimate::mean(&r_squared).map(|share| share.clamp(0.0, 1.0)));
        let is_exponential = r_squared.value.is_some_and(|r_squared| r_squared >= EXPONENTIAL);
        let largest_lag = group.by_x().into_keys().next_back().unwrap_or(0);
        let verdict = shape_in_words(&slope, is_exponential, largest_lag);
        let falls = is_exponential && verdict.is_none();
        let of = |slope: Option<f64>| slope.filter(|_| falls).and_then(half_life);
        let half_life =
            Estimate { value: of(slope.value), low: of(slope.low), high: of(slope.high), n: slope.n };
        let sample = Sample::Seeds(by_seed(group, |n| Some(group.fits.get(n)?.as_ref()?.line.slope)));
        found.push(Statistic { sample, ..statistic("slope", slope, "log10 per step") });
        found.push(statistic("r_squared", r_squared, "1"));
        found.push(Statistic {
            verdict: verdict.map(str::to_string),
            ..statistic("half_life", half_life, "steps")
        });
        if !is_exponential {
            let of_shape = |(metric, by_seed, unit): (&'static str, BySeed, &'static str)| {
                statistic(metric, Estimate::default(), unit).over_seeds(by_seed)
            };
            found.extend(shape(group).into_iter().map(of_shape));
        }
    }
    found.extend(small_error(group).map(|lag| statistic(LAG_SMALL_ERROR, lag, "steps")));
    let at_lag = |lag: usize| {
        let blank = Statistic { lag: Some(lag), ..statistic("log10_norm", Estimate::default(), "log10") };
        blank.over_seeds(by_seed(group, |n| group.value(n, lag)))
    };
    found.extend(chosen_lags(&group.by_x()).into_iter().map(at_lag));
    if section == Section::Gradients {
        found.extend(kept(group, LOG10_KEPT));
    }
    found
}

/// log10 of the norm at some lags over that at lag 0, for a gradient with respect to a state.
pub fn kept(group: &CurveGroup, metric: &'static str) -> Vec<Statistic> {
    let lags = chosen_lags(&group.by_x()).into_iter().filter(|lag| *lag > 0 && is_relative(&group.quantity));
    let of_lag = |lag: usize| {
        let blank = Statistic {
            quantity: group.quantity.clone(),
            layer: Some(group.layer),
            lag: Some(lag),
            ..Statistic::new(Section::Gradients, metric, &group.point, Estimate::default(), "log10")
        };
        blank.over_seeds(by_seed(group, |n| group.kept(n, lag)))
    };
    lags.map(of_lag).collect()
}

/// The numbers of all curves that have one, by seed.
pub fn by_seed(group: &CurveGroup, of: impl Fn(usize) -> Option<f64>) -> BySeed {
    group.seeds.iter().enumerate().filter_map(|(n, seed)| Some((*seed, of(n)?))).collect()
}

/// The reason why there is no half-life: the norm hardly changes over all lags, grows, has no slope apart
/// from 0, or is not exponential.
fn shape_in_words(slope: &Estimate, is_exponential: bool, largest_lag: usize) -> Option<&'static str> {
    let is_small = |end: f64| (end * largest_lag as f64).abs() < LEVEL;
    match (slope.low, slope.high) {
        (Some(low), Some(high)) if is_small(low) && is_small(high) => Some(HARDLY_CHANGES),
        (Some(low), _) if low > 0.0 && is_exponential => Some(GROWS),
        (Some(low), Some(high)) if !is_exponential && low <= 0.0 && high >= 0.0 => Some("no slope"),
        _ if !is_exponential => Some(NOT_EXPONENTIAL),
        _ => None,
    }
}

/// The mean over the seeds of the first lag from which on truncated backpropagation errs by at most a
/// hundredth; none for other quantities, or if the error of a seed stays larger.
fn small_error(group: &CurveGroup) -> Option<Estimate> {
    if group.quantity != Quantity::TruncationError.as_str() {
        return None;
    }
    let first = |curve: &Curve| {
        let is_large = |error: &Option<f64>| error.is_some_and(|error| error > SMALL_ERROR);
        let last_large = curve.iter().rev().find(|(_, error)| is_large(error)).map(|(lag, _)| *lag);
        let from = last_large.map_or(0, |lag| lag + 1);
        curve.range(from..).next().map(|(lag, _)| *lag as f64)
    };
    let lags: Option<Vec<f64>> = group.curves.iter().map(first).collect();
    Some(Estimate::mean(&lags?))
}

/// The numbers that describe curves without a half-life, by seed: each that all curves have.
fn shape(group: &CurveGroup) -> Vec<(&'static str, BySeed, &'static str)> {
    let of_all = |number: fn(&Decay) -> Option<f64>| -> Option<BySeed> {
        let fits = group.seeds.iter().zip(&group.fits);
        let fits = fits.filter_map(|(seed, fit)| Some((*seed, fit.as_ref()?)));
        fits.map(|(seed, fit)| Some((seed, number(fit)?))).collect()
    };
    let metrics = [
        ("early_slope", of_all(|decay| decay.early_slope), "log10 per step"),
        ("late_slope", of_all(|decay| decay.late_slope), "log10 per step"),
        ("lag_tenth", of_all(|decay| decay.lag_tenth.map(|lag| lag as f64)), "steps"),
        ("lag_hundredth", of_all(|decay| decay.lag_hundredth.map(|lag| lag as f64)), "steps"),
    ];
    metrics.into_iter().filter_map(|(metric, by_seed, unit)| Some((metric, by_seed?, unit))).collect()
}

/// The steps over which the norm halves if it falls by `slope` (log10) in each: log10(2) / −slope. None
/// if it does not fall.
fn half_life(slope: f64) -> Option<f64> {
    (slope < 0.0).then(|| 2f64.log10() / -slope)
}

/// The largest lag of at most half of the steps, or else the largest. Near its first step, the gradient of a
/// sequence also depends on the initial state, so it says little on longer sequences.
pub fn middle_lag(lags: &[usize], steps: usize) -> Option<usize> {
    lags.iter().rfind(|lag| 2 * **lag <= steps).or(lags.last()).copied()
}

/// The lags 0, 1, 2, 5, 10, 20, 50, … and the largest, as far as there are values.
pub fn chosen_lags(lags: &BTreeMap<usize, Vec<f64>>) -> Vec<usize> {
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
    use crate::report::fixtures::{curve, line, results, run};
    use crate::report::group::Curves;
    use crate::results::schema::GradientRow;

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    /// The statistics of runs that differ in the seed only, each with its own rows.
    fn of(curves: &[Vec<GradientRow>]) -> Vec<Statistic> {
        let results = results(curves.iter().zip(1..).map(|(rows, seed)| run(&rows[0].run_id, seed)));
        let groups = Curves::of_gradients(&results, curves.iter().flatten().cloned()).fitted().groups();
        statistics(Section::Gradients, &groups[0])
    }

    fn find<'a>(rows: &'a [Statistic], metric: &str, lag: Option<usize>) -> &'a Statistic {
        rows.iter().find(|row| row.metric == metric && row.lag == lag).expect("there is such a row")
    }

    #[test]
    fn statistics_slope_and_half_life_are_those_of_mean_line() {
        let rows = of(&[line("a", "total_h", 50, 0.0, -0.1), line("b", "total_h", 50, 0.0, -0.2)]);
        let slope = find(&rows, "slope", None);
        assert_eq!((slope.estimate.n, slope.unit.as_str()), (2, "log10 per step"));
        near(slope.estimate.value, -0.15);
        // stats.t.ppf(0.975, 1) * stats.sem([-0.1, -0.2])
        near(slope.estimate.low, -0.15 - 0.635310236808735);
        near(slope.estimate.high, -0.15 + 0.635310236808735);
        let half_life = find(&rows, "half_life", None);
        near(half_life.estimate.value, 2f64.log10() / 0.15);
        near(half_life.estimate.low, 2f64.log10() / 0.785310236808735);
        assert_eq!(half_life.estimate.high, None, "the slope may be 0 or above");
    }

    #[test]
    fn statistics_norms_not_exponential_have_no_half_life() {
        // Flat up to lag 79, then steep: R² is 0.41.
        let bent = |lag: usize| (lag, Some(if lag < 80 { 0.0 } else { 79.0 - lag as f64 }));
        let rows = of(&[curve("a", "total_h", &(0..100).map(bent).collect::<Vec<_>>())]);
        assert!(find(&rows, "slope", None).estimate.value.unwrap() < 0.0);
        assert!(find(&rows, "r_squared", None).estimate.value.unwrap() < EXPONENTIAL);
        let half_life = find(&rows, "half_life", None);
        assert_eq!((half_life.estimate.value, half_life.verdict.as_deref()), (None, Some("not exponential")));
        near(find(&rows, "early_slope", None).estimate.value, 0.0);
        assert!(find(&rows, "late_slope", None).estimate.value.unwrap() < -0.2);
        near(find(&rows, "lag_tenth", None).estimate.value, 80.0);
        near(find(&rows, "lag_hundredth", None).estimate.value, 81.0);
        let straight = of(&[line("a", "total_h", 100, 0.0, -0.1)]);
        near(find(&straight, "r_squared", None).estimate.value, 1.0);
        assert_eq!(find(&straight, "half_life", None).verdict, None);
        assert!(straight.iter().all(|row| row.metric != "early_slope"));
    }

    #[test]
    fn statistics_growing_gradient_has_no_half_life() {
        let rows = of(&[line("a", "total_h", 50, 0.0, 0.1)]);
        near(find(&rows, "slope", None).estimate.value, 0.1);
        assert_eq!(find(&rows, "half_life", None).estimate.value, None);
    }

    #[test]
    fn statistics_half_life_says_whether_the_norm_grows_or_has_no_slope() {
        let verdict = |curves: &[Vec<GradientRow>]| find(&of(curves), "half_life", None).verdict.clone();
        let of_slopes = |slopes: [f64; 2]| {
            verdict(&[line("a", "total_h", 50, 0.0, slopes[0]), line("b", "total_h", 50, 0.0, slopes[1])])
        };
        assert_eq!(of_slopes([0.1, 0.101]).as_deref(), Some("grows"));
        let falls_then_grows = |id: &str, end: f64| {
            let points = (0..50).map(|lag| (lag, Some(if lag < 15 { 0.0 } else { lag as f64 * end - 1.2 })));
            curve(id, "total_h", &points.collect::<Vec<_>>())
        };
        let bent = [falls_then_grows("a", 0.04), falls_then_grows("b", 0.041)];
        assert_eq!(verdict(&bent).as_deref(), Some("not exponential"));
        assert_eq!(of_slopes([-0.1, -0.101]), None);
        assert_eq!(of_slopes([1e-4, 1.01e-4]).as_deref(), Some("level"));
        assert_eq!(of_slopes([-1e-4, -1.01e-4]).as_deref(), Some("level"));
        let noise = |id: &str, sign: f64| {
            let points: Vec<_> = (0..50).map(|lag| (lag, Some(sign * [0.1, -0.1][lag % 2]))).collect();
            curve(id, "total_h", &points)
        };
        assert_eq!(verdict(&[noise("a", 1.0), noise("b", -1.0)]).as_deref(), Some("no slope"));
    }

    #[test]
    fn statistics_small_error_is_the_lag_from_which_all_are_small() {
        let errors = |id: &str, errors: &[f64]| {
            let points: Vec<_> = errors.iter().enumerate().map(|(lag, error)| (lag, Some(*error))).collect();
            curve(id, Quantity::TruncationError.as_str(), &points)
        };
        let first = errors("a", &[0.0, -2.5, -1.0, -2.0, -3.0]);
        let both = of(&[first.clone(), errors("b", &[-1.0, -1.5, -2.0, -2.1, -2.2])]);
        assert_eq!(find(&both, LAG_SMALL_ERROR, None).estimate.value, Some(2.5));
        let never = of(&[first, errors("b", &[-1.0, -1.0, -1.0, -1.0, -1.0])]);
        assert!(never.iter().all(|row| row.metric != LAG_SMALL_ERROR));
    }

    #[test]
    fn statistics_single_seed_has_no_interval() {
        let rows = of(&[line("a", "total_h", 50, 0.0, -0.1)]);
        assert!(rows.iter().all(|row| row.estimate.n == 1 && row.estimate.interval().is_none()));
    }

    #[test]
    fn statistics_norms_are_at_lags_1_2_5_and_largest() {
        let of_start = |start| of(&[line("a", "total_h", 123, start, -0.1)]);
        let rows = of_start(0.0);
        let of = |metric| rows.iter().filter(move |row| row.metric == metric).filter_map(|row| row.lag);
        assert_eq!(of("log10_norm").collect::<Vec<_>>(), [0, 1, 2, 5, 10, 20, 50, 100, 122]);
        assert_eq!(of(LOG10_KEPT).collect::<Vec<_>>(), [1, 2, 5, 10, 20, 50, 100, 122]);
        near(find(&rows, "log10_norm", Some(122)).estimate.value, -12.2);
        let higher = of_start(2.0);
        near(find(&higher, "log10_norm", Some(10)).estimate.value, 1.0);
        near(find(&higher, LOG10_KEPT, Some(10)).estimate.value, -1.0);
    }

    #[test]
    fn statistics_zero_norm_of_one_seed_is_not_counted() {
        let rows = of(&[
            curve("a", "direct_h", &[(0, Some(0.5)), (1, None)]),
            curve("b", "direct_h", &[(0, Some(1.5)), (1, Some(f64::NEG_INFINITY))]),
        ]);
        assert!(rows.iter().all(|row| row.metric == "log10_norm"), "one lag makes no slope");
        let (first, second) = (find(&rows, "log10_norm", Some(0)), find(&rows, "log10_norm", Some(1)));
        near(first.estimate.value, 1.0);
        assert_eq!((first.estimate.n, second.estimate.n, second.estimate.value), (2, 0, None));
    }
}
