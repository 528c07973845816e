//! Timings: seconds, the rate of multiplication, and the ratio to libtorch's own implementation.

use super::flops::flops;
use super::statistic::{Section, Statistic};
use crate::device::Dtype;
use crate::report::estimate::Estimate;
use crate::report::group::{EngineSamples, REFERENCE, SpeedGroup};
use crate::settings::{Engines, Settings};
use crate::support::stats;

/// `seconds`, `gflops` and, for f32 on a CPU if the engine's peak is known, `share_of_peak`, then
/// `ratio_to_builtin` of the engines that have samples next to builtin's.
pub fn statistics(group: &SpeedGroup) -> Vec<Statistic> {
    let has_peak = group.point.device == "cpu" && group.point.dtype == Dtype::F32;
    let statistic = |engine: &Engines, metric, estimate, unit| {
        let point = Settings { engine: engine.clone(), ..group.point.clone() };
        let quantity = group.pass.clone();
        Statistic { quantity, ..Statistic::new(Section::Speed, metric, &point, estimate, unit) }
    };
    let mut found = Vec::new();
    for EngineSamples { engine, samples, peak } in &group.engines {
        let times: Vec<f64> = samples.values().copied().collect();
        let seconds = Estimate::median(&times);
        found.push(statistic(engine, "seconds", seconds, "s"));
        let Some(flops) = flops(&group.point, &group.pass) else { continue };
        let rate = |unit: f64| {
            let [value, low, high] =
                [seconds.value, seconds.high, seconds.low].map(|time| time.map(|time| flops / time / unit));
            Estimate { value, low, high, n: seconds.n }
        };
        found.push(statistic(engine, "gflops", rate(1e9), "GFLOP/s"));
        let peak = peak.filter(|_| has_peak);
        found.extend(peak.map(|peak| statistic(engine, "share_of_peak", rate(1e9 * peak), "share")));
    }
    let Some(reference) = group.samples(REFERENCE) else { return found };
    for EngineSamples { engine, samples, .. } in &group.engines {
        let pairs: Vec<(f64, f64)> =
            samples.iter().filter_map(|(number, time)| Some((*time, *reference.get(number)?))).collect();
        if let Some(ratio) = stats::median_ratio(&pairs) {
            let is_reference = *engine == Engines::one(REFERENCE);
            let interval = if is_reference { None } else { stats::median_ratio_interval(&pairs) };
            let ratio = Estimate::new(Some(ratio), interval, pairs.len());
            found.push(statistic(engine, "ratio_to_builtin", ratio, "1"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineName::{Builtin, Fused};
    use crate::report::fixtures::{results, run, sample};
    use crate::report::group::speed;
    use crate::results::RunRecord;
    use crate::results::schema::SpeedRow;

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    fn of_timings(run: RunRecord, samples: impl IntoIterator<Item = SpeedRow>) -> Vec<Statistic> {
        let results = results([run]);
        statistics(&speed(&results, samples).unwrap()[0])
    }

    #[test]
    fn statistics_two_engines_have_times_rates_and_ratios() {
        let mut samples = Vec::new();
        for n in 0..9 {
            let builtin = 1.0 + n as f64;
            samples.push(sample("a", Builtin, "train", n, builtin));
            samples.push(sample("a", Fused, "train", n, 2.0 * builtin));
        }
        let rows = of_timings(run("a", 1), samples);
        let flops = flops(&run("a", 1).settings, "train").unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.metric, row.point.engine.first().unwrap(), row.estimate.n, row.estimate.value))
            .collect();
        let expected = [
            ("seconds", Builtin, 9, Some(5.0)),
            ("gflops", Builtin, 9, Some(flops / 5e9)),
            ("seconds", Fused, 9, Some(10.0)),
            ("gflops", Fused, 9, Some(flops / 10e9)),
            ("ratio_to_builtin", Builtin, 9, Some(1.0)),
            ("ratio_to_builtin", Fused, 9, Some(2.0)),
        ];
        assert_eq!(found, expected);
        let ends = |n: usize| (rows[n].estimate.low, rows[n].estimate.high);
        assert!(ends(0).0.is_some_and(|low| low < 5.0), "{rows:?}");
        assert_eq!(ends(4), (None, None));
        assert_eq!(ends(5), (Some(2.0), Some(2.0)), "the pairs agree exactly");
    }

    #[test]
    fn statistics_share_of_peak_needs_f32_and_a_peak() {
        let share = |dtype: Dtype, peak: Option<f64>| {
            let mut run = run("a", 1);
            (run.settings.dtype, run.row.fma_peak_gflops) = (dtype, peak);
            of_timings(run, (0..3).map(|n| sample("a", Fused, "forward", n, 1e-6)))
        };
        let of = |rows: &[Statistic], metric: &str| {
            rows.iter().find(|row| row.metric == metric).and_then(|row| row.estimate.value)
        };
        let found = share(Dtype::F32, Some(2.0));
        near(of(&found, "share_of_peak"), of(&found, "gflops").unwrap() / 2.0);
        assert_eq!(of(&share(Dtype::F64, Some(2.0)), "share_of_peak"), None);
        assert_eq!(of(&share(Dtype::F32, None), "share_of_peak"), None);
    }

    #[test]
    fn statistics_share_of_peak_is_left_out_on_amx_tiles() {
        let mut run = run("a", 1);
        (run.settings.dtype, run.row.fma_peak_gflops) = (Dtype::F32, Some(2.0));
        let on = |isa: &str, n| SpeedRow { isa: Some(isa.into()), ..sample("a", Fused, "forward", n, 1e-6) };
        let metrics = |isa: &str| -> Vec<&str> {
            of_timings(run.clone(), (0..3).map(|n| on(isa, n))).iter().map(|row| row.metric).collect()
        };
        assert_eq!(metrics("avx512"), ["seconds", "gflops", "share_of_peak"]);
        assert_eq!(metrics("amx"), ["seconds", "gflops"]);
    }

    #[test]
    fn statistics_without_builtin_have_no_ratios() {
        let rows = of_timings(run("a", 1), (0..3).map(|n| sample("a", Fused, "forward", n, 1.0)));
        let metrics: Vec<_> = rows.iter().map(|row| row.metric).collect();
        assert_eq!(metrics, ["seconds", "gflops"]);
    }
}
