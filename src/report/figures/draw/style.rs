//! Colours, sizes and the order of names in all figures.

use super::font::{broken, wrapped};
use super::shapes::{Colour, Dash, Drawing, Label, SOLID, Xy};
use crate::support::distinct::distinct;

/// Pixels of a page per inch of paper.
pub const PER_INCH: f64 = 128.0;
/// The width of a page of text, in inches.
pub const PAGE: f64 = 7.0;
/// Free space at the edges of a page.
pub const MARGIN: f64 = 14.0;
/// Font size of a figure's title.
pub const TITLE: f64 = 16.0;
/// Font size of everything else but numbers at ticks.
pub const WORDS: f64 = 13.5;
/// Font size of numbers at ticks and of the lines below the title: 7 pt on paper.
pub const SMALL: f64 = 12.5;

/// Titles.
pub const BLACK: Colour = Colour::hex(0x1a1a1a);
/// Words and axes.
pub const DARK: Colour = Colour::hex(0x4d4d4d);
/// Grid lines.
pub const PALE: Colour = Colour::hex(0xe4e4e4);
/// The page.
pub const WHITE: Colour = Colour::hex(0xffffff);

/// The number of neighbouring colours that differ well in grey.
pub const GREYS: usize = 3;

/// Colours of cells and of values without an order: for readers with any colour vision, and of lightness 49,
/// 67, 31, 70, 54 and 36, so that each three differ in grey as well.
const PALETTE: [Colour; 6] = [
    Colour::hex(0xcc4c02),
    Colour::hex(0x45b491),
    Colour::hex(0x084a8c),
    Colour::hex(0xe69f00),
    Colour::hex(0x8c7aa9),
    Colour::hex(0x7a4a2a),
];

/// Colours of engines and frameworks, which are not those of cells.
const ENGINE_PALETTE: [Colour; 9] = [
    Colour::hex(0x9a9a9a),
    Colour::hex(0xd184b4),
    Colour::hex(0x6a3d9a),
    Colour::hex(0x1a1a1a),
    Colour::hex(0x5c5c5c),
    Colour::hex(0xb8860b),
    Colour::hex(0xa3195b),
    Colour::hex(0x6b8e23),
    Colour::hex(0x3d8fa6),
];

/// Dashes that are told apart: the first line is solid.
pub const DASHES: [Dash; 4] = [SOLID, &[7.0, 3.5], &[2.0, 2.5], &[9.0, 3.0, 2.0, 3.0]];

/// Cells in the order of their colours.
const CELLS: [&str; 3] = ["rnn", "gru", "lstm"];

/// Engines, then other frameworks, in the order of their markers and colours.
const ENGINES: [&str; 9] =
    ["stepwise", "fused", "analytic", "simd", "builtin", "pytorch", "jax", "keras", "onnxruntime"];

/// Each name once: the known ones first in their order, then the others in theirs.
fn in_order(known: &[&str], names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = distinct(names);
    found.sort_by_key(|name| known.iter().position(|other| other == name).unwrap_or(known.len()));
    found
}

/// The cells that occur, in the order of a legend.
pub fn cells(names: impl Iterator<Item = String>) -> Vec<String> {
    in_order(&CELLS, names)
}

/// The engines that occur, in the order of a legend.
pub fn engines(names: impl Iterator<Item = String>) -> Vec<String> {
    in_order(&ENGINES, names)
}

/// The colour of a cell, the same in every figure.
pub fn cell_colour(cell: &str, cells: &[String]) -> Colour {
    palette(&PALETTE, place(cell, &CELLS, cells))
}

/// The colour of an engine, the same in every figure.
pub fn engine_colour(engine: &str, engines: &[String]) -> Colour {
    palette(&ENGINE_PALETTE, place(engine, &ENGINES, engines))
}

/// The number of the marker of an engine, the same in every figure; the first engine has a dot.
pub fn engine_marker(engine: &str, engines: &[String]) -> Option<usize> {
    place(engine, &ENGINES, engines).checked_sub(1)
}

/// The n-th colour of values without an order.
pub fn nth_colour(n: usize) -> Colour {
    palette(&PALETTE, n)
}

