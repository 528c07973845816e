//! Small multiples: panels of lines with bands, on axes that all of them share.

use super::axis::{Axis, Tick};
use super::font::{widest, wrapped};
use super::legend::{LineStyle, legend};
use super::readings::{Reading, readings};
use super::shapes::{Drawing, Label, Xy};
use super::style::{BLACK, DARK, MARGIN, PALE, SMALL, WIDTH, WORDS, heading, marker};

/// A figure of panels.
#[derive(Debug, Clone)]
pub struct Panels {
    /// The title.
    pub title: String,
    /// The words below the title; lines break between them.
    pub below_title: Vec<String>,
    /// The title of the x axis.
    pub x_title: String,
    /// The end of the x axis, which begins at 0.
    pub x_high: f64,
    /// The title of the y axis.
    pub y_title: String,
    /// The least span of the y axis: rounding errors must not fill a panel.
    pub min_span: f64,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// The entries of the legend.
    pub legend: Vec<LineStyle>,
    /// The number of consecutive entries that stay in one row of the legend.
    pub legend_group: usize,
}

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its title; empty for none.
    pub title: String,
    /// The lines in it.
    pub series: Vec<Series>,
    /// The name and the value of a level that is marked across the panel.
    pub level: Option<(String, f64)>,
}

/// A line and the band around it.
#[derive(Debug, Clone)]
pub struct Series {
    /// The look.
    pub style: LineStyle,
    /// Segments in order of x, with gaps between them.
    pub segments: Vec<Vec<BandPoint>>,
}

/// A point of the line and the band there; all finite.
#[derive(Debug, Clone, Copy)]
pub struct BandPoint {
    /// The value on the x axis.
    pub x: f64,
    /// The lower end of the band.
    pub low: f64,
    /// The line.
    pub middle: f64,
    /// The upper end of the band.
    pub high: f64,
}

