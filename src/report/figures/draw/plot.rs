//! The inside of a panel: axes, levels, bands, lines and marks.

use super::axis::{Axis, Tick};
use super::chart::{BandPoint, Level, Series, Spread};
use super::clip::clipped;
use super::overlap::widened;
use super::readings::{Reading, readings};
use super::shapes::{Drawing, Label, Xy};
use super::style::{DARK, PALE, SMALL, marker};

/// The approximate number of markers on a line.
const MARKERS: usize = 12;

/// The largest number of points of a panel's lines that are all marked.
const FEW_POINTS: usize = 25;

/// The width of a panel up to which three numbers might meet.
const NARROW: f64 = 120.0;

/// The area of a panel for data.
pub struct Plot<'a> {
    /// The x axis.
    pub x: Axis,
    /// The y axis.
    pub y: Axis,
    /// The ends of the y axis.
    pub y_ends: (f64, f64),
    /// The lines.
    pub series: &'a [Series],
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl Plot<'_> {
    fn at(&self, x: f64, y: f64) -> Xy {
        (self.x.pixel(x), self.y.pixel(y))
    }

    /// Draws grid and axes; numbers only at the left and the lower edge of the figure.
    pub fn axes(&self, drawing: &mut Drawing, y_ticks: &[Tick], is_leftmost: bool, is_lowest: bool) {
        for tick in y_ticks {
            let y = self.y.pixel(tick.at);
            drawing.line(vec![(self.left, y), (self.right, y)], PALE, 1.0);
            if is_leftmost {
                let place = (self.left - 7.0, y);
                drawing.label(Label::new(place, tick.label.clone(), SMALL, DARK).ending().middle());
            }
        }
        let width = self.right - self.left;
        let fewest = if width > NARROW { 3.0 } else { 2.0 };
        for tick in self.x.ticks_apart((width / 54.0).clamp(fewest, 9.0) as usize) {
            let x = self.x.pixel(tick.at);
            drawing.line(vec![(x, self.bottom), (x, self.bottom + 4.0)], DARK, 1.0);
            if is_lowest {
                drawing.label(Label::new((x, self.bottom + 18.0), tick.label, SMALL, DARK).centred());
            }
        }
        let corner = (self.left, self.bottom);
        drawing.line(vec![(self.left, self.top), corner, (self.right, self.bottom)], DARK, 1.0);
    }

    /// Draws levels, bands, lines and marks.
    pub fn draw(&self, drawing: &mut Drawing, levels: &[Level]) {
        for level in levels {
            let y = self.y.pixel(level.at);
            let style = &level.style;
            drawing.stroke(vec![(self.left, y), (self.right, y)], style.colour, style.width, style.dash);
        }
        let lines: Vec<Vec<Vec<Xy>>> = self.series.iter().map(|series| self.lines(series)).collect();
        self.series.iter().for_each(|series| self.spread(drawing, series));
        for (series, (line, width)) in self.series.iter().zip(lines.iter().zip(widened(self.series, &lines)))
        {
            for points in line {
                match points[..] {
                    [point] => drawing.dot(point, 3.0, series.style.colour),
                    _ => drawing.stroke(points.clone(), series.style.colour, width, series.style.dash),
                }
            }
        }
        self.series.iter().for_each(|series| self.marks(drawing, series));
        self.series.iter().for_each(|series| self.readings(drawing, series));
    }

    /// Adds the values of a line for readers of the SVG.
    fn readings(&self, drawing: &mut Drawing, series: &Series) {
        let (lowest, highest) = self.y_ends;
        let points = series.segments.iter().flatten();
        let inside = points.filter(|point| (lowest..=highest).contains(&point.middle));
        let reading = |point: &BandPoint| Reading {
            place: self.at(point.x, point.middle),
            x: point.x,
            band: [point.low, point.middle, point.high],
        };
        readings(drawing, &series.style, &inside.map(reading).collect::<Vec<_>>());
    }

    /// The pixels of a line inside the panel.
    fn lines(&self, series: &Series) -> Vec<Vec<Xy>> {
        let of_segment = |segment: &Vec<BandPoint>| {
            let points: Vec<Xy> = segment.iter().map(|point| (point.x, point.middle)).collect();
            clipped(&points, self.y_ends)
        };
        let inside = series.segments.iter().flat_map(of_segment);
        inside.map(|points| points.iter().map(|(x, y)| self.at(*x, *y)).collect()).collect()
    }

    fn spread(&self, drawing: &mut Drawing, series: &Series) {
        let (lowest, highest) = self.y_ends;
        let at = |x: f64, y: f64| self.at(x, y.clamp(lowest, highest));
        for segment in &series.segments {
            if series.spread == Spread::Bars {
                for point in segment.iter().filter(|point| point.high > point.low) {
                    self.bar(drawing, series, at(point.x, point.low), at(point.x, point.high));
                }
            } else if segment.len() > 1 && segment.iter().any(|point| point.high > point.low) {
                let lower = segment.iter().map(|point| at(point.x, point.low));
                let upper = segment.iter().rev().map(|point| at(point.x, point.high));
                drawing.area(lower.chain(upper).collect(), series.style.colour.translucent(0.16));
            }
        }
    }

    fn bar(&self, drawing: &mut Drawing, series: &Series, low: Xy, high: Xy) {
        drawing.line(vec![low, high], series.style.colour, 1.4);
        for (x, y) in [low, high] {
            drawing.line(vec![(x - 3.5, y), (x + 3.5, y)], series.style.colour, 1.4);
        }
    }

    /// Draws the markers of the line's style, and dots at the points of a line that has few. Points with bars
    /// are all marked.
    fn marks(&self, drawing: &mut Drawing, series: &Series) {
        let points = |series: &Series| series.segments.iter().map(Vec::len).sum::<usize>();
        let count = points(series);
        let most = self.series.iter().map(points).max().unwrap_or(0);
        let (lowest, highest) = self.y_ends;
        let inside =
            series.segments.iter().flatten().filter(|point| (lowest..=highest).contains(&point.middle));
        let inside = inside.map(|point| self.at(point.x, point.middle));
        match series.style.marker {
            Some(n) => {
                let is_line = series.spread != Spread::Bars;
                let every = if is_line { count.div_ceil(MARKERS).max(1) } else { 1 };
                inside.step_by(every).for_each(|place| marker(drawing, n, place, series.style.colour));
            }
            _ if series.spread == Spread::Bare => {}
            None if count > 1 && (most <= FEW_POINTS || series.spread == Spread::Bars) => {
                inside.for_each(|place| drawing.dot(place, 3.0, series.style.colour));
            }
            None => {}
        }
    }
}
