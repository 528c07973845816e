//! Timings: seconds, the rate of multiplication, and the ratio to the reference: libtorch's own
//! implementation, or the engine `fused` for a cell that libtorch does not have.
//!
//! [`over_processes`] defines every estimate and interval.

use std::collections::BTreeMap;

use super::flops::flops;
use super::over_processes;
use super::roofline;
use super::statistic::{DISTURBED, Sample, Section, Statistic};
use crate::device::Dtype;
use crate::report::estimate::Estimate;
use crate::report::format::with_interval;
use crate::report::group::{EngineSamples, MAX_STOLEN, Samples, SpeedGroup, ratio_name, reference};
use crate::settings::{Engines, Settings};
use crate::support::stats::{self, Interval};

/// The factor from 1 beyond which the interval of the control tells no engines apart.
const WIDE: f64 = 2.0;

/// The statistics of each engine: `seconds`, `gflops`, `share_of_peak` for f32 on a CPU if the engine's peak
/// is known, and `first_pass_seconds`. Then `ratio_to_builtin` of the engines with samples in rounds of
/// builtin, or `ratio_to_fused` for a cell without it, the statistics of the group, and those of its
/// roofline.
pub fn statistics(group: &SpeedGroup) -> Vec<Statistic> {
    let mut found: Vec<Statistic> =
        group.engines.iter().flat_map(|engine| of_engine(group, engine)).collect();
    if let Some(reference) = group.samples(reference(&group.point)) {
        let control = over_processes::estimate(&logs_of_ratios(&group.control, reference));
        let verdict = verdict(group, reference, &control);
        let verdict = |row| Statistic { verdict: verdict.clone(), ..row };
        found.extend(ratios(group, reference).into_iter().map(verdict));
        found.extend(of_control(group, reference, control).into_iter().map(verdict));
    }
    found.extend(left_out(group));
    found.extend(roofline::statistics(group));
    found
}

fn statistic(
    group: &SpeedGroup,
    engine: &Engines,
    metric: &'static str,
    estimate: Estimate,
    unit: &str,
) -> Statistic {
    let point = Settings { engine: engine.clone(), ..group.point.clone() };
    Statistic {
        quantity: group.pass.clone(),
        ..Statistic::new(Section::Speed, metric, &point, estimate, unit)
    }
}

fn of_engine(group: &SpeedGroup, of: &EngineSamples) -> Vec<Statistic> {
    let statistic = |metric, estimate, unit| statistic(group, &of.engine, metric, estimate, unit);
    let mut found = Vec::new();
    let logs: Vec<Vec<f64>> =
        of.samples.values().map(|rounds| rounds.values().map(|s| s.ln()).collect()).collect();
    let seconds = over_processes::estimate(&logs);
    if seconds.value.is_some() {
        let sample = Sample::Processes(over_processes::medians(&logs));
        found.push(Statistic { sample, ..statistic("seconds", seconds, "s") });
    }
    if let (Some(flops), Some(_)) = (flops(&group.point, &group.pass), seconds.value) {
        let rate = |unit: f64| {
            let [value, low, high] =
                [seconds.value, seconds.high, seconds.low].map(|time| time.map(|time| flops / time / unit));
            Estimate { value, low, high, n: seconds.n }
        };
        found.push(statistic("gflops", rate(1e9), "GFLOP/s"));
        let has_peak = group.point.device == "cpu" && group.point.dtype == Dtype::F32;
        let peak = of.peak.filter(|_| has_peak);
        found.extend(peak.map(|peak| statistic("share_of_peak", rate(1e9 * peak), "share")));
    }
    if let Some(median) = stats::median(&of.first_passes) {
        let first = Estimate::new(Some(median), None, of.first_passes.len());
        found.push(statistic("first_pass_seconds", first, "s"));
    }
    found
}

/// The ratio of each engine that has samples in rounds of the reference.
fn ratios(group: &SpeedGroup, samples: &Samples) -> Vec<Statistic> {
    let reference = reference(&group.point);
    let ratio = |of: &EngineSamples| {
        let logs = logs_of_ratios(&of.samples, samples);
        let ratio = over_processes::estimate(&logs);
        let is_reference = of.engine == Engines::one(reference);
        let (ratio, sample) = match is_reference {
            true => (Estimate::new(ratio.value, None, ratio.n), Sample::None),
            false => (ratio, Sample::Processes(over_processes::medians(&logs))),
        };
        let found = ratio.value.map(|_| statistic(group, &of.engine, ratio_name(reference), ratio, "1"));
        found.map(|found| Statistic { sample, ..found })
    };
    group.engines.iter().filter_map(ratio).collect()
}

