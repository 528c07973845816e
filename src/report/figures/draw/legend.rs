//! Legends: below the data, never on it.

use super::font::widest;
use super::shapes::{Colour, Dash, Drawing, Label, SOLID, Xy};
use super::style::{BLACK, MARGIN, WORDS, marker};

/// The look of a series, in the plot and in the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStyle {
    /// The name in the legend.
    pub label: String,
    /// The colour.
    pub colour: Colour,
    /// The width of the line in pixels; 0 for dots that no line joins.
    pub width: f64,
    /// The number of the marker; none for a line without markers.
    pub marker: Option<usize>,
    /// True for a dot on the line.
    pub dot: bool,
    /// The dashes.
    pub dash: Dash,
}

impl LineStyle {
    /// A plain line.
    pub fn line(label: impl Into<String>, colour: Colour, width: f64) -> LineStyle {
        LineStyle { label: label.into(), colour, width, marker: None, dot: false, dash: SOLID }
    }
}

const SWATCH: f64 = 30.0;
const ROW: f64 = 20.0;

/// Draws the legend from its upper left corner on, in columns as wide as the widest entry, and returns the
/// y below it.
pub fn legend(drawing: &mut Drawing, (left, top): Xy, entries: &[LineStyle]) -> f64 {
    let room = drawing.width - left - MARGIN;
    let names = entries.iter().map(|entry| entry.label.as_str());
    let column = (SWATCH + 6.0 + widest(names, WORDS) + 22.0).min(room);
    let columns = columns((room / column) as usize, entries.len());
    for (n, entry) in entries.iter().enumerate() {
        let x = left + column * (n % columns) as f64;
        let y = top + ROW * (n / columns) as f64 + ROW / 2.0;
        if entry.width > 0.0 {
            drawing.stroke(vec![(x, y), (x + SWATCH, y)], entry.colour, entry.width, entry.dash);
        }
        let middle = (x + SWATCH / 2.0, y);
        if let Some(n) = entry.marker {
            marker(drawing, n, middle, entry.colour);
        }
        if entry.dot {
            drawing.dot(middle, 3.5, entry.colour);
        }
        let label = Label::new((x + SWATCH + 6.0, y), entry.label.clone(), WORDS, BLACK).middle();
        drawing.label(label.within(column - SWATCH - 6.0));
    }
    top + ROW * entries.len().div_ceil(columns) as f64
}

/// The number of columns, at most `most`, so that rows have about as many entries.
fn columns(most: usize, entries: usize) -> usize {
    let rows = entries.div_ceil(most.max(1)).max(1);
    entries.div_ceil(rows).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_rows_are_filled_alike() {
        assert_eq!(columns(5, 3), 3);
        assert_eq!(columns(5, 6), 3);
        assert_eq!(columns(4, 7), 4);
        assert_eq!(columns(0, 0), 1);
    }
}
