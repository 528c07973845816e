//! Figures of speed: one a pass and cell, a row a shape, a colour an engine; builtin is the line at 1.

use super::Figure;
use super::axis::Axis;
use super::canvas::{Drawing, Text, wrapped};
use super::legend::{Key, legend};
use super::render::text_width;
use super::style::{BLACK, DARK, MARGIN, PALE, SMALL, WIDTH, WORDS, cells, engine_colour, engines, heading};
use crate::report::number;
use crate::report::point::{Point, Setting, labels, varying, without};
use crate::report::summary::REFERENCE;
use crate::results::schema::SummaryRow;

/// What a row of a figure is named by, whether it varies or not.
const SHAPE: [Setting; 4] = [Setting::BatchSize, Setting::SeqLen, Setting::InputSize, Setting::HiddenSize];

/// Height that one engine takes in a row.
const LANE: f64 = 13.0;

/// The figures of the ratios in a summary.
pub fn figures(summary: &[SummaryRow]) -> Vec<Figure> {
    let rows: Vec<Timing> = summary.iter().filter_map(Timing::of).collect();
    let vary = without(&varying(rows.iter().map(|row| &row.point)), &[Setting::Cell, Setting::Engine]);
    let mut passes: Vec<&str> = rows.iter().map(|row| row.pass).collect();
    passes.sort();
    passes.dedup();
    let mut figures = Vec::new();
    for pass in passes {
        for cell in cells(rows.iter().map(|row| row.point.cell.as_str())) {
            let shown = rows.iter().filter(|row| row.pass == pass && row.point.cell == cell);
            let chart = Chart::new(shown, &vary);
            if chart.rows.iter().any(|row| !row.ratios.is_empty()) {
                figures.push(chart.figure(pass, &cell));
            }
        }
    }
    figures
}

/// A `seconds` or a ratio that is there, with its interval (of no width where there is none).
struct Timing<'a> {
    point: Point,
    pass: &'a str,
    is_ratio: bool,
    estimate: f64,
    low: f64,
    high: f64,
}

impl<'a> Timing<'a> {
    fn of(row: &'a SummaryRow) -> Option<Timing<'a>> {
        let is_ratio = row.metric == "ratio_to_builtin";
        let estimate = row.estimate.filter(|estimate| estimate.is_finite() && *estimate > 0.0)?;
        (is_ratio || row.metric == "seconds").then(|| Timing {
            point: Point::from(row),
            pass: &row.quantity,
            is_ratio,
            estimate,
            low: row.ci_low.unwrap_or(estimate),
            high: row.ci_high.unwrap_or(estimate),
        })
    }
}

/// One figure's data.
struct Chart {
    below_title: Vec<String>,
    engines: Vec<String>,
    rows: Vec<Row>,
}

/// One shape.
struct Row {
    point: Point,
    label: String,
    /// The median time of builtin.
    builtin_seconds: Option<f64>,
    /// Engine, ratio and its interval.
    ratios: Vec<(String, f64, f64, f64)>,
}

impl Chart {
    fn new<'a>(timings: impl Iterator<Item = &'a Timing<'a>>, vary: &[Setting]) -> Chart {
        let mut rows: Vec<Row> = Vec::new();
        let others = without(vary, &SHAPE);
        let fixed =
            without(&without(&without(&Setting::ALL, vary), &SHAPE), &[Setting::Cell, Setting::Engine]);
        for timing in timings {
            let point = timing.point.with_engine("");
            let row = match rows.iter().position(|row| row.point == point) {
                Some(known) => &mut rows[known],
                None => {
                    let label = [labels(&SHAPE, &point), labels(&others, &point)].concat().join(" ");
                    rows.push(Row { point, label, builtin_seconds: None, ratios: vec![] });
                    let last = rows.len() - 1;
                    &mut rows[last]
                }
            };
            match (timing.is_ratio, timing.point.engine == REFERENCE) {
                (false, true) => row.builtin_seconds = Some(timing.estimate),
                (true, false) => {
                    let engine = timing.point.engine.clone();
                    row.ratios.push((engine, timing.estimate, timing.low, timing.high));
                }
                _ => {}
            }
        }
        let below_title = rows.first().map_or(vec![], |row| labels(&fixed, &row.point));
        let names = rows.iter().flat_map(|row| row.ratios.iter().map(|(engine, ..)| engine.as_str()));
        Chart { below_title, engines: engines(names), rows }
    }

    fn figure(&self, pass: &str, cell: &str) -> Figure {
        Figure {
            name: format!("{pass}-{cell}"),
            title: format!("{cell}, {pass}"),
            caption: format!(
                "Median time of one pass ({pass}) of the cell {cell} over that of builtin, with 95 % interval. \
                 Right of the line at 1 an engine is slower than builtin."
            ),
            drawing: self.draw(&format!("{cell}, {pass}: time relative to builtin")),
        }
    }