/// The ratio of the control, and the smallest difference that the run could have seen.
fn of_control(group: &SpeedGroup, samples: &Samples, control: Estimate) -> Vec<Statistic> {
    let engine = Engines::one(reference(&group.point));
    let ratio = control.value.map(|_| statistic(group, &engine, "control_ratio", control, "1"));
    let logs = logs_of_ratios(&group.control, samples);
    let smallest = over_processes::smallest_difference(&logs).map(|percent| {
        let estimate = Estimate::new(Some(percent), None, control.n);
        statistic(group, &engine, "smallest_difference", estimate, "%")
    });
    ratio.into_iter().chain(smallest).collect()
}

/// The number of rounds that are left out, of all rounds, with the first engine.
fn left_out(group: &SpeedGroup) -> Option<Statistic> {
    let first = &group.engines.first()?.engine;
    let count = Estimate::new(Some(group.rounds.left_out() as f64), None, group.rounds.count);
    Some(statistic(group, first, "rounds_left_out", count, "rounds"))
}

/// The logarithm of the ratio of two times of each round that has both, by process.
fn logs_of_ratios(samples: &Samples, reference: &Samples) -> Vec<Vec<f64>> {
    let of_process = |(process, rounds): (_, &BTreeMap<usize, f64>)| {
        let reference = reference.get(process)?;
        let log = |(round, time): (&usize, &f64)| Some((time / reference.get(round)?).ln());
        Some(rounds.iter().filter_map(log).collect())
    };
    samples.iter().filter_map(of_process).collect()
}

