//! What every figure has in common: colours, sizes, the order of names.

use super::canvas::{Colour, Drawing, Text, Xy};

/// Width of a figure's page, in pixels.
pub const WIDTH: f64 = 900.0;
/// Free space at the edges of a page.
pub const MARGIN: f64 = 14.0;
/// Font size of a figure's title.
pub const TITLE: f64 = 15.0;
/// Font size of everything else but numbers at ticks.
pub const WORDS: f64 = 12.0;
/// Font size of numbers at ticks and of what stands below the title.
pub const SMALL: f64 = 11.0;

/// Titles.
pub const BLACK: Colour = Colour::hex(0x1a1a1a);
/// Words and axes.
pub const DARK: Colour = Colour::hex(0x4d4d4d);
/// What guides the eye.
pub const PALE: Colour = Colour::hex(0xe4e4e4);
/// The page.
pub const WHITE: Colour = Colour::hex(0xffffff);

/// Colours that are told apart also by the colour-blind (Okabe & Ito 2008), but for the yellow, which is too
/// bright for a line on white.
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

/// Engines, then peers, in the order of their markers and colours.
const ENGINES: [&str; 9] =
    ["stepwise", "fused", "analytic", "simd", "builtin", "pytorch", "jax", "keras", "onnxruntime"];

/// The names that occur, each once: the known ones first, in their order, then the others in theirs.
fn in_order<'a>(known: &[&str], names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.iter().any(|other| other == name) {
            found.push(name.to_string());
        }
    }
    found.sort_by_key(|name| known.iter().position(|other| other == name).unwrap_or(known.len()));
    found
}

/// The cells that occur, in the order of a legend.
pub fn cells<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    in_order(&CELLS, names)
}

/// The engines that occur, in the order of a legend.
pub fn engines<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    in_order(&ENGINES, names)
}

/// The colour of a cell: fixed for those of the vocabulary, by its place among the others for another one.
pub fn cell_colour(cell: &str, cells: &[String]) -> Colour {
    palette(place(cell, &CELLS, cells))
}

/// The colour of an engine, as that of a cell.
pub fn engine_colour(engine: &str, engines: &[String]) -> Colour {
    palette(place(engine, &ENGINES, engines))
}

/// A colour for what comes early (0) or late (1): from a light blue to a dark one, told apart by lightness alone.
pub fn early_to_late(share: f64) -> Colour {
    const EARLY: Colour = Colour::hex(0x8ecae6);
    const LATE: Colour = Colour::hex(0x03174c);
    EARLY.towards(LATE, share)
}

fn place(name: &str, known: &[&str], all: &[String]) -> usize {
    let others = || all.iter().filter(|other| !known.contains(&other.as_str()));
    known
        .iter()
        .position(|other| *other == name)
        .unwrap_or_else(|| known.len() + others().position(|other| other == name).unwrap_or(0))
}

/// The n-th colour: the palette again and again, darker each time.
fn palette(n: usize) -> Colour {
    let round = n / PALETTE.len();
    PALETTE[n % PALETTE.len()].darker(1.0 - 0.6f64.powi(round as i32))
}

/// A dash of a dashed line, and the space after it.
const DASH: f64 = 5.0;

/// Draws a dashed line at one height.
pub fn dashes(drawing: &mut Drawing, (left, right): (f64, f64), y: f64, colour: Colour) {
    let mut x = left;
    while x < right {
        drawing.line(vec![(x, y), ((x + DASH).min(right), y)], colour, 1.0);
        x += 2.0 * DASH;
    }
}

/// Draws the n-th of a few shapes that are told apart without colour.
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

/// Writes a figure's title and the lines below it; gives the y below them.
pub fn heading(drawing: &mut Drawing, title: &str, lines: &[String]) -> f64 {
    let mut y = MARGIN + TITLE;
    let title = Text::new((MARGIN, y), title, TITLE, BLACK).bold();
    drawing.text(title.within(drawing.width - 2.0 * MARGIN));
    y += 4.0;
    for line in lines {
        y += 1.4 * SMALL;
        drawing.text(Text::new((MARGIN, y), line.clone(), SMALL, DARK));
    }
    y + 12.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_its_colour_whatever_else_there_is() {
        let (alone, many) = (cells(["lstm"].into_iter()), cells(["new", "lstm", "rnn", "newer"].into_iter()));
        assert_eq!(many, ["rnn", "lstm", "new", "newer"]);
        assert_eq!(cell_colour("lstm", &alone), cell_colour("lstm", &many));
    }

    #[test]
    fn eighteen_cells_have_eighteen_colours() {
        let names: Vec<String> = (0..18).map(|n| format!("cell{n}")).collect();
        let mut colours: Vec<_> = names.iter().map(|name| cell_colour(name, &names).rgb).collect();
        colours.sort();
        colours.dedup();
        assert_eq!(colours.len(), 18);
    }
}
