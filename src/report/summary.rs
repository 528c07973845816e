//! The numbers of `summary.csv`: one row a grid point and metric.

use std::collections::BTreeMap;

use super::group::{CurveGroup, LARGEST_EXPONENT, LYAPUNOV, ScalarGroup, SpeedGroup};
use super::load::Experiment;
use super::point::Point;
use super::{claim, published, rate};
use crate::results::schema::SummaryRow;
use crate::stats::{self, Interval};

/// What the processor's vectors could multiply at most, GFLOP/s in f32: a key of `environment.json`.
const FMA_PEAK: &str = "fma_peak_gflops";

/// The engine that the others are measured by.
pub const REFERENCE: &str = "builtin";

/// The summary of all of an experiment's rows, in the order of the groups.
pub fn rows(experiment: &Experiment) -> Vec<SummaryRow> {
    let gradients = experiment.gradients.iter().flat_map(|group| of_norms("gradients", group));
    let norms = experiment
        .jacobian
        .iter()
        .filter(|group| ![LYAPUNOV, LARGEST_EXPONENT].contains(&group.quantity.as_str()));
    let jacobian = norms.flat_map(|group| of_norms("jacobian", group));
    let predictions = experiment.predictions.iter().map(of_prediction);
    let peak = experiment.environment.get(FMA_PEAK).and_then(|peak| peak.parse().ok());
    let speed = experiment.speed.iter().flat_map(|group| of_speed(group, peak));
    let claim = experiment.claim.iter().flat_map(|claim| claim::judge(claim, experiment)).map(of_claim);
    let publications = experiment.publications.iter();
    let published =
        publications.flat_map(|publication| published::judge(publication, experiment)).map(of_published);
    gradients.chain(jacobian).chain(predictions).chain(speed).chain(claim).chain(published).collect()
}

/// As CSV; with a header also where there are no rows.
///
/// # Errors
/// None that is known: the rows are written to memory.
pub fn to_csv(rows: &[SummaryRow]) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    if rows.is_empty() {
        writer.serialize(Metric::default().row(&Point::default()))?;
    }
    let mut bytes = writer.into_inner().map_err(|error| error.into_error())?;
    if rows.is_empty() {
        let header = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(header);
    }
    Ok(bytes)
}

/// What a row says beside its grid point.
#[derive(Default, Clone)]
struct Metric<'a> {
    kind: &'a str,
    name: &'a str,
    quantity: &'a str,
    layer: Option<usize>,
    lag: Option<usize>,
    estimate: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    n: usize,
    unit: &'a str,
    against: Option<String>,
    verdict: Option<String>,
}

impl<'a> Metric<'a> {
    fn within(self, interval: Option<Interval>) -> Metric<'a> {
        Metric { ci_low: interval.map(|ends| ends.low), ci_high: interval.map(|ends| ends.high), ..self }
    }

    fn row(self, point: &Point) -> SummaryRow {
        let point = point.clone();
        SummaryRow {
            kind: self.kind.to_string(),
            metric: self.name.to_string(),
            quantity: self.quantity.to_string(),
            layer: self.layer,
            lag: self.lag,
            cell: point.cell,
            engine: point.engine,
            init: point.init,
            task: point.task,
            layers: point.layers,
            input_size: point.input_size,
            hidden_size: point.hidden_size,
            seq_len: point.seq_len,
            batch_size: point.batch_size,
            dtype: point.dtype,
            device: point.device,
            threads: point.threads,
            loss: point.loss,
            estimate: self.estimate,
            ci_low: self.ci_low,
            ci_high: self.ci_high,
            n: self.n,
            unit: self.unit.to_string(),
            against: self.against,
            verdict: self.verdict,
        }
    }
}

/// A number that each seed has one of.
fn of_prediction(group: &ScalarGroup) -> SummaryRow {
    let metric = Metric {
        kind: &group.kind,
        name: group.metric,
        estimate: stats::mean(&group.values),
        n: group.values.len(),
        unit: "log10 per step",
        ..Metric::default()
    };
    metric.within(stats::t_interval(&group.values)).row(&group.point)
}

/// A test of the claim.
fn of_claim(judged: claim::Judged) -> SummaryRow {
    let metric = Metric {
        kind: "claim",
        name: judged.test.reading.metric.as_str(),
        quantity: &judged.test.what,
        lag: judged.test.reading.lag,
        estimate: judged.estimate,
        n: judged.n,
        unit: &judged.unit,
        against: Some(judged.held_against()),
        verdict: Some(judged.verdict.to_string()),
        ..Metric::default()
    };
    metric.within(judged.interval).row(&judged.point)
}

/// A published result and ours.
fn of_published(judged: published::Judged) -> SummaryRow {
    let settings = judged.published.of.to_string();
    let metric = Metric {
        kind: "published",
        name: judged.published.reading.metric.as_str(),
        quantity: &settings,
        lag: judged.published.reading.lag,
        estimate: judged.estimate,
        n: judged.evidence.values.len(),
        unit: &judged.evidence.unit,
        against: Some(judged.published.value.to_string()),
        verdict: Some(judged.verdict.to_string()),
        ..Metric::default()
    };
    metric.within(judged.interval).row(&judged.evidence.point)
}

