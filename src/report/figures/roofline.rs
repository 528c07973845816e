//! The roofline: the rate of each engine over the operations for each byte, below the processor's limits.

use super::dims::line;
use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Panels, Range, Series, Spread};
use super::draw::legend::LineStyle;
use super::draw::style::{DARK, DASHES, engine_colour, engine_marker, engines};
use super::figure::{Chart, Figure};
use super::range::y_range;
use crate::report::fields::{SHAPE, all, labels, varying, without};
use crate::report::group_by::group_by;
use crate::report::summary::{LIMITS, Section, Statistic};
use crate::settings::{Engines, Settings};

/// The least number of intensities that a figure needs.
const LEAST: usize = 3;

const CAPTION: &str = "The rate of each engine over the intensity of the pass: its floating-point operations \
    for each byte that it must move. A pass must move the recurrent weights once a step, and every other \
    array once for each time that it is written or used. The flat part of a roof is the measured peak of \
    fused multiply-adds. The slope is the measured rate of reading: from the second-level caches, from the \
    third-level cache, or from memory. An engine between two slopes keeps part of its numbers in the faster \
    of both. A bar is the 95 % interval, up to the peak.";

/// The figure; none without measured limits, for fewer than three intensities, or without a slope in view.
pub fn figure(summary: &[Statistic]) -> Option<Figure> {
    let rows: Vec<&Statistic> = summary.iter().filter(|row| row.section == Section::Speed).collect();
    let intensities: Vec<f64> = values(&rows, "intensity").collect();
    let rates = || rows.iter().filter(|row| row.metric == "gflops");
    let engines = engines(rates().map(|row| row.point.engine.to_string()));
    let [low, high] = ends(&intensities)?;
    has_slope(&rows, low).then_some(())?;
    let vary = varying(rows.iter().map(|row| &row.point));
    let own = [&SHAPE[..], &["engine", "cell", "model", "task", "init"]].concat();
    let others = without(&vary, &own);
    let of_panel = group_by(rows.iter().copied(), |row| title(row, &others));
    let panel = |(title, rows): (String, Vec<&Statistic>)| Panel {
        title,
        series: roofs(&rows, low, high).into_iter().chain(engines_of(&rows, &engines)).collect(),
        levels: vec![],
    };
    let panels: Vec<Panel> = of_panel.into_iter().map(panel).collect();
    let mut legend: Vec<LineStyle> = Vec::new();
    for style in panels.iter().flat_map(|panel| &panel.series).map(|series| &series.style) {
        if !legend.contains(style) {
            legend.push(style.clone());
        }
    }
    let chart = Panels {
        title: "Roofline".into(),
        below_title: labels(&without(&all(), &[&vary[..], &own].concat()), &rates().next()?.point),
        x: Range { title: "FLOP for each byte".into(), scale: Scale::Logarithmic, low, high },
        y: y_range(&panels, "GFLOP/s".into(), Scale::Powers, 0.3),
        panels,
        legend,
    };
    Some(Figure::new("roofline", CAPTION, Chart::Panels(chart)))
}

/// The ends of the x axis, with a margin; `None` for too few intensities.
fn ends(intensities: &[f64]) -> Option<[f64; 2]> {
    let mut sorted = intensities.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    (sorted.len() >= LEAST).then(|| [sorted[0] / 1.5, sorted[sorted.len() - 1] * 1.5])
}

/// Returns true if a pass at the lowest intensity can be bound by reading, so that a slope is in view.
fn has_slope(rows: &[&Statistic], low: f64) -> bool {
    let largest = |metric: &str| values(rows, metric).reduce(f64::max);
    let Some(peak) = largest(LIMITS[0]) else { return true };
    LIMITS[1..].iter().filter_map(|metric| largest(metric)).any(|rate| rate * low < peak)
}

