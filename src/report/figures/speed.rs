//! Figures of speed: the engines of each pass and cell over all shapes, then each shape; the line at 1 is the
//! reference.

use super::dims::line;
use super::draw::axis::Scale;
use super::draw::legend::LineStyle;
use super::draw::rows::{Block, Mark, Row, Rows};
use super::draw::style::{cells, engine_colour, engine_marker, engines};
use super::figure::{Chart, Figure};
use crate::engine::EngineName;
use crate::report::fields::{SHAPE, all, labels, varying, without};
use crate::report::format::significant;
use crate::report::group::{is_reference, ratio_name, reference};
use crate::report::group_by::group_by;
use crate::report::summary::{DISTURBED, Section, Statistic};
use crate::settings::{Engines, Settings};
use crate::support::distinct::distinct;
use crate::support::stats;
use crate::support::text::pluralize;

/// The timings of an experiment.
struct Timings<'a> {
    rows: Vec<&'a Statistic>,
    /// The engines with a ratio.
    engines: Vec<String>,
    /// The settings that vary, without shape, cell and engine.
    others: Vec<&'static str>,
    /// The labels of the settings that do not vary.
    fixed: Vec<String>,
    /// The engine that the others are compared with.
    reference: EngineName,
}

/// The rows of one pass of one cell, by shape.
struct Case<'a> {
    pass: &'a str,
    point: &'a Settings,
    shapes: Vec<(Settings, Vec<&'a Statistic>)>,
}

/// The figures of the cells of each reference.
pub fn figures(summary: &[Statistic]) -> Vec<Figure> {
    let timed = summary.iter().filter(|row| row.section == Section::Speed);
    let references = distinct(timed.map(|row| reference(&row.point)));
    references.into_iter().flat_map(|reference| figures_beside(reference, summary)).collect()
}

/// A figure over all shapes; if there are several, then one per pass with a row for each.
fn figures_beside(reference: EngineName, summary: &[Statistic]) -> Vec<Figure> {
    let Some(timings) = Timings::new(summary, reference) else { return vec![] };
    let cases = timings.cases();
    let has_several = cases.iter().any(|case| case.shapes.len() > 1);
    let passes = distinct(cases.iter().map(|case| case.pass)).into_iter().filter(|_| has_several);
    std::iter::once(timings.over_shapes(&cases))
        .chain(passes.map(|pass| timings.of_pass(pass, &cases)))
        .collect()
}

