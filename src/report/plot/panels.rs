//! Small multiples: panels of lines with bands, on axes that all of them share.

use super::axis::{Axis, Tick};
use super::canvas::{Drawing, Text, Xy, wrapped};
use super::legend::{Key, legend};
use super::render::text_width;
use super::style::{BLACK, DARK, MARGIN, PALE, SMALL, WIDTH, WORDS, dashes, heading, marker};

/// A figure of panels.
#[derive(Debug, Clone)]
pub struct Panels {
    /// The title.
    pub title: String,
    /// What stands below the title; lines are broken between these words.
    pub below_title: Vec<String>,
    /// What the x axis shows.
    pub x_title: String,
    /// The end of the x axis, which begins at 0.
    pub x_high: f64,
    /// What the y axis shows.
    pub y_title: String,
    /// The y axis spans at least so much, so that rounding errors do not fill a panel.
    pub least_height: f64,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// The legend.
    pub keys: Vec<Key>,
    /// So many keys, one after the other, stand in one row of the legend.
    pub keys_in_a_group: usize,
}

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its title; empty for none.
    pub title: String,
    /// What is drawn in it.
    pub series: Vec<Series>,
    /// A level that is marked across the panel, with its name.
    pub level: Option<(String, f64)>,
}

/// A line and the band around it.
#[derive(Debug, Clone)]
pub struct Series {
    /// What it looks like.
    pub key: Key,
    /// Pieces, in order of x, with nothing between them.
    pub pieces: Vec<Vec<Stroke>>,
}

/// A point of the line and the band there; all finite.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// Where on the x axis.
    pub x: f64,
    /// The lower end of the band.
    pub low: f64,
    /// The line.
    pub middle: f64,
    /// The upper end of the band.
    pub high: f64,
}

/// A line has about so many markers.
const MARKERS: usize = 12;
/// Between a panel and the one below it.
const GAP: f64 = 16.0;
/// Between panels side by side: the numbers at the ends of their axes must not meet.
const SIDE_GAP: f64 = 34.0;
/// To the right of the last panel.
const RIGHT: f64 = 22.0;
/// A line of a panel's title.
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
    let y_range = y_range(&figure.panels, figure.least_height);
    let y_ticks = Axis::linear(y_range, (0.0, 1.0)).ticks((height / 34.0) as usize);
    let labels_width = y_ticks.iter().map(|tick| text_width(&tick.label, SMALL, false)).fold(0.0, f64::max);
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
            drawing.text(Text::new(place, words.clone(), WORDS, BLACK).bold().within(width));
        }
        panel.level.iter().for_each(|(_, level)| plot.level(&mut drawing, *level));
        panel.series.iter().for_each(|series| plot.band(&mut drawing, series));
        panel.series.iter().for_each(|series| plot.line(&mut drawing, series));
        panel.series.iter().for_each(|series| plot.markers(&mut drawing, series));
    }

    let middle = top + pitch * rows as f64 / 2.0;
    let y_title = Text::new((MARGIN + WORDS, middle), figure.y_title.clone(), WORDS, BLACK);
    drawing.text(y_title.centred().upward());
    let below = bottom + 38.0;
    let x_title = Text::new(((left + WIDTH - RIGHT) / 2.0, below), figure.x_title.clone(), WORDS, BLACK);
    drawing.text(x_title.centred());
    drawing.height =
        (legend(&mut drawing, (left, below + 10.0), &keys(figure), figure.keys_in_a_group) + MARGIN).ceil();
    drawing
}

/// A panel's title in lines, broken behind its commas: what tells panels apart is often its end.
fn title_lines(title: &str, width: f64) -> Vec<String> {
    let words: Vec<String> = title.split(", ").map(String::from).filter(|word| !word.is_empty()).collect();
    wrapped(&words, ", ", WORDS, true, width)
}

/// The legend: the figure's own keys, and the levels that panels have.
fn keys(figure: &Panels) -> Vec<Key> {
    let mut keys = figure.keys.clone();
    for (name, _) in figure.panels.iter().filter_map(|panel| panel.level.as_ref()) {
        if !keys.iter().any(|key| key.label == *name) {
            let (label, line) = (name.clone(), Some(1.0));
            keys.push(Key { label, colour: DARK, line, marker: None, dot: false, dashed: true });
        }
    }
    keys
}