/// The cell and the pass, with the other settings that vary.
fn title(row: &Statistic, others: &[&'static str]) -> String {
    [vec![line(&row.point), row.quantity.clone()], labels(others, &row.point)].concat().join(", ")
}

fn values(rows: &[&Statistic], metric: &str) -> impl Iterator<Item = f64> {
    rows.iter().filter(move |row| row.metric == metric).filter_map(|row| row.estimate.value)
}

/// The names of the limits.
const NAMES: [&str; 4] = ["peak", "second-level caches", "third-level cache", "memory"];

/// The peak, and for each measured rate of reading its product with the intensity, up to the peak. The peak
/// begins where the first of these lines reaches it.
fn roofs(rows: &[&Statistic], low: f64, high: f64) -> Vec<Series> {
    let largest = |metric: &str| values(rows, metric).reduce(f64::max);
    let Some(peak) = largest(LIMITS[0]) else { return vec![] };
    let rates = LIMITS.map(largest);
    let ridge = |rate: f64| (peak / rate).clamp(low, high);
    let first = rates[1..].iter().flatten().map(|rate| ridge(*rate)).reduce(f64::min).unwrap_or(low);
    let line = |n: usize| {
        let rate = rates[n]?;
        let ends = if n == 0 { [first, high] } else { [low, ridge(rate)] };
        let height = |x: f64| if n == 0 { peak } else { (rate * x).min(peak) };
        let points = ends.map(|x| flat(x, height(x).log10()));
        let style = LineStyle { dash: DASHES[n.saturating_sub(1)], ..LineStyle::line(NAMES[n], DARK, 1.2) };
        let style = if n == 0 { LineStyle { width: 2.4, ..style } } else { style };
        let segments = vec![points.to_vec()];
        Some(Series { name: NAMES[n].to_string(), style, spread: Spread::Bare, segments })
    };
    (0..LIMITS.len()).filter_map(line).collect()
}

fn flat(x: f64, y: f64) -> BandPoint {
    BandPoint { x, low: y, middle: y, high: y }
}

/// The rates of each engine; a point for each shape, which no line joins.
fn engines_of(rows: &[&Statistic], engines: &[String]) -> Vec<Series> {
    let without_engine = |point: &Settings| Settings { engine: Engines::default(), ..point.clone() };
    let shapes = group_by(rows.iter().copied(), |row| without_engine(&row.point));
    let peak = values(rows, LIMITS[0]).reduce(f64::max).unwrap_or(f64::INFINITY);
    let of_engine = |engine: &String| {
        let point = |(_, rows): &(Settings, Vec<&Statistic>)| {
            let x = values(rows, "intensity").next()?;
            let is_rate =
                |row: &&&Statistic| row.metric == "gflops" && row.point.engine.to_string() == *engine;
            let rate = rows.iter().find(is_rate)?.estimate;
            let value = rate.value?;
            let end = |end: Option<f64>| end.filter(|end| *end > 0.0).unwrap_or(value).log10();
            // The interval of a disturbed time reaches rates that no processor has.
            let high = rate.high.map(|high| high.min(peak.max(value)));
            Some(vec![BandPoint { x, low: end(rate.low), middle: value.log10(), high: end(high) }])
        };
        let (colour, marker) = (engine_colour(engine, engines), engine_marker(engine, engines));
        let style = LineStyle { marker, dot: marker.is_none(), ..LineStyle::line(engine, colour, 0.0) };
        let segments: Vec<_> = shapes.iter().filter_map(point).collect();
        (!segments.is_empty()).then(|| Series { name: engine.clone(), style, spread: Spread::Bars, segments })
    };
    engines.iter().filter_map(of_engine).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Dtype;
    use crate::engine::EngineName::{Builtin, Simd};
    use crate::report::estimate::Estimate;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::fixtures::{results, run, sample};
    use crate::report::group::{Groups, speed};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    fn figure_of(batch_sizes: &[usize], peak: Option<f64>) -> Option<Figure> {
        let of_size = |size: &usize| {
            let mut run = run(&size.to_string(), 1);
            (run.settings.batch_size, run.settings.dtype) = (*size, Dtype::F32);
            run.row.fma_peak_gflops = peak;
            (run.row.l2_read_gbs, run.row.memory_read_gbs) = (Some(100.0), Some(10.0));
            run
        };
        let samples = batch_sizes.iter().flat_map(|size| {
            [Builtin, Simd].map(|engine| sample(&size.to_string(), engine, "train", 0, 1e-6))
        });
        let results = results(batch_sizes.iter().map(of_size));
        let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
        let figure = figure(&statistics(&results, &groups, &Verdicts::default()));
        figure.iter().for_each(|f| assert_eq!(faults(&f.drawing()), Vec::<String>::new()));
        figure
    }

    #[test]
    fn figure_roofs_end_at_the_peak() {
        let data = figure_of(&[1, 8, 64], Some(50.0)).unwrap().data();
        let of = |line: &str| data.iter().filter(|row| row.line == line).map(|row| row.y).collect::<Vec<_>>();
        let top = 50f64.log10();
        let (memory, l2) = (of("memory"), of("second-level caches"));
        assert!(memory[0] < memory[1] && memory.iter().all(|y| *y <= top + 1e-12), "{memory:?}");
        assert!(l2[0] > memory[0] && l2[1] <= top + 1e-12, "{l2:?}");
        assert!(of("peak").iter().all(|y| (y - top).abs() < 1e-12));
        assert_eq!((of("third-level cache").len(), of("simd").len(), of("builtin").len()), (0, 3, 3));
    }

    #[test]
    fn figure_bars_end_at_the_peak() {
        let point = Settings { engine: Engines::one(Simd), ..run("a", 1).settings };
        let rate = Estimate { value: Some(20.0), low: Some(1.0), high: Some(9000.0), n: 3 };
        let row = Statistic::new(Section::Speed, "gflops", &point, rate, "GFLOP/s");
        let intensity = Statistic { estimate: Estimate::mean(&[2.0]), metric: "intensity", ..row.clone() };
        let peak = Statistic { estimate: Estimate::mean(&[50.0]), metric: LIMITS[0], ..row.clone() };
        let rows = [row, intensity, peak];
        let series = engines_of(&rows.iter().collect::<Vec<_>>(), &["simd".to_string()]);
        assert!((series[0].segments[0][0].high - 50f64.log10()).abs() < 1e-12);
    }

    #[test]
    fn figure_needs_a_peak_and_three_intensities() {
        assert!(figure_of(&[1, 8, 64], None).is_none());
        assert!(figure_of(&[1, 8], Some(50.0)).is_none());
    }
}