impl<'a> Timings<'a> {
    /// The timings; none without a ratio.
    fn new(summary: &'a [Statistic], beside: EngineName) -> Option<Timings<'a>> {
        let is_drawn = |row: &&Statistic| {
            row.section == Section::Speed
                && reference(&row.point) == beside
                && ["seconds", ratio_name(beside)].contains(&row.metric)
                && above_0(row).is_some()
        };
        let rows: Vec<&Statistic> = summary.iter().filter(is_drawn).collect();
        let ratios = || rows.iter().filter(|row| is_ratio(row));
        let engines = engines(ratios().map(|row| row.point.engine.to_string()));
        let point = &ratios().next()?.point;
        let vary = varying(rows.iter().map(|row| &row.point));
        let own = [&SHAPE[..], &["cell", "engine", "model", "task", "init"]].concat();
        let fixed = labels(&without(&all(), &[&vary[..], &own].concat()), point);
        Some(Timings {
            others: without(&vary, &[&SHAPE[..], &["cell", "engine", "model"]].concat()),
            rows,
            engines,
            fixed,
            reference: beside,
        })
    }

    fn cases(&self) -> Vec<Case<'a>> {
        let key =
            |row: &&'a Statistic| (row.quantity.as_str(), line(&row.point), labels(&self.others, &row.point));
        let mut found = group_by(self.rows.iter().copied(), key);
        let cells = cells(found.iter().map(|((_, cell, _), _)| cell.clone()));
        let place = |cell: &String| cells.iter().position(|other| other == cell);
        found.sort_by(|a, b| (a.0.0, place(&a.0.1)).cmp(&(b.0.0, place(&b.0.1))));
        let case = |((pass, _, _), rows): ((&'a str, String, Vec<String>), Vec<&'a Statistic>)| Case {
            pass,
            point: &rows[0].point,
            shapes: group_by(rows, |row| Settings { engine: Engines::default(), ..row.point.clone() }),
        };
        found.into_iter().map(case).collect()
    }

    fn chart(&self, title: String, meaning: &str, blocks: Vec<Block>) -> Chart {
        let lane = |engine: &String| LineStyle {
            marker: engine_marker(engine, &self.engines),
            ..LineStyle::line(engine, engine_colour(engine, &self.engines), 2.0)
        };
        Chart::Rows(Rows {
            title,
            below_title: [&self.fixed[..], &[meaning.to_string()]].concat(),
            blocks,
            lanes: self.engines.iter().map(lane).collect(),
        })
    }

    fn block(&self, title: &str, rows: Vec<Row>) -> Block {
        Block {
            title: title.into(),
            x_title: format!("time over that of {} (left of 1: faster)", self.reference),
            scale: Scale::Logarithmic,
            reference: Some((1.0, self.reference.as_str().to_string())),
            rows,
        }
    }

    /// The name of a figure. The reference that most cells have is not named.
    fn name(&self, words: &[&str]) -> String {
        let reference = (self.reference != EngineName::Builtin).then(|| self.reference.as_str());
        ["speed"].into_iter().chain(reference).chain(words.iter().copied()).collect::<Vec<_>>().join("-")
    }

    /// A block per pass with a row per cell: the geometric mean of each engine, and its ratios.
    fn over_shapes(&self, cases: &[Case]) -> Figure {
        let passes = distinct(cases.iter().map(|case| case.pass));
        let block = |pass: &&str| {
            let of_pass = cases.iter().filter(|case| case.pass == *pass);
            self.block(pass, of_pass.map(|case| self.case_row(case)).collect())
        };
        let several = cases.iter().map(|case| case.shapes.len()).max().unwrap_or(0) > 1;
        let meaning = match several {
            true => "large: geometric mean over the shapes; small: each shape",
            false => "dot: ratio; bar: 95 % interval",
        };
        let blocks = passes.iter().map(block).collect();
        let caption = format!(
            "The time of each engine over that of {}, and below each cell the engines from the fastest to \
             the slowest. {} The table has remarks on disturbed shapes.",
            self.reference,
            match several {
                true => "A large mark is the geometric mean over the shapes, a small dot one shape.",
                false => "A bar is the 95 % interval.",
            }
        );
        let chart = self.chart(format!("Time relative to {}", self.reference), meaning, blocks);
        Figure::new(self.name(&[]), caption, chart)
    }

    fn case_row(&self, case: &Case) -> Row {
        let marks = match &case.shapes[..] {
            [(_, rows)] => self.marks(rows),
            shapes => (0..self.engines.len()).flat_map(|lane| self.mean_marks(lane, shapes)).collect(),
        };
        let shape = match &case.shapes[..] {
            [(point, rows)] => [shape(point, rows), reference_time(rows)].join(", "),
            shapes => pluralize(shapes.len(), "shape"),
        };
        let label = [vec![line(case.point)], labels(&self.others, case.point), vec![shape]].concat();
        Row { label: label.join(", "), about: self.ranking(&marks), marks, bound: None }
    }

    /// The mean of an engine over all shapes, and a small mark per shape. An engine that lacks a shape has no
    /// comparable mean.
    fn mean_marks(&self, lane: usize, shapes: &[(Settings, Vec<&Statistic>)]) -> Vec<Mark> {
        let ratios = shapes.iter().filter_map(|(_, rows)| self.ratio(lane, rows).and_then(above_0));
        let ratios: Vec<f64> = ratios.collect();
        let part = |value: &f64| Mark { lane, value: *value, low: *value, high: *value, is_part: true };
        let mean = stats::geometric_mean(&ratios).filter(|_| ratios.len() == shapes.len());
        let mean = mean.map(|value| Mark { is_part: false, ..part(&value) });
        ratios.iter().map(part).chain(mean).collect()
    }

    fn ratio<'r>(&self, lane: usize, rows: &[&'r Statistic]) -> Option<&'r Statistic> {
        rows.iter().copied().find(|row| is_ratio(row) && row.point.engine.to_string() == self.engines[lane])
    }

    /// The ratios of a shape with their intervals.
    fn marks(&self, rows: &[&Statistic]) -> Vec<Mark> {
        let mark = |lane: usize| {
            let row = self.ratio(lane, rows)?;
            let value = above_0(row)?;
            let [low, high] = [row.estimate.low, row.estimate.high].map(|end| end.unwrap_or(value));
            Some(Mark { lane, value, low, high, is_part: false })
        };
        (0..self.engines.len()).filter_map(mark).collect()
    }

    /// The engines with their ratios, from the fastest to the slowest.
    fn ranking(&self, marks: &[Mark]) -> String {
        let of_marks = marks.iter().filter(|mark| !mark.is_part);
        let of_marks = of_marks.map(|mark| (mark.value, self.engines[mark.lane].as_str()));
        let mut ranked: Vec<(f64, &str)> = of_marks.chain([(1.0, self.reference.as_str())]).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let words = |(ratio, engine): &(f64, &str)| match *engine == self.reference.as_str() {
            true => engine.to_string(),
            false => format!("{engine} {}", significant(*ratio, 2)),
        };
        ranked.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    /// A block per cell with a row per shape.
    fn of_pass(&self, pass: &str, cases: &[Case]) -> Figure {
        let block = |case: &Case| {
            let title = [vec![line(case.point)], labels(&self.others, case.point)].concat().join(", ");
            self.block(&title, case.shapes.iter().map(|(point, rows)| self.shape_row(point, rows)).collect())
        };
        let blocks = cases.iter().filter(|case| case.pass == pass).map(block).collect();
        let reference = self.reference;
        let caption = format!(
            "The time of one pass ({pass}) of each engine over that of {reference} at each shape, with the \
             95 % interval. Below the shape is the time of {reference}. The table has remarks on disturbed \
             shapes and on intervals within one process."
        );
        let title = format!("Time relative to {reference} at each shape, {pass}");
        Figure::new(self.name(&[pass]), caption, self.chart(title, "dot: ratio; bar: 95 % interval", blocks))
    }

    fn shape_row(&self, point: &Settings, rows: &[&Statistic]) -> Row {
        Row { label: shape(point, rows), about: reference_time(rows), marks: self.marks(rows), bound: None }
    }
}