/// Cuts a line where there is no point.
pub fn segments<P>(points: impl Iterator<Item = Option<P>>) -> Vec<Vec<P>> {
    let mut segments = vec![Vec::new()];
    for point in points {
        match (point, segments.last_mut()) {
            (Some(point), Some(segment)) => segment.push(point),
            _ => segments.push(Vec::new()),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// The approximate number of markers on a line.
const MARKERS: usize = 12;
/// The space between a panel and the one below it.
const GAP: f64 = 16.0;
/// The space between panels side by side: the numbers at the ends of their axes must not meet.
const SIDE_GAP: f64 = 34.0;
/// The space to the right of the last panel.
const RIGHT: f64 = 22.0;
/// The height of a line of a panel's title.
const PANEL_LINE: f64 = 16.0;

/// Draws the figure.
pub fn draw(figure: &Panels) -> Drawing {
    let mut drawing = Drawing::new(WIDTH);
    let below_title = wrapped(&figure.below_title, " · ", SMALL, false, WIDTH - 2.0 * MARGIN);
    let top = heading(&mut drawing, &figure.title, &below_title);
    let columns = columns(figure.panels.len());
    let rows = figure.panels.len().div_ceil(columns);
    let height = [400.0, 280.0, 210.0][columns - 1];

    let x_range = (0.0, if figure.x_high > 0.0 { figure.x_high } else { 1.0 });
    let y_range = y_range(&figure.panels, figure.min_span);
    let y_ticks = Axis::linear(y_range, (0.0, 1.0)).ticks((height / 34.0) as usize);
    let labels_width = widest(y_ticks.iter().map(|tick| tick.label.as_str()), SMALL);
    let left = MARGIN + 1.6 * WORDS + labels_width + 8.0;
    let width = (WIDTH - RIGHT - left - SIDE_GAP * (columns - 1) as f64) / columns as f64;
    let panel_titles: Vec<Vec<String>> =
        figure.panels.iter().map(|panel| title_lines(&panel.title, width)).collect();
    let lines = panel_titles.iter().map(Vec::len).max().unwrap_or(0);
    let pitch = height + GAP + if lines > 0 { 4.0 + PANEL_LINE * lines as f64 } else { 0.0 };

    let mut bottom = top;
    for (n, panel) in figure.panels.iter().enumerate() {
        let (row, column) = (n / columns, n % columns);
        let x = left + (width + SIDE_GAP) * column as f64;
        let y = top + pitch * (row + 1) as f64 - GAP - height;
        bottom = bottom.max(y + height);
        let plot = Plot {
            x: Axis::whole(x_range, (x, x + width)),
            y: Axis::linear(y_range, (y + height, y)),
            left: x,
            top: y,
            right: x + width,
            bottom: y + height,
        };
        plot.axes(&mut drawing, &y_ticks, column == 0, n + columns >= figure.panels.len());
        for (line, words) in panel_titles[n].iter().rev().enumerate() {
            let place = (x, y - 7.0 - PANEL_LINE * line as f64);
            drawing.label(Label::new(place, words.clone(), WORDS, BLACK).bold().within(width));
        }
        panel.level.iter().for_each(|(_, level)| plot.level(&mut drawing, *level));
        panel.series.iter().for_each(|series| plot.band(&mut drawing, series));
        panel.series.iter().for_each(|series| plot.line(&mut drawing, series));
        panel.series.iter().for_each(|series| plot.markers(&mut drawing, series));
        panel.series.iter().for_each(|series| plot.readings(&mut drawing, series));
    }

    let middle = top + pitch * rows as f64 / 2.0;
    let y_title = Label::new((MARGIN + WORDS, middle), figure.y_title.clone(), WORDS, BLACK);
    drawing.label(y_title.centred().upward());
    let below = bottom + 38.0;
    let x_title = Label::new(((left + WIDTH - RIGHT) / 2.0, below), figure.x_title.clone(), WORDS, BLACK);
    drawing.label(x_title.centred());
    drawing.height =
        (legend(&mut drawing, (left, below + 10.0), &entries(figure), figure.legend_group) + MARGIN).ceil();
    drawing
}

/// The title of a panel in lines that break after a comma: panels often differ at the end of their titles.
fn title_lines(title: &str, width: f64) -> Vec<String> {
    let words: Vec<String> = title.split(", ").map(String::from).filter(|word| !word.is_empty()).collect();
    wrapped(&words, ", ", WORDS, true, width)
}

/// The entries of the legend, with the levels of the panels.
fn entries(figure: &Panels) -> Vec<LineStyle> {
    let mut entries = figure.legend.clone();
    for (name, _) in figure.panels.iter().filter_map(|panel| panel.level.as_ref()) {
        if !entries.iter().any(|entry| entry.label == *name) {
            entries.push(LineStyle { dashed: true, ..LineStyle::line(name, DARK, 1.0) });
        }
    }
    entries
}

/// The number of panels side by side.
fn columns(panels: usize) -> usize {
    match panels {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// The range of all bands and levels with a margin, at least `min_span` wide.
fn y_range(panels: &[Panel], min_span: f64) -> (f64, f64) {
    let series = panels.iter().flat_map(|panel| &panel.series);
    let points = series.flat_map(|series| series.segments.iter().flatten());
    let levels = panels.iter().filter_map(|panel| panel.level.as_ref()).map(|(_, y)| (*y, *y));
    let (low, high) = points
        .map(|point| (point.low, point.high))
        .chain(levels)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (from, to)| (low.min(from), high.max(to)));
    if low > high {
        return (-1.0, 1.0);
    }
    // Around a huge number, the least span would be lost by rounding.
    let min_span = min_span.max(1e-6 * f64::max(low.abs(), high.abs()));
    let margin = f64::max(0.04 * (high - low), (min_span - (high - low)) / 2.0);
    (low - margin, high + margin)
}

/// The area of a panel for data.
struct Plot {
    x: Axis,
    y: Axis,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Plot {
    fn at(&self, x: f64, y: f64) -> Xy {
        (self.x.pixel(x), self.y.pixel(y))
    }

    /// Draws grid and axes; numbers only at the left and the lower edge of the figure.
    fn axes(&self, drawing: &mut Drawing, y_ticks: &[Tick], is_leftmost: bool, is_lowest: bool) {
        for tick in y_ticks {
            let y = self.y.pixel(tick.at);
            drawing.line(vec![(self.left, y), (self.right, y)], PALE, 1.0);
            if is_leftmost {
                let place = (self.left - 7.0, y);
                drawing.label(Label::new(place, tick.label.clone(), SMALL, DARK).ending().middle());
            }
        }
        for tick in self.x.ticks(((self.right - self.left) / 48.0).min(9.0) as usize) {
            let x = self.x.pixel(tick.at);
            drawing.line(vec![(x, self.bottom), (x, self.bottom + 4.0)], DARK, 1.0);
            if is_lowest {
                drawing.label(Label::new((x, self.bottom + 17.0), tick.label, SMALL, DARK).centred());
            }
        }
        let corner = (self.left, self.bottom);
        drawing.line(vec![(self.left, self.top), corner, (self.right, self.bottom)], DARK, 1.0);
    }

    fn band(&self, drawing: &mut Drawing, series: &Series) {
        for segment in self.thinned(series).iter().filter(|segment| segment.len() > 1) {
            let lower = segment.iter().map(|point| self.at(point.x, point.low));
            let upper = segment.iter().rev().map(|point| self.at(point.x, point.high));
            if segment.iter().any(|point| point.high > point.low) {
                drawing.area(lower.chain(upper).collect(), series.style.colour.translucent(0.18));
            }
        }
    }

    /// Draws a dashed line from side to side.
    fn level(&self, drawing: &mut Drawing, level: f64) {
        let y = self.y.pixel(level);
        drawing.dashes((self.left, y), (self.right, y), DARK);
    }

    fn line(&self, drawing: &mut Drawing, series: &Series) {
        for segment in self.thinned(series) {
            let points: Vec<Xy> = segment.iter().map(|point| self.at(point.x, point.middle)).collect();
            match points[..] {
                [point] => drawing.dot(point, 3.0, series.style.colour),
                _ => drawing.line(points, series.style.colour, series.style.width),
            }
        }
    }

    fn markers(&self, drawing: &mut Drawing, series: &Series) {
        let Some(n) = series.style.marker else { return };
        let every = series.segments.iter().map(Vec::len).sum::<usize>().div_ceil(MARKERS).max(1);
        for point in series.segments.iter().flatten().step_by(every) {
            marker(drawing, n, self.at(point.x, point.middle), series.style.colour);
        }
    }

    /// Adds the values of a line for readers of the SVG.
    fn readings(&self, drawing: &mut Drawing, series: &Series) {
        let reading = |point: &BandPoint| Reading {
            place: self.at(point.x, point.middle),
            x: point.x,
            band: [point.low, point.middle, point.high],
        };
        let points: Vec<Reading> = series.segments.iter().flatten().map(reading).collect();
        readings(drawing, &series.style, &points);
    }

    /// Every n-th point of each segment and its last: about one point per pixel.
    fn thinned(&self, series: &Series) -> Vec<Vec<BandPoint>> {
        let points: usize = series.segments.iter().map(Vec::len).sum();
        let every = points.div_ceil(((self.right - self.left) as usize).max(1)).max(1);
        let thin = |segment: &Vec<BandPoint>| {
            let last = segment.len().saturating_sub(1);
            let kept = segment.iter().enumerate().filter(|(n, _)| n % every == 0 || *n == last);
            kept.map(|(_, point)| *point).collect()
        };
        series.segments.iter().map(thin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::figures::draw::shapes::{Colour, Shape};

    fn series(label: &str, middles: &[f64]) -> Series {
        let style = LineStyle::line(label, Colour::hex(0x0072b2), 2.0);
        let point =
            |(x, y): (usize, &f64)| BandPoint { x: x as f64, low: y - 1.0, middle: *y, high: y + 1.0 };
        Series { style, segments: vec![middles.iter().enumerate().map(point).collect()] }
    }

    fn figure(panels: Vec<Panel>) -> Panels {
        Panels {
            title: "total_h: a title".into(),
            below_title: vec!["T1000".into(); 40],
            x_title: "lag (steps)".into(),
            x_high: 1000.0,
            min_span: 1.0,
            y_title: "log10 norm".into(),
            legend: panels
                .iter()
                .flat_map(|panel| &panel.series)
                .map(|series| series.style.clone())
                .collect(),
            legend_group: 1,
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
        for (panels, lines, range) in [(1, 18, 3.0), (2, 1, 1e-9), (3, 2, 600.0), (4, 3, 50.0), (18, 2, 1e5)]
        {
            let panel = |n: usize| Panel {
                level: n.is_multiple_of(2).then(|| ("chance".to_string(), 0.5)),
                title: format!("orthogonal(1.{n})+forget_bias(1) and more words than fit in a panel"),
                series: (0..lines)
                    .map(|line| series(&format!("cell{line}, stepwise"), &[range, 0.0, -range]))
                    .collect(),
            };
            let mut figure = figure((0..panels).map(panel).collect());
            figure.legend.truncate(lines);
            assert_eq!(faults(&draw(&figure)), Vec::<String>::new(), "{panels} panels of {lines} series");
        }
    }

    #[test]
    fn draw_long_line_is_thinned_and_keeps_end() {
        let values: Vec<f64> = (0..100_000).map(|n| -(n as f64)).collect();
        let panel = Panel { title: String::new(), series: vec![series("lstm", &values)], level: None };
        let drawing = draw(&Panels { x_high: 100_000.0, ..figure(vec![panel]) });
        let long = lines_longer_than(&drawing, 100);
        assert!(long.len() == 1 && (500..=1000).contains(&long[0]), "{long:?}");
        assert_eq!(faults(&drawing), Vec::<String>::new());
    }

    #[test]
    fn draw_huge_values_fits_page() {
        for values in [[1e150, 2e150, 3e150], [1e19, 1e19, 1e19], [-1e300, 0.0, 1e300]] {
            let panel = Panel { title: "rnn".into(), series: vec![series("rnn", &values)], level: None };
            let drawing = draw(&figure(vec![panel.clone(), panel]));
            assert_eq!(faults(&drawing), Vec::<String>::new(), "{values:?}");
        }
    }

    #[test]
    fn draw_one_point_is_dot_and_no_point_is_empty_panel() {
        let panel = |series| Panel { title: String::new(), series, level: None };
        let dots = |drawing: &Drawing| {
            drawing
                .shapes
                .iter()
                .filter(|s| matches!(s, Shape::Dot { about, .. } if about.is_empty()))
                .count()
        };
        assert_eq!(dots(&draw(&figure(vec![panel(vec![series("lstm", &[0.0])])]))), 1);
        let empty = draw(&Panels { x_high: 0.0, ..figure(vec![panel(vec![])]) });
        assert_eq!((dots(&empty), faults(&empty)), (0, vec![]));
    }
}
