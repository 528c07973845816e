//! Figures of speed: one per pass and cell, a row per shape, a lane per engine; the line at 1 is builtin.

use super::draw::legend::LineStyle;
use super::draw::ratios::{self, Bar, Ratios, Row};
use super::draw::style::{cells, engine_colour, engines};
use super::facets;
use super::figure::Figure;
use crate::report::fields::{SHAPE, all, labels, varying, without};
use crate::report::format::significant;
use crate::report::group::REFERENCE;
use crate::report::group_by::group_by;
use crate::report::summary::{DISTURBED, Section, Statistic};
use crate::settings::{Engines, Settings};

/// The figures of the ratios in a summary.
pub fn figures(summary: &[Statistic]) -> Vec<Figure> {
    let is_drawn = |row: &&Statistic| {
        row.section == Section::Speed
            && ["seconds", "ratio_to_builtin"].contains(&row.metric)
            && above_0(row).is_some()
    };
    let timings: Vec<&Statistic> = summary.iter().filter(is_drawn).collect();
    let vary = varying(timings.iter().map(|row| &row.point));
    let mut passes: Vec<&str> = timings.iter().map(|row| row.quantity.as_str()).collect();
    passes.sort();
    passes.dedup();
    let mut figures = Vec::new();
    for pass in passes {
        for cell in cells(timings.iter().map(|row| facets::line(&row.point))) {
            let of_figure = |row: &&Statistic| facets::line(&row.point) == cell && row.quantity == pass;
            let chart = chart(pass, &cell, timings.iter().copied().filter(of_figure), &vary);
            if chart.rows.iter().any(|row| !row.bars.is_empty()) {
                figures.push(figure(pass, &cell, &chart));
            }
        }
    }
    figures
}

fn figure(pass: &str, cell: &str, chart: &Ratios) -> Figure {
    Figure {
        name: format!("{pass}-{cell}"),
        title: format!("{cell}, {pass}"),
        caption: format!(
            "The time of one pass ({pass}) of the cell {cell} over that of builtin, with the 95 % interval. \
             To the right of the line at 1 an engine is slower than builtin. The table has remarks on \
             disturbed shapes and on intervals within one process."
        ),
        drawing: ratios::draw(chart),
    }
}

fn chart<'a>(pass: &str, cell: &str, timings: impl Iterator<Item = &'a Statistic>, vary: &[&str]) -> Ratios {
    let shapes = group_by(timings, |row| Settings { engine: Engines::default(), ..row.point.clone() });
    let ratios = || shapes.iter().flat_map(|(_, rows)| rows).filter(|row| is_ratio(row));
    let engines = engines(ratios().map(|row| facets::engine(&row.point)));
    let lane = |engine: &String| {
        let line = LineStyle::line(engine, engine_colour(engine, &engines), 2.0);
        LineStyle { dot: true, ..line }
    };
    let fixed = without(&all(), &[vary, &SHAPE, &["cell", "engine"]].concat());
    let mut below_title = shapes.first().map_or(vec![], |(point, _)| labels(&fixed, point));
    below_title.push("dot: ratio; bar: 95 % interval".to_string());
    Ratios {
        title: format!("{cell}, {pass}: time relative to builtin"),
        below_title,
        heads: ["shape", "builtin, ms"],
        reference: REFERENCE.as_str(),
        x_title: "time over builtin's, log scale (left of 1: faster than builtin)",
        rows: shapes.iter().map(|(point, rows)| row(point, rows, vary, &engines)).collect(),
        lanes: engines.iter().map(lane).collect(),
    }
}

/// One shape: the median time of builtin, and the ratios of the others.
fn row(point: &Settings, rows: &[&Statistic], vary: &[&str], engines: &[String]) -> Row {
    let others = without(vary, &[&SHAPE[..], &["cell", "engine"]].concat());
    let bar = |row: &Statistic| {
        let engine = facets::engine(&row.point);
        let (lane, ratio) = (engines.iter().position(|other| *other == engine)?, above_0(row)?);
        let [low, high] = [row.estimate.low, row.estimate.high].map(|end| end.unwrap_or(ratio));
        Some(Bar { lane, ratio, low, high })
    };
    let seconds = rows.iter().find(|row| row.metric == "seconds" && is_reference(row));
    let seconds = seconds.and_then(|row| above_0(row));
    let is_disturbed = |row: &&&Statistic| row.verdict.as_ref().is_some_and(|text| text.contains(DISTURBED));
    let disturbed = rows.iter().find(is_disturbed).map(|_| format!("({DISTURBED})"));
    let label = [labels(&SHAPE, point), labels(&others, point), disturbed.into_iter().collect()].concat();
    Row {
        label: label.join(" "),
        reference: seconds.map(|seconds| significant(1e3 * seconds, 3)).unwrap_or_default(),
        bars: rows.iter().filter(|row| is_ratio(row)).filter_map(|row| bar(row)).collect(),
    }
}