/// The shape, with a note on a disturbed measurement.
fn shape(point: &Settings, rows: &[&Statistic]) -> String {
    let is_disturbed = rows.iter().any(|row| row.is_disturbed());
    let disturbed = if is_disturbed { format!(" ({DISTURBED})") } else { String::new() };
    labels(&SHAPE, point).join(" ") + &disturbed
}

/// The median time of the reference.
fn reference_time(rows: &[&Statistic]) -> String {
    let seconds = rows.iter().find(|row| row.metric == "seconds" && is_reference(&row.point));
    let milliseconds = seconds.and_then(|row| above_0(row)).map(|seconds| significant(1e3 * seconds, 3));
    let reference = rows.iter().map(|row| reference(&row.point)).next();
    let words = milliseconds.zip(reference).map(|(time, reference)| format!("{reference} {time} ms"));
    words.unwrap_or_default()
}

/// Returns true for the ratio of an engine other than the reference.
fn is_ratio(row: &Statistic) -> bool {
    row.metric == ratio_name(reference(&row.point)) && !is_reference(&row.point)
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
        figures.iter().for_each(|figure| {
            assert_eq!(faults(&figure.drawing()), Vec::<String>::new(), "{}", figure.name)
        });
        figures
    }

    fn names(figures: &[Figure]) -> Vec<&str> {
        figures.iter().map(|figure| figure.name.as_str()).collect()
    }

    #[test]
    fn figures_one_shape_is_one_figure_with_a_ranking() {
        let runs = vec![run("a", 1), with_cell(run("b", 1), CellName::Rnn)];
        let figures = figures_of(runs, &[(Builtin, 1.0), (Stepwise, 2.0), (Fused, 0.5)]);
        assert_eq!(names(&figures), ["speed"]);
        let svg = figures[0].svg();
        assert!(svg.contains("1020 ms"), "the median time of builtin: {svg}");
        assert!(svg.contains("fused 0.50, builtin, stepwise 2.0"), "{svg}");
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
            assert_eq!(names(&figures), ["speed", "speed-train"]);
            let mean = figures[0].data().into_iter().find(|row| row.line == "analytic").unwrap();
            assert!((mean.y - 1.5).abs() < 1e-9, "{mean:?}");
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
