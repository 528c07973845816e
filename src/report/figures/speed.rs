//! Figures of speed: one per pass and cell, a row per shape, a lane per engine; the line at 1 is builtin.

use super::Figure;
use super::draw::legend::LineStyle;
use super::draw::ratios::{self, Bar, Ratios, Row};
use super::draw::style::{cells, engine_colour, engines};
use crate::report::group::group_by;
use crate::report::number::significant;
use crate::report::point::{Point, SHAPE, Setting, labels, varying, without};
use crate::report::summary::REFERENCE;
use crate::results::schema::SummaryRow;

/// The figures of the ratios in a summary.
pub fn figures(summary: &[SummaryRow]) -> Vec<Figure> {
    let is_drawn = |row: &&SummaryRow| {
        ["seconds", "ratio_to_builtin"].contains(&row.metric.as_str())
            && row.kind == "speed"
            && above_0(row).is_some()
    };
    let timings: Vec<(Point, &SummaryRow)> =
        summary.iter().filter(is_drawn).map(|row| (Point::from(row), row)).collect();
    let vary = varying(timings.iter().map(|(point, _)| point));
    let mut passes: Vec<&str> = timings.iter().map(|(_, row)| row.quantity.as_str()).collect();
    passes.sort();
    passes.dedup();
    let mut figures = Vec::new();
    for pass in passes {
        for cell in cells(timings.iter().map(|(point, _)| point.cell.as_str())) {
            let of_figure = |(point, row): &&(Point, &SummaryRow)| point.cell == cell && row.quantity == pass;
            let chart = chart(pass, &cell, timings.iter().filter(of_figure), &vary);
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
            "The median time of one pass ({pass}) of the cell {cell} over that of builtin, with the 95 % interval. \
             To the right of the line at 1 an engine is slower than builtin."
        ),
        drawing: ratios::draw(chart),
    }
}

fn chart<'a>(
    pass: &str,
    cell: &str,
    timings: impl Iterator<Item = &'a (Point, &'a SummaryRow)>,
    vary: &[Setting],
) -> Ratios {
    let shapes = group_by(timings, |(point, _)| point.with_engine(""));
    let ratios = || shapes.iter().flat_map(|(_, rows)| rows).filter(|(_, row)| is_ratio(row));
    let engines = engines(ratios().map(|(point, _)| point.engine.as_str()));
    let lane = |engine: &String| {
        let line = LineStyle::line(engine, engine_colour(engine, &engines), 2.0);
        LineStyle { dot: true, ..line }
    };
    let named = [vary, &SHAPE, &[Setting::Cell, Setting::Engine]].concat();
    let mut below_title =
        shapes.first().map_or(vec![], |(point, _)| labels(&without(&Setting::ALL, &named), point));
    below_title.push("dot: ratio of medians; bar: 95 % interval".to_string());
    Ratios {
        title: format!("{cell}, {pass}: time relative to builtin"),
        below_title,
        heads: ["shape", "builtin, ms"],
        reference: REFERENCE,
        x_title: "time over builtin's, log scale (left of 1: faster than builtin)",
        rows: shapes.iter().map(|(point, rows)| row(point, rows, vary, &engines)).collect(),
        lanes: engines.iter().map(lane).collect(),
    }
}

/// One shape: the median time of builtin, and the ratios of the others.
fn row(point: &Point, rows: &[&(Point, &SummaryRow)], vary: &[Setting], engines: &[String]) -> Row {
    let others = without(vary, &[&SHAPE[..], &[Setting::Cell, Setting::Engine]].concat());
    let bar = |(point, row): &&(Point, &SummaryRow)| {
        let (lane, ratio) = (engines.iter().position(|engine| *engine == point.engine)?, above_0(row)?);
        Some(Bar { lane, ratio, low: row.ci_low.unwrap_or(ratio), high: row.ci_high.unwrap_or(ratio) })
    };
    let is_seconds = |row: &SummaryRow| row.metric == "seconds" && row.engine == REFERENCE;
    let of_builtin = rows.iter().find(|(_, row)| is_seconds(row));
    let seconds = of_builtin.and_then(|(_, row)| above_0(row));
    Row {
        label: [labels(&SHAPE, point), labels(&others, point)].concat().join(" "),
        reference: seconds.map(|seconds| significant(1e3 * seconds, 3)).unwrap_or_default(),
        bars: rows.iter().filter(|(_, row)| is_ratio(row)).filter_map(bar).collect(),
    }
}

/// Returns true for the ratio of an engine other than builtin.
fn is_ratio(row: &SummaryRow) -> bool {
    row.metric == "ratio_to_builtin" && row.engine != REFERENCE
}

fn above_0(row: &SummaryRow) -> Option<f64> {
    row.estimate.filter(|estimate| estimate.is_finite() && *estimate > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::load::Experiment;
    use crate::report::{fake, group, summary};
    use crate::results::schema::RunRow;

    fn figures_of(runs: &[RunRow], engines: &[(&str, f64)]) -> Vec<Figure> {
        let samples = runs.iter().flat_map(|run| {
            (0..5).flat_map(|n| {
                let time = |(engine, factor): &(&str, f64)| {
                    fake::sample(&run.run_id, engine, "train", n, factor * (1.0 + 0.01 * n as f64))
                };
                engines.iter().map(time).collect::<Vec<_>>()
            })
        });
        let figures = figures(&summary::rows(&Experiment {
            speed: group::speed(runs, samples),
            ..Experiment::default()
        }));
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
        let mut runs = [fake::run("a", 1), fake::run("b", 1)];
        runs[1].cell = "rnn".into();
        let figures = figures_of(&runs, &[("builtin", 1.0), ("stepwise", 2.0), ("fused", 0.5)]);
        assert_eq!(names(&figures), ["train-rnn", "train-lstm"]);
    }

    #[test]
    fn figures_many_shapes_and_far_ratios_fit_page() {
        let shape = |n: usize| RunRow {
            hidden_size: 1 << n,
            batch_size: n,
            task: format!("text number {}", n % 2),
            ..fake::run(&n.to_string(), 1)
        };
        let runs: Vec<_> = (1..13).map(shape).collect();
        for factor in [1e-7, 0.97, 1.0, 3.0, 1e6] {
            let figures =
                figures_of(&runs, &[("builtin", 1.0), ("one", factor), ("two", 1.5), ("three", 2.0)]);
            assert_eq!(names(&figures), ["train-lstm"]);
        }
    }

    #[test]
    fn figures_without_ratio_there_are_none() {
        assert!(figures_of(&[fake::run("a", 1)], &[("builtin", 1.0)]).is_empty());
        assert!(figures_of(&[fake::run("a", 1)], &[("fused", 1.0), ("stepwise", 2.0)]).is_empty());
    }
}
