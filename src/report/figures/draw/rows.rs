//! A chart of numbers with intervals: a row per case, lanes per competitor, blocks with axes of their own.

use super::axis::{Axis, Scale};
use super::font::{widest, wrapped};
use super::legend::{LineStyle, legend};
use super::shapes::{Colour, Drawing, Label};
use super::style::{BLACK, DARK, MARGIN, PALE, Page, SMALL, WORDS, marker};
use crate::report::format::significant;

/// A chart of rows.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The title.
    pub title: String,
    /// The words below the title; lines break between them.
    pub below_title: Vec<String>,
    /// The blocks, one below the other.
    pub blocks: Vec<Block>,
    /// The look of each lane.
    pub lanes: Vec<LineStyle>,
}

/// Rows with a common axis.
#[derive(Debug, Clone)]
pub struct Block {
    /// The title; empty for none.
    pub title: String,
    /// The title of the axis.
    pub x_title: String,
    /// The scale of the axis: linear or logarithmic.
    pub scale: Scale,
    /// A value with its name that is marked across all rows.
    pub reference: Option<(f64, String)>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// The words below the name.
    pub about: String,
    /// The numbers.
    pub marks: Vec<Mark>,
    /// The bound of a test.
    pub bound: Option<Bound>,
}

/// A bound, and the side of it on which a test holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The test holds above this number.
    Above(f64),
    /// The test holds below this number.
    Below(f64),
}

/// One number with its interval.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The number of the lane.
    pub lane: usize,
    /// The number.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// True for one of several numbers that a larger mark sums up.
    pub is_part: bool,
}

/// The height of a lane.
const LANE: f64 = 12.0;
/// The space above the first and below the last lane of a row.
const PADDING: f64 = 6.0;
/// The height of a line of text.
const LINE: f64 = 1.3 * SMALL;
/// The side of a bound on which a test holds.
const HOLDS: Colour = Colour::hex(0xececec);

/// Draws the chart.
pub fn draw(chart: &Rows, page: Page) -> Drawing {
    let mut drawing = page.drawing();
    let mut y = page.heading(&mut drawing, &chart.title, &chart.below_title);
    let rows = || chart.blocks.iter().flat_map(|block| &block.rows);
    let texts = rows().flat_map(|row| [row.label.as_str(), row.about.as_str()]);
    // The widest text must not be cut by a rounding error.
    let room = (widest(texts, SMALL) + 0.1).min(0.4 * drawing.width);
    let (left, right) = (MARGIN + room + 16.0, drawing.width - MARGIN - 6.0);
    for block in &chart.blocks {
        y = draw_block(&mut drawing, block, &chart.lanes, (left, right), y);
    }
    let bottom = if chart.lanes.len() > 1 { legend(&mut drawing, (MARGIN, y), &chart.lanes) } else { y };
    drawing.height = (bottom + MARGIN).ceil();
    drawing
}

