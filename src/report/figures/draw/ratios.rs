//! A chart of ratios with intervals: a row per case, a lane per competitor, a line at 1 for the reference.

use super::axis::Axis;
use super::font::{widest, wrapped};
use super::legend::{LineStyle, legend};
use super::shapes::{Drawing, Label};
use super::style::{BLACK, DARK, MARGIN, PALE, SMALL, WIDTH, WORDS, heading};
use crate::report::format::significant;

/// A chart of ratios.
#[derive(Debug, Clone)]
pub struct Ratios {
    /// The title.
    pub title: String,
    /// The words below the title; lines break between them.
    pub below_title: Vec<String>,
    /// The heads of the two columns of text: the case, and the value of the reference.
    pub heads: [&'static str; 2],
    /// The name of the reference, whose ratio is 1.
    pub reference: &'static str,
    /// The title of the x axis.
    pub x_title: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
    /// The look of each lane.
    pub lanes: Vec<LineStyle>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// The value of the reference.
    pub reference: String,
    /// The ratios.
    pub bars: Vec<Bar>,
}

/// One ratio with its interval, all above 0.
#[derive(Debug, Clone)]
pub struct Bar {
    /// The number of the lane.
    pub lane: usize,
    /// The ratio.
    pub ratio: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The height of a lane.
const LANE: f64 = 13.0;
/// The space above the first and below the last lane of a row.
const PADDING: f64 = 5.5;

/// Draws the chart.
pub fn draw(chart: &Ratios) -> Drawing {
    let mut drawing = Drawing::new(WIDTH);
    let below_title = wrapped(&chart.below_title, " · ", SMALL, false, WIDTH - 2.0 * MARGIN);
    let top = heading(&mut drawing, &chart.title, &below_title) + 20.0;
    let labels = chart.rows.iter().map(|row| row.label.as_str());
    let labels_end = MARGIN + widest(labels, SMALL).min(WIDTH / 2.5);
    let references = chart.rows.iter().map(|row| row.reference.as_str());
    let references_end = labels_end + 18.0 + widest(references.chain([chart.heads[1]]), SMALL);
    let left = references_end + 14.0;
    let height = LANE * chart.lanes.len() as f64 + 2.0 * PADDING;
    let bottom = top + height * chart.rows.len() as f64;

    drawing.label(Label::new((MARGIN, top - 7.0), chart.heads[0], SMALL, DARK));
    drawing.label(Label::new((references_end, top - 7.0), chart.heads[1], SMALL, DARK).ending());
    for (n, row) in chart.rows.iter().enumerate() {
        let y = top + height * n as f64;
        drawing.line(vec![(MARGIN, y), (WIDTH - MARGIN, y)], PALE, 1.0);
        let middle = y + height / 2.0;
        let label = Label::new((MARGIN, middle), row.label.clone(), SMALL, BLACK).middle();
        // The widest label itself must not be cut by a rounding error.
        drawing.label(label.within(labels_end - MARGIN + 0.01));
        let reference = Label::new((references_end, middle), row.reference.clone(), SMALL, BLACK);
        drawing.label(reference.ending().middle());
    }
    let axis = Axis::logarithmic(range(&chart.rows), (left, WIDTH - MARGIN));
    grid(&mut drawing, &axis, (top, bottom), (left, WIDTH - MARGIN), chart.reference);
    for (n, row) in chart.rows.iter().enumerate() {
        let first_lane = top + height * n as f64 + PADDING + LANE / 2.0;
        for bar in &row.bars {
            let y = first_lane + LANE * bar.lane as f64;
            draw_bar(&mut drawing, bar, &axis, y, &chart.lanes[bar.lane]);
        }
    }
    let below = bottom + 38.0;
    let middle = (left + WIDTH - MARGIN) / 2.0;
    drawing.label(Label::new((middle, below), chart.x_title, WORDS, BLACK).centred());
    drawing.height = (legend(&mut drawing, (left, below + 10.0), &chart.lanes, 1) + MARGIN).ceil();
    drawing
}

/// The range of all intervals and 1, with a margin.
fn range(rows: &[Row]) -> (f64, f64) {
    let ends = rows.iter().flat_map(|row| &row.bars).flat_map(|bar| [bar.ratio, bar.low, bar.high]);
    let ends = ends.filter(|end| end.is_finite() && *end > 0.0);
    let (low, high) = ends.fold((1.0, 1.0), |(low, high): (f64, f64), end| (low.min(end), high.max(end)));
    let margin = (high / low).powf(0.06).max(1.06);
    (low / margin, high * margin)
}

fn draw_bar(drawing: &mut Drawing, bar: &Bar, axis: &Axis, y: f64, style: &LineStyle) {
    let ends = [bar.low, bar.high].map(|end| axis.pixel(end));
    drawing.line(ends.map(|x| (x, y)).to_vec(), style.colour, style.width);
    for x in ends {
        drawing.line(vec![(x, y - 3.0), (x, y + 3.0)], style.colour, 1.2);
    }
    drawing.value((axis.pixel(bar.ratio), y), 3.5, style.colour, about(bar, style));
}

/// The ratio with its interval, for a reader of the SVG.
fn about(bar: &Bar, style: &LineStyle) -> String {
    let [ratio, low, high] = [bar.ratio, bar.low, bar.high].map(|number| significant(number, 3));
    format!("{}: {ratio} [{low}, {high}]", style.label)
}

/// Draws lines at the ticks, a dark one at 1, and the axis with its numbers.
fn grid(
    drawing: &mut Drawing,
    axis: &Axis,
    (top, bottom): (f64, f64),
    (left, right): (f64, f64),
    reference: &str,
) {
    for tick in axis.ticks(((right - left) / 45.0) as usize) {
        let x = axis.pixel(tick.at);
        drawing.line(vec![(x, top), (x, bottom)], PALE, 1.0);
        drawing.line(vec![(x, bottom), (x, bottom + 4.0)], DARK, 1.0);
        drawing.label(Label::new((x, bottom + 17.0), tick.label, SMALL, DARK).centred());
    }
    drawing.line(vec![(left, bottom), (right, bottom)], DARK, 1.0);
    let one = axis.pixel(1.0);
    drawing.line(vec![(one, top - 4.0), (one, bottom)], BLACK, 1.4);
    drawing.label(Label::new((one, top - 7.0), reference, SMALL, BLACK).centred());
}
