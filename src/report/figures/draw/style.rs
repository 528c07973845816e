//! Colours, sizes and the order of names in all figures.

use super::shapes::{Colour, Drawing, Label, Xy};
use crate::support::distinct::distinct;

/// Width of a figure's page, in pixels.
pub const WIDTH: f64 = 900.0;
/// Free space at the edges of a page.
pub const MARGIN: f64 = 14.0;
/// Font size of a figure's title.
pub const TITLE: f64 = 15.0;
/// Font size of everything else but numbers at ticks.
pub const WORDS: f64 = 12.0;
/// Font size of numbers at ticks and of the lines below the title.
pub const SMALL: f64 = 11.0;

/// Titles.
pub const BLACK: Colour = Colour::hex(0x1a1a1a);
/// Words and axes.
pub const DARK: Colour = Colour::hex(0x4d4d4d);
/// Grid lines.
pub const PALE: Colour = Colour::hex(0xe4e4e4);
/// The page.
pub const WHITE: Colour = Colour::hex(0xffffff);

/// Colours for readers with any colour vision (Okabe & Ito 2008). The yellow is missing: it is too bright
/// on white.
const PALETTE: [Colour; 6] = [
    Colour::hex(0xd55e00),
    Colour::hex(0x009e73),
    Colour::hex(0x0072b2),
    Colour::hex(0xe69f00),
    Colour::hex(0xcc79a7),
    Colour::hex(0x56b4e9),
];

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
    palette(place(cell, &CELLS, cells))
}

/// The colour of an engine, the same in every figure.
pub fn engine_colour(engine: &str, engines: &[String]) -> Colour {
    palette(place(engine, &ENGINES, engines))
}

/// A colour for early (0) to late (1): from light blue to dark blue, distinct by lightness alone.
pub fn early_to_late(fraction: f64) -> Colour {
    const EARLY: Colour = Colour::hex(0x8ecae6);
    const LATE: Colour = Colour::hex(0x03174c);
    EARLY.towards(LATE, fraction)
}

fn place(name: &str, known: &[&str], all: &[String]) -> usize {
    let others = || all.iter().filter(|other| !known.contains(&other.as_str()));
    known
        .iter()
        .position(|other| *other == name)
        .unwrap_or_else(|| known.len() + others().position(|other| other == name).unwrap_or(0))
}

/// The n-th colour: the palette repeats, darker each time.
fn palette(n: usize) -> Colour {
    let round = n / PALETTE.len();
    PALETTE[n % PALETTE.len()].towards(Colour::hex(0), 1.0 - 0.6f64.powi(round as i32))
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

/// Writes the title of a figure and the lines below it, and returns the y below them.
pub fn heading(drawing: &mut Drawing, title: &str, lines: &[String]) -> f64 {
    let mut y = MARGIN + TITLE;
    let title = Label::new((MARGIN, y), title, TITLE, BLACK).bold();
    drawing.label(title.within(drawing.width - 2.0 * MARGIN));
    y += 4.0;
    for line in lines {
        y += 1.4 * SMALL;
        drawing.label(Label::new((MARGIN, y), line.clone(), SMALL, DARK));
    }
    y + 12.0
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
    fn cell_colour_eighteen_cells_all_differ() {
        let names: Vec<String> = (0..18).map(|n| format!("cell{n}")).collect();
        let mut colours: Vec<_> = names.iter().map(|name| cell_colour(name, &names).rgb).collect();
        colours.sort();
        colours.dedup();
        assert_eq!(colours.len(), 18);
    }
}