/// The remarks on the ratios of a group; `None` if there are none.
fn verdict(group: &SpeedGroup, reference: &Samples, control: &Estimate) -> Option<String> {
    let mut remarks = Vec::new();
    if reference.len() == 1 {
        remarks.push("within one process".to_string());
    }
    let is_disturbed =
        |ends: Interval| !(ends.low..=ends.high).contains(&1.0) || ends.low < 1.0 / WIDE || ends.high > WIDE;
    if control.interval().is_some_and(is_disturbed) {
        remarks.push(format!("{DISTURBED}: the control is {}", with_interval(control)));
    }
    if group.rounds.are_disturbed() {
        let (stolen, count) = (group.rounds.stolen.len(), group.rounds.count);
        let share = 100.0 * MAX_STOLEN;
        remarks.push(format!("{DISTURBED}: steal is above {share:.0} % in {stolen} of {count} rounds"));
    }
    (!remarks.is_empty()).then(|| remarks.join("; "))
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
        let found: Vec<_> =
            rows.iter().map(|row| (row.metric, row.point.engine.first().unwrap(), row.estimate.n)).collect();
        let expected = [
            ("seconds", Builtin, 9),
            ("gflops", Builtin, 9),
            ("seconds", Fused, 9),
            ("gflops", Fused, 9),
            ("ratio_to_builtin", Builtin, 9),
            ("ratio_to_builtin", Fused, 9),
            ("rounds_left_out", Builtin, 9),
        ];
        assert_eq!(found, expected);
        for (row, value) in rows.iter().zip([5.0, flops / 5e9, 10.0, flops / 10e9, 1.0, 2.0]) {
            near(row.estimate.value, value);
        }
        assert!(rows[0].estimate.low.is_some_and(|low| low < 5.0), "{rows:?}");
        assert_eq!((rows[4].estimate.low, rows[4].estimate.high), (None, None));
        near(rows[5].estimate.low, 2.0);
        near(rows[5].estimate.high, 2.0);
        assert_eq!(rows[5].verdict.as_deref(), Some("within one process"));
    }

    /// Timings of builtin, its control and another engine in three processes of five rounds. The factors of
    /// the control are those of each process.
    fn with_control(control: [f64; 3], change: impl Fn(SpeedRow) -> SpeedRow) -> Vec<Statistic> {
        let mut samples = Vec::new();
        for (process, factor) in control.into_iter().enumerate() {
            let of =
                |engine, round, seconds| SpeedRow { process, ..sample("a", engine, "train", round, seconds) };
            for (engine, seconds) in [(Builtin, 30.0), (Fused, 50.0 + process as f64)] {
                samples.push(SpeedRow { round: None, ..of(engine, 0, seconds) });
            }
            for round in 0..5 {
                samples.push(of(Builtin, round, 1.0));
                samples.push(SpeedRow { control: true, ..of(Builtin, round, factor) });
                samples.push(of(Fused, round, 2.0));
            }
        }
        of_timings(run("a", 1), samples.into_iter().map(change))
    }

    fn only<'a>(rows: &'a [Statistic], metric: &str, engine: crate::engine::EngineName) -> &'a Statistic {
        let is_it = |row: &&Statistic| row.metric == metric && row.point.engine == Engines::one(engine);
        rows.iter().find(is_it).unwrap_or_else(|| panic!("no {metric} of {engine} in {rows:?}"))
    }

    #[test]
    fn statistics_control_away_from_1_marks_all_ratios() {
        let rows = with_control([1.06, 1.05, 1.07], |row| row);
        let expected = "disturbed: the control is 1.060 [1.035, 1.085]";
        for metric in ["ratio_to_builtin", "control_ratio", "smallest_difference"] {
            assert_eq!(only(&rows, metric, Builtin).verdict.as_deref(), Some(expected));
        }
        assert_eq!(only(&rows, "ratio_to_builtin", Fused).verdict.as_deref(), Some(expected));
        assert_eq!(only(&rows, "seconds", Builtin).verdict, None);
    }

    #[test]
    fn statistics_control_around_1_has_a_smallest_difference() {
        let rows = with_control([0.99, 1.0, 1.01], |row| row);
        assert!(rows.iter().all(|row| row.verdict.is_none()), "{rows:?}");
        near(only(&rows, "control_ratio", Builtin).estimate.value, 0.99f64.mul_add(1.01, 0.0).cbrt());
        // (4.302653 + 1.060660) · sd(ln) / √3, with sd(ln) = 0.0100004.
        let smallest = only(&rows, "smallest_difference", Builtin).estimate;
        assert!(smallest.value.is_some_and(|percent| (percent - 3.1452).abs() < 1e-3), "{smallest:?}");
        assert_eq!(smallest.n, 15);
    }

    #[test]
    fn statistics_first_passes_are_shown_apart() {
        let rows = with_control([1.0; 3], |row| row);
        let first = only(&rows, "first_pass_seconds", Fused).estimate;
        assert_eq!((first.value, first.n), (Some(51.0), 3));
        near(only(&rows, "seconds", Fused).estimate.value, 2.0);
    }

    #[test]
    fn statistics_stolen_rounds_are_left_out_or_mark_the_group() {
        let stolen = |process: usize| {
            let rows = with_control([1.0; 3], |row| {
                let is_stolen = row.process < process && row.round.is_some();
                SpeedRow { stolen_share: Some(if is_stolen { 0.2 } else { 0.0 }), ..row }
            });
            let left_out = only(&rows, "rounds_left_out", Builtin).estimate;
            assert_eq!(left_out.n, 15);
            let ratio = only(&rows, "ratio_to_builtin", Fused);
            (left_out.value, ratio.estimate.n, ratio.verdict.clone())
        };
        assert_eq!(stolen(0), (Some(0.0), 15, None));
        assert_eq!(stolen(1), (Some(5.0), 10, None));
        let remark = "disturbed: steal is above 5 % in 10 of 15 rounds".to_string();
        assert_eq!(stolen(2), (Some(0.0), 15, Some(remark)));
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
        let of_group = ["rounds_left_out", "intensity", "fma_peak"];
        assert_eq!(metrics("avx512"), [&["seconds", "gflops", "share_of_peak"][..], &of_group].concat());
        assert_eq!(metrics("amx"), [&["seconds", "gflops"][..], &of_group].concat());
    }

    #[test]
    fn statistics_without_builtin_have_no_ratios() {
        let rows = of_timings(run("a", 1), (0..3).map(|n| sample("a", Fused, "forward", n, 1.0)));
        let metrics: Vec<_> = rows.iter().map(|row| row.metric).collect();
        assert_eq!(metrics, ["seconds", "gflops", "rounds_left_out"]);
    }
}