/// Draws a block from `top` on, and returns the y below it.
fn draw_block(
    drawing: &mut Drawing,
    block: &Block,
    lanes: &[LineStyle],
    (left, right): (f64, f64),
    top: f64,
) -> f64 {
    let has_heading = !block.title.is_empty() || block.reference.is_some();
    let top = if has_heading { top + 1.4 * WORDS } else { top };
    let title = Label::new((MARGIN, top - 6.0), block.title.clone(), WORDS, BLACK).bold();
    drawing.label(title.within(left - MARGIN));
    let texts: Vec<[Vec<String>; 2]> =
        block.rows.iter().map(|row| texts(row, left - 16.0 - MARGIN)).collect();
    let height = |texts: &[Vec<String>; 2]| {
        let lines = texts.iter().map(Vec::len).sum::<usize>() as f64;
        f64::max(LINE * lines, LANE * lanes.len() as f64) + 2.0 * PADDING
    };
    let bottom = top + texts.iter().map(height).sum::<f64>();
    let axis = Axis::new(block.scale, range(block), (left, right));
    let mut y = top;
    for (row, texts) in block.rows.iter().zip(&texts) {
        let next = y + height(texts);
        drawing.line(vec![(MARGIN, y), (right, y)], PALE, 1.0);
        draw_side(drawing, row, &axis, (y, next), (left, right));
        draw_texts(drawing, texts, (y + next) / 2.0);
        y = next;
    }
    grid(drawing, block, &axis, (top, bottom), (left, right));
    let mut y = top;
    for (row, texts) in block.rows.iter().zip(&texts) {
        let next = y + height(texts);
        if let Some(bound) = row.bound {
            let at = axis.pixel(bound.number());
            drawing.line(vec![(at, y + 1.0), (at, next - 1.0)], DARK, 1.4);
        }
        let first = (y + next) / 2.0 - LANE * (lanes.len() as f64 - 1.0) / 2.0;
        for mark in &row.marks {
            draw_mark(drawing, mark, &axis, first + LANE * mark.lane as f64, &lanes[mark.lane]);
        }
        y = next;
    }
    let x_title = Label::new((right, bottom + 38.0), block.x_title.clone(), WORDS, BLACK).ending();
    drawing.label(x_title.within(right - MARGIN));
    bottom + 52.0
}

/// The lines of a row's texts.
fn texts(row: &Row, room: f64) -> [Vec<String>; 2] {
    [&row.label, &row.about].map(|text| {
        let words: Vec<String> = text.split_whitespace().map(str::to_string).collect();
        wrapped(&words, " ", SMALL, false, room)
    })
}

fn draw_texts(drawing: &mut Drawing, texts: &[Vec<String>; 2], middle: f64) {
    let lines = texts.iter().map(Vec::len).sum::<usize>() as f64;
    let colours = texts
        .iter()
        .zip([BLACK, DARK])
        .flat_map(|(lines, colour)| lines.iter().map(move |line| (line, colour)));
    for (n, (line, colour)) in colours.enumerate() {
        let y = middle + LINE * (n as f64 - (lines - 1.0) / 2.0);
        drawing.label(Label::new((MARGIN, y), line.clone(), SMALL, colour).middle());
    }
}

/// The range of all numbers, bounds and the reference, with a margin.
fn range(block: &Block) -> (f64, f64) {
    let marks =
        block.rows.iter().flat_map(|row| &row.marks).flat_map(|mark| [mark.value, mark.low, mark.high]);
    let bounds = block.rows.iter().filter_map(|row| row.bound).map(Bound::number);
    let is_log = block.scale == Scale::Logarithmic;
    let shown = marks.chain(bounds).chain(block.reference.iter().map(|(at, _)| *at));
    let shown = shown.filter(|number| number.is_finite() && (!is_log || *number > 0.0));
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = shown.fold(none, |(low, high), number| (low.min(number), high.max(number)));
    match (low <= high, is_log) {
        (false, _) => (0.5, 2.0),
        (true, true) => {
            let margin = (high / low).powf(0.06).max(1.06);
            (low / margin, high * margin)
        }
        (true, false) => {
            let span = if high > low { high - low } else { low.abs().max(1.0) };
            (low - 0.06 * span, high + 0.06 * span)
        }
    }
}

impl Bound {
    /// The number.
    pub fn number(self) -> f64 {
        match self {
            Bound::Above(number) | Bound::Below(number) => number,
        }
    }
}

/// Fills the side of the bound on which the test holds.
fn draw_side(
    drawing: &mut Drawing,
    row: &Row,
    axis: &Axis,
    (top, bottom): (f64, f64),
    (left, right): (f64, f64),
) {
    let Some(bound) = row.bound else { return };
    let at = axis.pixel(bound.number());
    let (from, to) = if matches!(bound, Bound::Above(_)) { (at, right) } else { (left, at) };
    let (top, bottom) = (top + 1.0, bottom - 1.0);
    drawing.area(vec![(from, top), (to, top), (to, bottom), (from, bottom)], HOLDS);
}

