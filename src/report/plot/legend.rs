//! Legends: below the data, never on it.

use super::canvas::{Colour, Drawing, Text, Xy};
use super::render::text_width;
use super::style::{BLACK, MARGIN, WORDS, dashes, marker};

/// What a series looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name.
    pub label: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is drawn as a line, with this width.
    pub line: Option<f64>,
    /// Its marker, by number, where it has one.
    pub marker: Option<usize>,
    /// Whether it is a dot.
    pub dot: bool,
    /// Whether its line is dashed.
    pub dashed: bool,
}

const SWATCH: f64 = 26.0;
const ROW: f64 = 20.0;

/// Draws the legend to the right of and below its upper left corner, in columns as wide as the widest entry;
/// gives the y below it. Of a row's entries so many as `group` says are kept together, where there is room.
pub fn legend(drawing: &mut Drawing, (left, top): Xy, keys: &[Key], group: usize) -> f64 {
    let widest = keys.iter().map(|key| text_width(&key.label, WORDS, false)).fold(0.0, f64::max);
    let room = drawing.width - left - MARGIN;
    let column = (SWATCH + 6.0 + widest + 24.0).min(room);
    let columns = columns((room / column) as usize, keys.len(), group);
    for (n, key) in keys.iter().enumerate() {
        let x = left + column * (n % columns) as f64;
        let y = top + ROW * (n / columns) as f64 + ROW / 2.0;
        if let Some(width) = key.line {
            if key.dashed {
                dashes(drawing, (x, x + SWATCH), y, key.colour);
            } else {
                drawing.line(vec![(x, y), (x + SWATCH, y)], key.colour, width);
            }
        }
        if let Some(n) = key.marker {
            marker(drawing, n, (x + SWATCH / 2.0, y), key.colour);
        }
        if key.dot {
            drawing.dot((x + SWATCH / 2.0, y), 3.5, key.colour);
        }
        let label = Text::new((x + SWATCH + 6.0, y), key.label.clone(), WORDS, BLACK).middle();
        drawing.text(label.within(column - SWATCH - 6.0));
    }
    top + ROW * keys.len().div_ceil(columns) as f64
}

/// How many of `keys` stand side by side where `most` have room: whole groups, and as many in each row.
fn columns(most: usize, keys: usize, group: usize) -> usize {
    let group = if group > most { 1 } else { group.max(1) };
    let (groups, groups_in_a_row) = (keys.div_ceil(group).max(1), (most / group).max(1));
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
