//! Legends: below the data, never on it.

use super::font::widest;
use super::shapes::{Colour, Drawing, Label, Xy};
use super::style::{BLACK, MARGIN, WORDS, marker};

/// The look of a series, in the plot and in the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStyle {
    /// The name in the legend.
    pub label: String,
    /// The colour.
    pub colour: Colour,
    /// The width of the line in pixels.
    pub width: f64,
    /// The number of the marker; none for a line without markers.
    pub marker: Option<usize>,
    /// True for a dot on the line.
    pub dot: bool,
    /// True for a dashed line.
    pub dashed: bool,
}

impl LineStyle {
    /// A plain line.
    pub fn line(label: impl Into<String>, colour: Colour, width: f64) -> LineStyle {
        LineStyle { label: label.into(), colour, width, marker: None, dot: false, dashed: false }
    }
}

const SWATCH: f64 = 26.0;
const ROW: f64 = 20.0;

/// Draws the legend from its upper left corner on, in columns as wide as the widest entry, and returns
/// the y below it. Groups of `group` entries stay in one row if there is room.
pub fn legend(drawing: &mut Drawing, (left, top): Xy, entries: &[LineStyle], group: usize) -> f64 {
    let room = drawing.width - left - MARGIN;
    let names = entries.iter().map(|entry| entry.label.as_str());
    let column = (SWATCH + 6.0 + widest(names, WORDS) + 24.0).min(room);
    let columns = columns((room / column) as usize, entries.len(), group);
    for (n, entry) in entries.iter().enumerate() {
        let x = left + column * (n % columns) as f64;
        let y = top + ROW * (n / columns) as f64 + ROW / 2.0;
        if entry.dashed {
            drawing.dashes((x, y), (x + SWATCH, y), entry.colour);
        } else {
            drawing.line(vec![(x, y), (x + SWATCH, y)], entry.colour, entry.width);
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

/// The number of columns, at most `most`: whole groups, and as many in each row.
fn columns(most: usize, entries: usize, group: usize) -> usize {
    let group = if group > most { 1 } else { group.max(1) };
    let (groups, groups_in_a_row) = (entries.div_ceil(group).max(1), (most / group).max(1));
    let rows = groups.div_ceil(groups_in_a_row);
    groups.div_ceil(rows) * group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_whole_groups_and_are_filled_alike() {
        assert_eq!(columns(5, 3, 1), 3);
        assert_eq!(columns(5, 6, 1), 3);
        assert_eq!(columns(5, 6, 2), 4);
        assert_eq!(columns(5, 6, 3), 3);
        assert_eq!(columns(2, 6, 3), 2);
        assert_eq!(columns(0, 0, 0), 1);
    }
}