    fn draw(&self, title: &str) -> Drawing {
        let mut drawing = Drawing::new(WIDTH);
        let interval = "dot: ratio of medians; bar: 95 % interval".to_string();
        let below_title = [&self.below_title[..], &[interval]].concat();
        let below_title = wrapped(&below_title, " · ", SMALL, false, WIDTH - 2.0 * MARGIN);
        let top = heading(&mut drawing, title, &below_title) + 20.0;
        let times: Vec<String> = self.rows.iter().map(Row::builtin_time).collect();
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|text| text_width(text, SMALL, false)).fold(0.0, f64::max)
        };
        let shapes_end =
            MARGIN + widest(&mut self.rows.iter().map(|row| row.label.as_str())).min(WIDTH / 2.5);
        let times_head = "builtin, ms";
        let times_end = shapes_end + 18.0 + widest(&mut times.iter().map(String::as_str).chain([times_head]));
        let left = times_end + 14.0;
        let height = LANE * self.engines.len() as f64 + 11.0;
        let bottom = top + height * self.rows.len() as f64;

        let axis = Axis::logarithmic(self.range(), (left, WIDTH - MARGIN));
        drawing.text(Text::new((MARGIN, top - 7.0), "shape", SMALL, DARK));
        drawing.text(Text::new((times_end, top - 7.0), times_head, SMALL, DARK).ending());
        for (n, (row, time)) in self.rows.iter().zip(&times).enumerate() {
            let y = top + height * n as f64;
            drawing.line(vec![(MARGIN, y), (WIDTH - MARGIN, y)], PALE, 1.0);
            let middle = y + height / 2.0;
            let label = Text::new((MARGIN, middle), row.label.clone(), SMALL, BLACK).middle();
            drawing.text(label.within(shapes_end - MARGIN));
            drawing.text(Text::new((times_end, middle), time.clone(), SMALL, BLACK).ending().middle());
        }
        grid(&mut drawing, &axis, (top, bottom), (left, WIDTH - MARGIN));
        for (n, row) in self.rows.iter().enumerate() {
            self.row(&mut drawing, row, &axis, top + height * n as f64 + 5.5 + LANE / 2.0);
        }

        let below = bottom + 38.0;
        let x_title = "time over builtin's, log scale (left of 1: faster than builtin)";
        drawing.text(Text::new(((left + WIDTH - MARGIN) / 2.0, below), x_title, WORDS, BLACK).centred());
        drawing.height = (legend(&mut drawing, (left, below + 10.0), &self.keys(), 1) + MARGIN).ceil();
        drawing
    }

    fn keys(&self) -> Vec<Key> {
        let key = |engine: &String| Key {
            label: engine.clone(),
            colour: engine_colour(engine, &self.engines),
            line: Some(2.0),
            marker: None,
            dot: true,
            dashed: false,
        };
        self.engines.iter().map(key).collect()
    }

    /// All intervals and 1, and some room.
    fn range(&self) -> (f64, f64) {
        let ends = self
            .rows
            .iter()
            .flat_map(|row| &row.ratios)
            .flat_map(|(_, ratio, low, high)| [*ratio, *low, *high]);
        let ends = ends.filter(|end| end.is_finite() && *end > 0.0);
        let (low, high) = ends.fold((1.0, 1.0), |(low, high): (f64, f64), end| (low.min(end), high.max(end)));
        let room = (high / low).powf(0.06).max(1.06);
        (low / room, high * room)
    }

    /// The ratios of one shape, an engine below the other; the first is at `y`.
    fn row(&self, drawing: &mut Drawing, row: &Row, axis: &Axis, y: f64) {
        for (engine, ratio, low, high) in &row.ratios {
            let lane = self.engines.iter().position(|other| other == engine).unwrap_or(0);
            let y = y + LANE * lane as f64;
            let colour = engine_colour(engine, &self.engines);
            let ends = [*low, *high].map(|end| axis.pixel(end));
            drawing.line(vec![(ends[0], y), (ends[1], y)], colour, 2.0);
            for end in ends {
                drawing.line(vec![(end, y - 3.0), (end, y + 3.0)], colour, 1.2);
            }
            drawing.dot((axis.pixel(*ratio), y), 3.5, colour);
        }
    }
}

impl Row {
    fn builtin_time(&self) -> String {
        self.builtin_seconds.map_or(String::new(), |seconds| number::significant(1e3 * seconds, 3))
    }
}

/// Lines at the ticks, a dark one at 1, and the axis with its numbers.
fn grid(drawing: &mut Drawing, axis: &Axis, (top, bottom): (f64, f64), (left, right): (f64, f64)) {
    for tick in axis.ticks(((right - left) / 45.0) as usize) {
        let x = axis.pixel(tick.at);
        drawing.line(vec![(x, top), (x, bottom)], PALE, 1.0);
        drawing.line(vec![(x, bottom), (x, bottom + 4.0)], DARK, 1.0);
        drawing.text(Text::new((x, bottom + 17.0), tick.label, SMALL, DARK).centred());
    }
    drawing.line(vec![(left, bottom), (right, bottom)], DARK, 1.0);
    let one = axis.pixel(1.0);
    drawing.line(vec![(one, top - 4.0), (one, bottom)], BLACK, 1.4);
    drawing.text(Text::new((one, top - 7.0), "builtin", SMALL, BLACK).centred());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::Experiment;
    use crate::report::plot::overlap::faults;
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
    fn there_is_a_figure_a_pass_and_cell() {
        let mut runs = [fake::run("a", 1), fake::run("b", 1)];
        runs[1].cell = "rnn".into();
        let figures = figures_of(&runs, &[("builtin", 1.0), ("stepwise", 2.0), ("fused", 0.5)]);
        assert_eq!(names(&figures), ["train-rnn", "train-lstm"]);
    }

    #[test]
    fn many_shapes_and_far_ratios_fit_the_page() {
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
    fn without_another_engine_or_without_builtin_there_is_no_figure() {
        assert!(figures_of(&[fake::run("a", 1)], &[("builtin", 1.0)]).is_empty());
        assert!(figures_of(&[fake::run("a", 1)], &[("fused", 1.0), ("stepwise", 2.0)]).is_empty());
    }
}