/// `slope` and `half_life` where there is a line to be drawn, then `log10_norm` at chosen lags.
fn of_norms(kind: &str, group: &CurveGroup) -> Vec<SummaryRow> {
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

/// The least-squares slope of log10 norm over lag, of the norms that have a logarithm.
pub fn slope(curve: &BTreeMap<usize, Option<f64>>) -> Option<f64> {
    let points: Vec<(f64, f64)> =
        curve.iter().filter_map(|(lag, norm)| Some((*lag as f64, (*norm)?))).collect();
    stats::slope(&points)
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

/// `seconds`, `gflops` and, for f32 on a CPU whose peak is known, `share_of_peak` of every engine, then `ratio_to_builtin`
/// of those that have samples beside builtin's.
fn of_speed(group: &SpeedGroup, peak: Option<f64>) -> Vec<SummaryRow> {
    let peak = peak.filter(|_| group.point.device == "cpu" && group.point.dtype == "f32");
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
    use crate::report::{fake, group};
    use crate::results::schema::{GradientRow, RunRow, SpeedRow};

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, expected {expected}");
    }

    /// The summary of runs that differ in the seed only, each with its own rows.
    fn summary(curves: &[Vec<GradientRow>]) -> Vec<SummaryRow> {
        let runs: Vec<_> =
            curves.iter().zip(1..).map(|(rows, seed)| fake::run(&rows[0].run_id, seed)).collect();
        let gradients = group::gradients(&runs, curves.iter().flatten().cloned());
        rows(&Experiment { gradients, ..Experiment::default() })
    }

    fn of_timings(runs: &[RunRow], samples: impl IntoIterator<Item = SpeedRow>) -> Vec<SummaryRow> {
        rows(&Experiment { speed: group::speed(runs, samples), ..Experiment::default() })
    }

    fn find<'a>(rows: &'a [SummaryRow], metric: &str, lag: Option<usize>) -> &'a SummaryRow {
        rows.iter().find(|row| row.metric == metric && row.lag == lag).expect("there is such a row")
    }

    #[test]
    fn slope_and_half_life_are_those_of_the_mean_line() {
        let rows =
            summary(&[fake::line("a", "total_h", 50, 0.0, -0.1), fake::line("b", "total_h", 50, 0.0, -0.2)]);
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
        let rows = summary(&[fake::line("a", "total_h", 50, 0.0, 0.1)]);
        near(find(&rows, "slope", None).estimate, 0.1);
        assert_eq!(find(&rows, "half_life", None).estimate, None);
    }

    #[test]
    fn a_single_seed_has_no_interval() {
        let rows = summary(&[fake::line("a", "total_h", 50, 0.0, -0.1)]);
        assert!(rows.iter().all(|row| row.n == 1 && row.ci_low.is_none() && row.ci_high.is_none()));
    }

    #[test]
    fn norms_are_given_at_lags_1_2_5_and_at_the_largest() {
        let rows = summary(&[fake::line("a", "total_h", 123, 0.0, -0.1)]);
        let lags: Vec<usize> = rows.iter().filter_map(|row| row.lag).collect();
        assert_eq!(lags, [0, 1, 2, 5, 10, 20, 50, 100, 122]);
        near(find(&rows, "log10_norm", Some(122)).estimate, -12.2);
    }

    #[test]
    fn a_norm_that_is_zero_in_one_seed_is_counted_out() {
        let rows = summary(&[
            fake::curve("a", "direct_h", &[(0, Some(0.5)), (1, None)]),
            fake::curve("b", "direct_h", &[(0, Some(1.5)), (1, Some(f64::NEG_INFINITY))]),
        ]);
        assert!(rows.iter().all(|row| row.metric == "log10_norm"), "one lag makes no slope");
        let (first, second) = (find(&rows, "log10_norm", Some(0)), find(&rows, "log10_norm", Some(1)));
        near(first.estimate, 1.0);
        assert_eq!((first.n, second.n, second.estimate), (2, 0, None));
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
        let share = |dtype: &str, peak: Option<&str>| {
            let runs = [RunRow { dtype: dtype.into(), ..fake::run("a", 1) }];
            let samples = (0..3).map(|n| fake::sample("a", "fused", "forward", n, 1e-6));
            let peak = peak.map(|peak| (FMA_PEAK.to_string(), peak.to_string()));
            let speed = group::speed(&runs, samples);
            rows(&Experiment { speed, environment: peak.into_iter().collect(), ..Experiment::default() })
        };
        let of = |rows: &[SummaryRow], metric: &str| {
            rows.iter().find(|row| row.metric == metric).and_then(|row| row.estimate)
        };
        let found = share("f32", Some("2"));
        near(of(&found, "share_of_peak"), of(&found, "gflops").unwrap() / 2.0);
        assert_eq!(of(&share("f64", Some("2")), "share_of_peak"), None);
        assert_eq!(of(&share("f32", None), "share_of_peak"), None);
    }

    #[test]
    fn without_builtin_there_are_times_and_no_ratios() {
        let samples = (0..3).map(|n| fake::sample("a", "fused", "forward", n, 1.0));
        let rows = of_timings(&[fake::run("a", 1)], samples);
        let metrics: Vec<_> = rows.iter().map(|row| row.metric.as_str()).collect();
        assert_eq!(metrics, ["seconds", "gflops"]);
    }

    #[test]
    fn a_summary_of_nothing_is_a_header() {
        let text = String::from_utf8(to_csv(&[]).unwrap()).unwrap();
        assert!(text.starts_with("kind,metric,quantity,") && text.lines().count() == 1, "{text}");
        let rows = summary(&[fake::line("a", "total_h", 3, 0.0, -0.1)]);
        let full = String::from_utf8(to_csv(&rows).unwrap()).unwrap();
        assert_eq!(full.lines().next(), text.lines().next());
        assert_eq!(full.lines().count(), 1 + rows.len());
    }
}
