//! Small multiples: panels of lines with bands or intervals, on axes that all of them share.

use super::axis::Axis;
use super::chart::Panels;
use super::ends;
use super::font::{broken, widest, wrapped};
use super::legend::{LineStyle, legend};
use super::plot::Plot;
use super::shapes::{Drawing, Label};
use super::style::{BLACK, MARGIN, Page, SMALL, WORDS};

/// The space between a panel and the one below it.
const GAP: f64 = 16.0;
/// The space between panels side by side: the numbers at the ends of their axes must not meet.
const SIDE_GAP: f64 = 34.0;
/// The space to the right of the last panel.
const RIGHT: f64 = 22.0;
/// The height of a line of a panel's title.
const PANEL_LINE: f64 = 17.0;

/// The places of panels on the page.
struct Grid {
    columns: usize,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    pitch: f64,
}

impl Grid {
    fn plot<'a>(&self, n: usize, figure: &'a Panels) -> Plot<'a> {
        let (row, column) = (n / self.columns, n % self.columns);
        let left = self.left + (self.width + SIDE_GAP) * column as f64;
        let top = self.top + self.pitch * (row + 1) as f64 - GAP - self.height;
        let (right, bottom) = (left + self.width, top + self.height);
        Plot {
            x: Axis::new(figure.x.scale, (figure.x.low, figure.x.high), (left, right)),
            y: Axis::new(figure.y.scale, (figure.y.low, figure.y.high), (bottom, top)),
            y_ends: (figure.y.low, figure.y.high),
            series: &figure.panels[n].series,
            left,
            top,
            right,
            bottom,
        }
    }
}

/// Draws the figure.
pub fn draw(figure: &Panels, page: Page) -> Drawing {
    let mut drawing = page.drawing();
    let top = page.heading(&mut drawing, &figure.title, &figure.below_title);
    let page_width = drawing.width;
    let columns = columns(figure.panels.len(), page_width);
    let rows = figure.panels.len().div_ceil(columns);
    let height = height(columns, page_width);
    let y_ticks =
        Axis::new(figure.y.scale, (figure.y.low, figure.y.high), (0.0, 1.0)).ticks((height / 36.0) as usize);
    let labels_width = widest(y_ticks.iter().map(|tick| tick.label.as_str()), SMALL);
    let left = MARGIN + 1.6 * WORDS + labels_width + 8.0;
    let ends = ends::labels(figure, page_width);
    let right = ends.as_ref().map_or(RIGHT, |ends| RIGHT + ends::width(ends));
    let width = (page_width - right - left - SIDE_GAP * (columns - 1) as f64) / columns as f64;
    let titles: Vec<Vec<String>> =
        figure.panels.iter().map(|panel| title_lines(&panel.title, width)).collect();
    let lines = titles.iter().map(Vec::len).max().unwrap_or(0);
    let pitch = height + GAP + if lines > 0 { 4.0 + PANEL_LINE * lines as f64 } else { 0.0 };
    let grid = Grid { columns, left, top, width, height, pitch };

    for (n, panel) in figure.panels.iter().enumerate() {
        let plot = grid.plot(n, figure);
        plot.axes(&mut drawing, &y_ticks, n.is_multiple_of(columns), n + columns >= figure.panels.len());
        for (line, words) in titles[n].iter().rev().enumerate() {
            let place = (plot.left, plot.top - 7.0 - PANEL_LINE * line as f64);
            drawing.label(Label::new(place, words.clone(), WORDS, BLACK).bold().within(width));
        }
        plot.draw(&mut drawing, &panel.levels);
        ends.iter().for_each(|ends| ends::draw(&mut drawing, &plot, ends));
    }

    let bottom = top + pitch * rows as f64 - GAP;
    let middle = (top + bottom) / 2.0;
    let y_title = Label::new((MARGIN + WORDS, middle), figure.y.title.clone(), WORDS, BLACK);
    drawing.label(y_title.centred().upward().within(bottom - top));
    let below = bottom + 40.0;
    let x_title =
        Label::new(((left + page_width - right) / 2.0, below), figure.x.title.clone(), WORDS, BLACK);
    drawing.label(x_title.centred().within(page_width - left - RIGHT));
    let bottom = legend(&mut drawing, (left, below + 10.0), &entries(figure, ends.is_some()));
    drawing.height = (bottom + MARGIN).ceil();
    drawing
}

/// The title of a panel in lines that break after a comma, a `+` or a space: panels often differ at the end
/// of their titles.
fn title_lines(title: &str, width: f64) -> Vec<String> {
    let words: Vec<String> = title.split(", ").map(String::from).filter(|word| !word.is_empty()).collect();
    let lines = wrapped(&words, ", ", WORDS, true, width);
    lines.iter().flat_map(|line| broken(line, WORDS, true, width)).collect()
}

/// The entries of the legend, with the levels of the panels. Lines with a label at their end need none.
fn entries(figure: &Panels, has_ends: bool) -> Vec<LineStyle> {
    let mut entries = if has_ends { Vec::new() } else { figure.legend.clone() };
    for level in figure.panels.iter().flat_map(|panel| &panel.levels) {
        if !entries.contains(&level.style) {
            entries.push(level.style.clone());
        }
    }
    entries
}

/// The width of a page below which a row has at most two panels.
const NARROW: f64 = 600.0;

/// The number of panels side by side.
fn columns(panels: usize, width: f64) -> usize {
    match panels {
        0 | 1 => 1,
        _ if width < NARROW => 2,
        2 | 4 => 2,
        _ => 3,
    }
}