fn draw_mark(drawing: &mut Drawing, mark: &Mark, axis: &Axis, y: f64, style: &LineStyle) {
    if mark.is_part {
        drawing.value((axis.pixel(mark.value), y), 2.0, style.colour.translucent(0.55), about(mark, style));
        return;
    }
    if mark.high > mark.low {
        let ends = [mark.low, mark.high].map(|end| axis.pixel(end));
        drawing.line(ends.map(|x| (x, y)).to_vec(), style.colour, style.width);
        for x in ends {
            drawing.line(vec![(x, y - 3.5), (x, y + 3.5)], style.colour, 1.4);
        }
    }
    let place = (axis.pixel(mark.value), y);
    drawing.value(place, 3.8, style.colour, about(mark, style));
    if let Some(n) = style.marker {
        marker(drawing, n, place, style.colour);
    }
}

/// The number with its interval, for a reader of the SVG.
fn about(mark: &Mark, style: &LineStyle) -> String {
    let [value, low, high] = [mark.value, mark.low, mark.high].map(|number| significant(number, 3));
    let interval = if mark.high > mark.low { format!(" [{low}, {high}]") } else { String::new() };
    let name = if style.label.is_empty() { String::new() } else { format!("{}: ", style.label) };
    format!("{name}{value}{interval}")
}

/// Draws lines at the ticks, a dark one at the reference, and the axis with its numbers.
fn grid(
    drawing: &mut Drawing,
    block: &Block,
    axis: &Axis,
    (top, bottom): (f64, f64),
    (left, right): (f64, f64),
) {
    for tick in axis.ticks_apart(((right - left) / 54.0).max(2.0) as usize) {
        let x = axis.pixel(tick.at);
        drawing.line(vec![(x, top), (x, bottom)], PALE, 1.0);
        drawing.line(vec![(x, bottom), (x, bottom + 4.0)], DARK, 1.0);
        drawing.label(Label::new((x, bottom + 18.0), tick.label, SMALL, DARK).centred());
    }
    drawing.line(vec![(left, bottom), (right, bottom)], DARK, 1.0);
    if let Some((at, name)) = &block.reference {
        let x = axis.pixel(*at);
        drawing.line(vec![(x, top - 4.0), (x, bottom)], BLACK, 1.4);
        drawing.label(Label::new((x, top - 7.0), name.clone(), SMALL, BLACK).centred());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::draw::layout_check::faults;

    #[test]
    fn draw_any_numbers_and_widths_fit_the_page() {
        let lane = |n: usize| LineStyle {
            marker: n.checked_sub(1),
            ..LineStyle::line(format!("engine {n}"), Colour::hex(0x0072b2), 2.0)
        };
        let mark =
            |lane, value: f64| Mark { lane, value, low: 0.9 * value, high: 1.1 * value, is_part: lane > 1 };
        for (scale, factor, lanes) in
            [(Scale::Logarithmic, 1e-7, 4), (Scale::Linear, -3.0, 1), (Scale::Logarithmic, 1e6, 2)]
        {
            let row = |n: usize| Row {
                label: format!("a long name of a test with hidden_size {n}, which has many words"),
                about: "0.12 [0.10, 0.14], supported".into(),
                marks: (0..lanes).map(|lane| mark(lane, factor * (n + 1) as f64)).collect(),
                bound: Some(if n == 0 { Bound::Above(factor) } else { Bound::Below(2.0 * factor) }),
            };
            let block = |title: &str| Block {
                title: title.into(),
                x_title: "time over that of builtin".into(),
                scale,
                reference: (scale == Scale::Logarithmic).then(|| (1.0, "builtin".to_string())),
                rows: (0..5).map(row).collect(),
            };
            let chart = Rows {
                title: "A title".into(),
                below_title: vec!["dot: ratio".into(); 9],
                blocks: vec![block("forward"), block("")],
                lanes: (0..lanes).map(lane).collect(),
            };
            for inches in [7.0, 3.5] {
                let drawing = draw(&chart, Page { inches, has_title: true });
                assert_eq!(faults(&drawing), Vec::<String>::new(), "{factor}, {inches} inches");
            }
        }
    }
}