/// Panels side by side.
fn columns(panels: usize) -> usize {
    match panels {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// What all bands and levels need, and a little more; at least `least` wide.
fn y_range(panels: &[Panel], least: f64) -> (f64, f64) {
    let series = panels.iter().flat_map(|panel| &panel.series);
    let strokes = series.flat_map(|series| series.pieces.iter().flatten());
    let levels = panels.iter().filter_map(|panel| panel.level.as_ref()).map(|(_, y)| (*y, *y));
    let (low, high) = strokes
        .map(|stroke| (stroke.low, stroke.high))
        .chain(levels)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (least, most)| {
            (low.min(least), high.max(most))
        });
    if low > high {
        return (-1.0, 1.0);
    }
    let margin = f64::max(0.04 * (high - low), (least - (high - low)) / 2.0);
    (low - margin, high + margin)
}

/// Where a panel's data is drawn.
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

    /// Grid and axes; numbers only at the left and the lower edge of the figure.
    fn axes(&self, drawing: &mut Drawing, y_ticks: &[Tick], is_leftmost: bool, is_lowest: bool) {
        for tick in y_ticks {
            let y = self.y.pixel(tick.at);
            drawing.line(vec![(self.left, y), (self.right, y)], PALE, 1.0);
            if is_leftmost {
                let place = (self.left - 7.0, y);
                drawing.text(Text::new(place, tick.label.clone(), SMALL, DARK).ending().middle());
            }
        }
        for tick in self.x.ticks(((self.right - self.left) / 48.0).min(9.0) as usize) {
            let x = self.x.pixel(tick.at);
            drawing.line(vec![(x, self.bottom), (x, self.bottom + 4.0)], DARK, 1.0);
            if is_lowest {
                drawing.text(Text::new((x, self.bottom + 17.0), tick.label, SMALL, DARK).centred());
            }
        }
        let corner = (self.left, self.bottom);
        drawing.line(vec![(self.left, self.top), corner, (self.right, self.bottom)], DARK, 1.0);
    }

    fn band(&self, drawing: &mut Drawing, series: &Series) {
        for piece in self.thinned(series).iter().filter(|piece| piece.len() > 1) {
            let lower = piece.iter().map(|stroke| self.at(stroke.x, stroke.low));
            let upper = piece.iter().rev().map(|stroke| self.at(stroke.x, stroke.high));
            if piece.iter().any(|stroke| stroke.high > stroke.low) {
                drawing.area(lower.chain(upper).collect(), series.key.colour.translucent(0.18));
            }
        }
    }

    /// A dashed line from side to side.
    fn level(&self, drawing: &mut Drawing, level: f64) {
        dashes(drawing, (self.left, self.right), self.y.pixel(level), DARK);
    }

    fn line(&self, drawing: &mut Drawing, series: &Series) {
        for piece in self.thinned(series) {
            let points: Vec<Xy> = piece.iter().map(|stroke| self.at(stroke.x, stroke.middle)).collect();
            match points[..] {
                [point] => drawing.dot(point, 3.0, series.key.colour),
                _ => drawing.line(points, series.key.colour, series.key.line.unwrap_or(1.0)),
            }
        }
    }

    fn markers(&self, drawing: &mut Drawing, series: &Series) {
        let Some(n) = series.key.marker else { return };
        let every = series.pieces.iter().map(Vec::len).sum::<usize>().div_ceil(MARKERS).max(1);
        for stroke in series.pieces.iter().flatten().step_by(every) {
            marker(drawing, n, self.at(stroke.x, stroke.middle), series.key.colour);
        }
    }

    /// Every n-th point of each piece and its last, so that there is about one a pixel.
    fn thinned(&self, series: &Series) -> Vec<Vec<Stroke>> {
        let points: usize = series.pieces.iter().map(Vec::len).sum();
        let every = points.div_ceil((self.right - self.left) as usize).max(1);
        let thin = |piece: &Vec<Stroke>| {
            let last = piece.len().saturating_sub(1);
            let kept = piece.iter().enumerate().filter(|(n, _)| n % every == 0 || *n == last);
            kept.map(|(_, stroke)| *stroke).collect()
        };
        series.pieces.iter().map(thin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::canvas::{Colour, Shape};
    use crate::report::plot::overlap::faults;

    fn series(label: &str, middles: &[f64]) -> Series {
        let key = Key {
            label: label.into(),
            colour: Colour::hex(0x0072b2),
            line: Some(2.0),
            marker: None,
            dot: false,
            dashed: false,
        };
        let stroke = |(x, y): (usize, &f64)| Stroke { x: x as f64, low: y - 1.0, middle: *y, high: y + 1.0 };
        Series { key, pieces: vec![middles.iter().enumerate().map(stroke).collect()] }
    }

    fn figure(panels: Vec<Panel>) -> Panels {
        Panels {
            title: "total_h: a title".into(),
            below_title: vec!["T1000".into(); 40],
            x_title: "lag (steps)".into(),
            x_high: 1000.0,
            least_height: 1.0,
            y_title: "log10 norm".into(),
            keys: panels
                .iter()
                .flat_map(|panel| panel.series.iter().map(|series| series.key.clone()))
                .collect(),
            keys_in_a_group: 1,
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
    fn any_number_of_panels_and_series_fits_the_page() {
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
            figure.keys.truncate(lines);
            assert_eq!(faults(&draw(&figure)), Vec::<String>::new(), "{panels} panels of {lines} series");
        }
    }

    #[test]
    fn a_long_line_is_thinned_and_keeps_its_end() {
        let values: Vec<f64> = (0..100_000).map(|n| -(n as f64)).collect();
        let panel = Panel { title: String::new(), series: vec![series("lstm", &values)], level: None };
        let drawing = draw(&Panels { x_high: 100_000.0, ..figure(vec![panel]) });
        let long = lines_longer_than(&drawing, 100);
        assert!(long.len() == 1 && (500..=1000).contains(&long[0]), "{long:?}");
        assert_eq!(faults(&drawing), Vec::<String>::new());
    }

    #[test]
    fn a_piece_of_one_point_is_a_dot_and_nothing_is_an_empty_panel() {
        let panel = |series| Panel { title: String::new(), series, level: None };
        let dots =
            |drawing: &Drawing| drawing.shapes.iter().filter(|s| matches!(s, Shape::Dot { .. })).count();
        assert_eq!(dots(&draw(&figure(vec![panel(vec![series("lstm", &[0.0])])]))), 1);
        let empty = draw(&Panels { x_high: 0.0, ..figure(vec![panel(vec![])]) });
        assert_eq!((dots(&empty), faults(&empty)), (0, vec![]));
    }
}
