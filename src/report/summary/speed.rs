//! Of timings: seconds, the rate of multiplication, and the ratio to libtorch's own.

use super::Metric;
use crate::report::group::SpeedGroup;
use crate::report::rate;
use crate::results::schema::SummaryRow;
use crate::support::stats;

/// The engine that the others are measured by.
pub const REFERENCE: &str = "builtin";

/// `seconds`, `gflops` and, for f32 on a CPU whose peak is known, `share_of_peak` of every engine, then `ratio_to_builtin`
/// of those that have samples beside builtin's.
pub fn rows(group: &SpeedGroup) -> Vec<SummaryRow> {
    let peak = group.peak.filter(|_| group.point.device == "cpu" && group.point.dtype == "f32");
    let common = Metric { kind: "speed", quantity: &group.pass, ..Metric::default() };
    let mut rows = Vec::new();
    for (engine, samples) in &group.engines {
        let times: Vec<f64> = samples.values().copied().collect();
        let seconds = Metric {
            name: "seconds",
            estimate: stats::median(&times),
            n: times.len(),
            unit: "s",
            ..common.clone()
        };
        let seconds = seconds.within(stats::median_interval(&times));
        let point = group.point.with_engine(engine);
        rows.push(seconds.clone().row(&point));
        let Some(flops) = rate::flops(&group.point, &group.pass) else { continue };
        let rate = |name, unit, most: f64| Metric {
            name,
            unit,
            estimate: seconds.estimate.map(|seconds| flops / seconds / most),
            ci_low: seconds.ci_high.map(|seconds| flops / seconds / most),
            ci_high: seconds.ci_low.map(|seconds| flops / seconds / most),
            ..seconds.clone()
        };
        rows.push(rate("gflops", "GFLOP/s", 1e9).row(&point));
        rows.extend(peak.map(|peak| rate("share_of_peak", "share", 1e9 * peak).row(&point)));
    }
    let Some(reference) = group.samples(REFERENCE) else { return rows };
    for (engine, samples) in &group.engines {
        let ratio = Metric { name: "ratio_to_builtin", unit: "1", ..common.clone() };
        let pairs: Vec<(f64, f64)> =
            samples.iter().filter_map(|(number, time)| Some((*time, *reference.get(number)?))).collect();
        let Some(estimate) = stats::median_ratio(&pairs) else { continue };
        let ratio = Metric { estimate: Some(estimate), n: pairs.len(), ..ratio };
        let interval = if engine == REFERENCE { None } else { stats::median_ratio_interval(&pairs) };
        rows.push(ratio.within(interval).row(&group.point.with_engine(engine)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::Experiment;
    use crate::report::point::Point;
    use crate::report::{fake, group, summary};
    use crate::results::schema::{RunRow, SpeedRow};

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    fn of_timings(runs: &[RunRow], samples: impl IntoIterator<Item = SpeedRow>) -> Vec<SummaryRow> {
        summary::rows(&Experiment { speed: group::speed(runs, samples), ..Experiment::default() })
    }

    #[test]
    fn times_and_ratios_of_engines() {
        let mut samples = Vec::new();
        for n in 0..9 {
            let builtin = 1.0 + n as f64;
            samples.push(fake::sample("a", "builtin", "train", n, builtin));
            samples.push(fake::sample("a", "fused", "train", n, 2.0 * builtin));
        }
        let rows = of_timings(&[fake::run("a", 1)], samples);
        let flops = rate::flops(&Point::from(&fake::run("a", 1)), "train").unwrap();
        let found: Vec<_> =
            rows.iter().map(|row| (row.metric.as_str(), row.engine.as_str(), row.n, row.estimate)).collect();
        let expected = [
            ("seconds", "builtin", 9, Some(5.0)),
            ("gflops", "builtin", 9, Some(flops / 5e9)),
            ("seconds", "fused", 9, Some(10.0)),
            ("gflops", "fused", 9, Some(flops / 10e9)),
            ("ratio_to_builtin", "builtin", 9, Some(1.0)),
            ("ratio_to_builtin", "fused", 9, Some(2.0)),
        ];
        assert_eq!(found, expected);
        assert!(rows[0].ci_low.is_some_and(|low| low < 5.0), "{rows:?}");
        assert_eq!((rows[4].ci_low, rows[4].ci_high), (None, None));
        assert_eq!((rows[5].ci_low, rows[5].ci_high), (Some(2.0), Some(2.0)), "the pairs agree exactly");
    }

    #[test]
    fn a_share_of_the_peak_needs_f32_and_a_peak() {
        let share = |dtype: &str, peak: Option<f64>| {
            let runs = [RunRow { dtype: dtype.into(), fma_peak_gflops: peak, ..fake::run("a", 1) }];
            let samples = (0..3).map(|n| fake::sample("a", "fused", "forward", n, 1e-6));
            summary::rows(&Experiment { speed: group::speed(&runs, samples), ..Experiment::default() })
        };
        let of = |rows: &[SummaryRow], metric: &str| {
            rows.iter().find(|row| row.metric == metric).and_then(|row| row.estimate)
        };
        let found = share("f32", Some(2.0));
        near(of(&found, "share_of_peak"), of(&found, "gflops").unwrap() / 2.0);
        assert_eq!(of(&share("f64", Some(2.0)), "share_of_peak"), None);
        assert_eq!(of(&share("f32", None), "share_of_peak"), None);
    }

    #[test]
    fn without_builtin_there_are_times_and_no_ratios() {
        let samples = (0..3).map(|n| fake::sample("a", "fused", "forward", n, 1.0));
        let rows = of_timings(&[fake::run("a", 1)], samples);
        let metrics: Vec<_> = rows.iter().map(|row| row.metric.as_str()).collect();
        assert_eq!(metrics, ["seconds", "gflops"]);
    }
}
