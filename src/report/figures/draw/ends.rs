//! Labels at the right ends of lines, where they need no legend.

use super::chart::{Panels, Series};
use super::font::text_width;
use super::plot::Plot;
use super::shapes::{Drawing, Label};
use super::style::{BLACK, SMALL, WORDS};

/// The largest number of lines with labels at their ends.
const MOST: usize = 6;

/// The space between a line's end and its label.
const SPACE: f64 = 7.0;

/// The share of the page that labels may take.
const SHARE: f64 = 0.3;

/// The share of the y axis within which three ends are too close for their labels, which would be moved away.
const BUNCH: f64 = 0.05;

/// A label at the end of a line: the text, and the value on the y axis.
pub struct End<'a> {
    series: &'a Series,
    y: f64,
}

/// The labels of a figure with one panel of a few lines, each with an entry in the legend, that all reach the
/// right edge at some distance from each other; none for another figure.
pub fn labels(figure: &Panels, page_width: f64) -> Option<Vec<End<'_>>> {
    let [panel] = &figure.panels[..] else { return None };
    let is_named = panel.series.iter().all(|series| figure.legend.contains(&series.style));
    if !is_named || !(1..=MOST).contains(&panel.series.len()) || panel.series.len() != figure.legend.len() {
        return None;
    }
    let reach = figure.x.low + 0.94 * (figure.x.high - figure.x.low);
    let end = |series: &'_ Series| {
        let last = *series.segments.last()?.last()?;
        let is_inside = (figure.y.low..=figure.y.high).contains(&last.middle);
        (last.x >= reach && is_inside).then_some(last.middle)
    };
    let mut ends: Vec<End> =
        panel.series.iter().map(|series| Some(End { series, y: end(series)? })).collect::<Option<_>>()?;
    ends.sort_by(|a, b| b.y.total_cmp(&a.y));
    let is_bunch = |ends: &[End]| ends[0].y - ends[2].y < BUNCH * (figure.y.high - figure.y.low);
    let are_apart = !ends.windows(3).any(is_bunch);
    Some(ends).filter(|ends| are_apart && width(ends) < SHARE * page_width)
}

/// The width of the labels.
pub fn width(ends: &[End]) -> f64 {
    let widths = ends.iter().map(|end| text_width(&end.series.style.label, WORDS, false));
    SPACE + widths.fold(0.0, f64::max)
}

/// Writes the labels, moved apart where they would meet.
pub fn draw(drawing: &mut Drawing, plot: &Plot, ends: &[End]) {
    const PITCH: f64 = 1.2 * WORDS;
    let (mut above, lowest) = (f64::NEG_INFINITY, plot.bottom - SMALL / 2.0);
    for (n, end) in ends.iter().enumerate() {
        let below = (ends.len() - 1 - n) as f64;
        let y = plot.y.pixel(end.y).max(above + PITCH).min(lowest - PITCH * below);
        above = y;
        let style = &end.series.style;
        let place = (plot.right + SPACE, y);
        // A pale line is read, a pale word is not.
        let ink = style.colour.towards(BLACK, 0.3);
        drawing.label(Label::new(place, style.label.clone(), WORDS, ink).middle());
    }
}
