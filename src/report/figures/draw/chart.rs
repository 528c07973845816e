//! The data of small multiples.

use super::axis::Scale;
use super::legend::LineStyle;

/// A figure of panels.
#[derive(Debug, Clone)]
pub struct Panels {
    /// The title.
    pub title: String,
    /// The words below the title; lines break between them.
    pub below_title: Vec<String>,
    /// The x axis.
    pub x: Range,
    /// The y axis.
    pub y: Range,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// The entries of the legend.
    pub legend: Vec<LineStyle>,
}

/// An axis that all panels share.
#[derive(Debug, Clone)]
pub struct Range {
    /// The title.
    pub title: String,
    /// The scale.
    pub scale: Scale,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its title; empty for none.
    pub title: String,
    /// The lines in it.
    pub series: Vec<Series>,
    /// Levels that are marked across the panel.
    pub levels: Vec<Level>,
}

/// A level across a panel.
#[derive(Debug, Clone)]
pub struct Level {
    /// The value.
    pub at: f64,
    /// The look, with the name for the legend.
    pub style: LineStyle,
}

/// A line and the spread around it.
#[derive(Debug, Clone)]
pub struct Series {
    /// The full name, which the legend may have in parts.
    pub name: String,
    /// The look.
    pub style: LineStyle,
    /// The look of the spread.
    pub spread: Spread,
    /// Segments in order of x, with gaps between them.
    pub segments: Vec<Vec<BandPoint>>,
}

/// The look of the spread around a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// A band.
    Band,
    /// A bar through each point, which is a dot.
    Bars,
    /// Neither spread nor dots.
    Bare,
}

/// A point of the line and the spread there; all finite.
#[derive(Debug, Clone, Copy)]
pub struct BandPoint {
    /// The value on the x axis.
    pub x: f64,
    /// The lower end of the spread.
    pub low: f64,
    /// The line.
    pub middle: f64,
    /// The upper end of the spread.
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

impl Panels {
    /// The number of points of the longest line that are drawn.
    const POINTS: usize = 800;

    /// Every n-th point of each line, with its last: about one per pixel.
    pub fn thinned(mut self) -> Panels {
        for series in self.panels.iter_mut().flat_map(|panel| &mut panel.series) {
            series.segments = thinned(&series.segments, Self::POINTS);
        }
        self
    }
}

/// Every n-th point of each segment and its last, so that a line has about `most` points.
fn thinned(segments: &[Vec<BandPoint>], most: usize) -> Vec<Vec<BandPoint>> {
    let points: usize = segments.iter().map(Vec::len).sum();
    let every = points.div_ceil(most).max(1);
    let thin = |segment: &Vec<BandPoint>| {
        let last = segment.len().saturating_sub(1);
        let kept = segment.iter().enumerate().filter(|(n, _)| n % every == 0 || *n == last);
        kept.map(|(_, point)| *point).collect()
    };
    segments.iter().map(thin).collect()
}