fn is_reference(row: &Statistic) -> bool {
    row.point.engine == Engines::one(REFERENCE)
}

/// Returns true for the ratio of an engine other than builtin.
fn is_ratio(row: &Statistic) -> bool {
    row.metric == "ratio_to_builtin" && !is_reference(row)
}

fn above_0(row: &Statistic) -> Option<f64> {
    row.estimate.value.filter(|value| value.is_finite() && *value > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::engine::EngineName::{self, Analytic, Builtin, Fused, Simd, Stepwise};
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::fixtures::{results, run, sample, with_cell};
    use crate::report::group::{Groups, speed};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;
    use crate::results::RunRecord;
    use crate::results::schema::SpeedRow;

    fn figures_of(runs: Vec<RunRecord>, engines: &[(EngineName, f64)]) -> Vec<Figure> {
        let ids: Vec<String> = runs.iter().map(|run| run.row.run_id.clone()).collect();
        let mut samples = Vec::new();
        for (id, n) in ids.iter().flat_map(|id| (0..5).map(move |n| (id, n))) {
            let time = |factor: f64| factor * (1.0 + 0.01 * n as f64);
            samples.extend(
                engines.iter().map(|(engine, factor)| sample(id, *engine, "train", n, time(*factor))),
            );
        }
        let results = results(runs);
        let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
        let figures = figures(&statistics(&results, &groups, &Verdicts::default()));
        figures
            .iter()
            .for_each(|figure| assert_eq!(faults(&figure.drawing), Vec::<String>::new(), "{}", figure.name));
        figures
    }

    fn names(figures: &[Figure]) -> Vec<&str> {
        figures.iter().map(|figure| figure.name.as_str()).collect()
    }

    #[test]
    fn figures_one_per_pass_and_cell() {
        let runs = vec![run("a", 1), with_cell(run("b", 1), CellName::Rnn)];
        let figures = figures_of(runs, &[(Builtin, 1.0), (Stepwise, 2.0), (Fused, 0.5)]);
        assert_eq!(names(&figures), ["train-rnn", "train-lstm"]);
        assert!(figures[1].svg().contains(">1020</text>"), "the median time of builtin in ms");
    }

    #[test]
    fn figures_many_shapes_and_far_ratios_fit_page() {
        let shape = |n: usize| {
            let mut run = run(&n.to_string(), 1);
            (run.settings.hidden_size, run.settings.batch_size) = (1 << n, n);
            run.settings.task = format!("text number {}", n % 2);
            run
        };
        for factor in [1e-7, 0.97, 1.0, 3.0, 1e6] {
            let engines = [(Builtin, 1.0), (Simd, factor), (Analytic, 1.5), (Fused, 2.0)];
            let figures = figures_of((1..13).map(shape).collect(), &engines);
            assert_eq!(names(&figures), ["train-lstm"]);
        }
    }

    #[test]
    fn figures_disturbed_shape_is_marked() {
        let svg = |stolen_share| {
            let row = |engine, n| SpeedRow { stolen_share, ..sample("a", engine, "train", n, 1.0) };
            let samples = (0..6).map(|n| row([Builtin, Fused][n % 2], n / 2));
            let results = results([run("a", 1)]);
            let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
            figures(&statistics(&results, &groups, &Verdicts::default()))[0].svg()
        };
        assert!(svg(Some(0.06)).contains("B2 T100 I4 H8 (disturbed)"));
        assert!(!svg(Some(0.04)).contains("disturbed"));
    }

    #[test]
    fn figures_without_ratio_there_are_none() {
        assert!(figures_of(vec![run("a", 1)], &[(Builtin, 1.0)]).is_empty());
        assert!(figures_of(vec![run("a", 1)], &[(Fused, 1.0), (Stepwise, 2.0)]).is_empty());
    }
}