/// The height of a panel.
fn height(columns: usize, width: f64) -> f64 {
    let share = [0.44, 0.31, 0.235][columns - 1];
    f64::max(share * width, 150.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::draw::axis::Scale;
    use crate::report::figures::draw::chart::{BandPoint, Level, Panel, Range, Series, Spread};
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::figures::draw::shapes::{Colour, Shape};

    fn series(label: &str, middles: &[f64]) -> Series {
        let spread = Spread::Band;
        let style = LineStyle::line(label, Colour::hex(0x0072b2), 2.0);
        let point =
            |(x, y): (usize, &f64)| BandPoint { x: x as f64, low: y - 1.0, middle: *y, high: y + 1.0 };
        Series {
            name: label.into(),
            style,
            spread,
            segments: vec![middles.iter().enumerate().map(point).collect()],
        }
    }

    fn figure(panels: Vec<Panel>, high: f64) -> Panels {
        let points =
            panels.iter().flat_map(|panel| &panel.series).flat_map(|series| series.segments.concat());
        let (low, top) = points
            .fold((-1.0, 1.0), |(low, top): (f64, f64), point| (low.min(point.low), top.max(point.high)));
        let range = |title: &str, scale, low, high| Range { title: title.into(), scale, low, high };
        Panels {
            title: "Gradient of the loss with respect to the hidden state hₜ: a long title".into(),
            below_title: vec!["T1000".into(); 40],
            x: range("lag T − t (steps before the end of the sequence)", Scale::Whole, 0.0, high),
            y: range("‖∂L/∂hₜ‖", Scale::Powers, low, top),
            legend: panels
                .iter()
                .flat_map(|panel| &panel.series)
                .map(|series| series.style.clone())
                .collect(),
            panels,
        }
    }

    fn lines_longer_than(drawing: &Drawing, points: usize) -> Vec<usize> {
        let length = |shape: &Shape| match shape {
            Shape::Line { points, .. } => Some(points.len()),
            _ => None,
        };
        drawing.shapes.iter().filter_map(length).filter(|length| *length > points).collect()
    }

    #[test]
    fn draw_any_number_of_panels_and_series_fits_page() {
        let level = || Level { at: 0.5, style: LineStyle::line("chance", Colour::hex(0), 1.0) };
        for (panels, lines, range) in
            [(1, 3, 3.0), (1, 18, 3.0), (2, 1, 1e-9), (3, 2, 600.0), (4, 3, 50.0), (18, 2, 1e5)]
        {
            let panel = |n: usize| Panel {
                levels: n.is_multiple_of(2).then(level).into_iter().collect(),
                title: format!("orthogonal(1.{n})+forget_bias(1) and more words than fit in a panel"),
                series: (0..lines)
                    .map(|line| series(&format!("cell{line}, stepwise"), &[range, 0.0, -range]))
                    .collect(),
            };
            let mut figure = figure((0..panels).map(panel).collect(), 2.0);
            figure.legend.truncate(lines);
            for (inches, has_title) in [(7.0, true), (3.5, true), (3.5, false), (2.0, true)] {
                let drawing = draw(&figure, Page { inches, has_title });
                let place = format!("{panels} panels of {lines} series, {inches} inches wide");
                assert_eq!(faults(&drawing), Vec::<String>::new(), "{place}");
            }
        }
    }

    #[test]
    fn draw_long_line_is_thinned_and_keeps_end() {
        let values: Vec<f64> = (0..100_000).map(|n| -(n as f64)).collect();
        let panel = Panel { title: String::new(), series: vec![series("lstm", &values)], levels: vec![] };
        let drawing = draw(&figure(vec![panel], 1e5).thinned(), Page::default());
        let long = lines_longer_than(&drawing, 100);
        assert!(long.len() == 1 && (500..=1000).contains(&long[0]), "{long:?}");
        assert_eq!(faults(&drawing), Vec::<String>::new());
    }

    #[test]
    fn draw_one_point_is_dot_and_no_point_is_empty_panel() {
        let panel = |series| Panel { title: String::new(), series, levels: vec![] };
        // The dots with the values for the pointer are not seen.
        let is_seen = |shape: &&Shape| matches!(shape, Shape::Dot { colour, .. } if colour.alpha > 0.0);
        let dots = |drawing: &Drawing| drawing.shapes.iter().filter(is_seen).count();
        let one = figure(vec![panel(vec![series("lstm", &[0.0])])], 1.0);
        assert_eq!(dots(&draw(&one, Page::default())), 1);
        let empty = draw(&figure(vec![panel(vec![])], 1.0), Page::default());
        assert_eq!((dots(&empty), faults(&empty)), (0, vec![]));
    }

    #[test]
    fn draw_lines_up_to_the_right_edge_have_labels_there() {
        let lines = || vec![series("rnn", &[0.0, -3.0]), series("lstm", &[0.0, -2.9])];
        let panel = || Panel { title: String::new(), series: lines(), levels: vec![] };
        let labels = |figure: &Panels| {
            let drawing = draw(figure, Page::default());
            assert_eq!(faults(&drawing), Vec::<String>::new());
            let is_label = |shape: &&Shape| matches!(shape, Shape::Label(label) if label.text == "lstm");
            drawing.shapes.iter().filter(is_label).count()
        };
        let names = |count| (0..count).map(|_| panel()).collect::<Vec<_>>();
        let (one, mut two) = (figure(names(1), 1.0), figure(names(2), 1.0));
        two.legend.truncate(2);
        assert_eq!([labels(&one), labels(&two)], [1, 1], "at the end of the line, or in the legend");
    }
}