/// A colour for early (0) to late (1): from light to dark, so that grey keeps the order, over several hues.
/// The colours are those of the map viridis (S. van der Walt and N. Smith, CC0) without its lightest fifth.
pub fn early_to_late(fraction: f64) -> Colour {
    const COLOURS: [Colour; 5] = [
        Colour::hex(0x7ad151),
        Colour::hex(0x22a884),
        Colour::hex(0x2a788e),
        Colour::hex(0x414487),
        Colour::hex(0x440154),
    ];
    let place = fraction.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
    let below = (place as usize).min(COLOURS.len() - 2);
    COLOURS[below].towards(COLOURS[below + 1], place - below as f64)
}

fn place(name: &str, known: &[&str], all: &[String]) -> usize {
    let others = || all.iter().filter(|other| !known.contains(&other.as_str()));
    known
        .iter()
        .position(|other| *other == name)
        .unwrap_or_else(|| known.len() + others().position(|other| other == name).unwrap_or(0))
}

/// The n-th colour: the palette repeats, darker each time.
fn palette(colours: &[Colour], n: usize) -> Colour {
    let round = n / colours.len();
    colours[n % colours.len()].towards(Colour::hex(0), 1.0 - 0.6f64.powi(round as i32))
}

/// Draws the n-th of four markers, which differ in shape.
pub fn marker(drawing: &mut Drawing, n: usize, (x, y): Xy, colour: Colour) {
    let mut outlined = |corners: fn(f64) -> Vec<Xy>, radius: f64| {
        for (radius, colour) in [(radius, colour), (radius - 2.0, WHITE)] {
            drawing.area(corners(radius).iter().map(|(dx, dy)| (x + dx, y + dy)).collect(), colour);
        }
    };
    match n % 4 {
        0 => {
            drawing.dot((x, y), 3.5, colour);
            drawing.dot((x, y), 2.1, WHITE);
        }
        1 => outlined(|r| vec![(-r, -r), (r, -r), (r, r), (-r, r)], 3.4),
        2 => outlined(|r| vec![(0.0, -1.2 * r), (1.1 * r, 0.8 * r), (-1.1 * r, 0.8 * r)], 4.6),
        _ => outlined(|r| vec![(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)], 4.8),
    }
}

/// The size of a figure, and its heading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page {
    /// The width on paper, in inches.
    pub inches: f64,
    /// True for a title and the lines below it.
    pub has_title: bool,
}

impl Default for Page {
    fn default() -> Page {
        Page { inches: PAGE, has_title: true }
    }
}

impl Page {
    /// An empty drawing of this width.
    pub fn drawing(self) -> Drawing {
        Drawing::new((PER_INCH * self.inches).round())
    }

    /// Writes the title and the words below it, and returns the y below them.
    pub fn heading(self, drawing: &mut Drawing, title: &str, below_title: &[String]) -> f64 {
        if !self.has_title {
            return MARGIN;
        }
        let room = drawing.width - 2.0 * MARGIN;
        let mut y = MARGIN - 2.0;
        for line in broken(title, TITLE, true, room) {
            y += 1.2 * TITLE;
            drawing.label(Label::new((MARGIN, y), line, TITLE, BLACK).bold().within(room));
        }
        y += 4.0;
        let lines = wrapped(below_title, " · ", SMALL, false, room);
        for line in lines.iter().flat_map(|line| broken(line, SMALL, false, room)) {
            y += 1.35 * SMALL;
            drawing.label(Label::new((MARGIN, y), line, SMALL, DARK).within(room));
        }
        y + 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_colour_other_cells_present_unchanged() {
        let of = |names: &[&str]| cells(names.iter().map(|name| name.to_string()));
        let (alone, many) = (of(&["lstm"]), of(&["new", "lstm", "rnn", "newer"]));
        assert_eq!(many, ["rnn", "lstm", "new", "newer"]);
        assert_eq!(cell_colour("lstm", &alone), cell_colour("lstm", &many));
    }

    #[test]
    fn cell_colour_known_cells_differ_in_grey() {
        let grey = |cell: &str| {
            let (r, g, b) = cell_colour(cell, &[]).rgb;
            0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
        };
        let mut greys = CELLS.map(grey);
        greys.sort_by(f64::total_cmp);
        assert!(greys.windows(2).all(|pair| pair[1] - pair[0] > 25.0), "{greys:?}");
    }

    #[test]
    fn cell_colour_eighteen_cells_all_differ() {
        let names: Vec<String> = (0..18).map(|n| format!("cell{n}")).collect();
        let mut colours: Vec<_> = names.iter().map(|name| cell_colour(name, &names).rgb).collect();
        colours.sort();
        colours.dedup();
        assert_eq!(colours.len(), 18);
    }
}
