//! The font of all figures, DejaVu Sans: widths for the layout, outlines for PNG files.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId};

/// The font's name in SVG files, and the fonts that a viewer without it takes. Verdana is as wide.
pub const FAMILY: &str = "DejaVu Sans, Verdana, Liberation Sans, Arial, Helvetica, sans-serif";

static REGULAR: LazyLock<Face> = LazyLock::new(|| parse(file(false)));
static BOLD: LazyLock<Face> = LazyLock::new(|| parse(file(true)));

fn parse(font: &'static [u8]) -> Face<'static> {
    Face::parse(font, 0).expect("the fonts of the crate dejavu are valid")
}

/// The file of the regular or of the bold face.
pub fn file(bold: bool) -> &'static [u8] {
    if bold { dejavu::sans::bold() } else { dejavu::sans::regular() }
}

/// The regular or the bold face.
pub fn face(bold: bool) -> &'static Face<'static> {
    if bold { &BOLD } else { &REGULAR }
}

/// The glyphs of a text with their distances from its start, in units of the font, and the width of the text.
pub fn glyphs(text: &str, bold: bool) -> (Vec<(GlyphId, f64)>, f64) {
    let face = face(bold);
    let mut x = 0.0;
    let mut place = |letter: char| {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        let start = x;
        x += f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        (glyph, start)
    };
    let placed = text.chars().map(&mut place).collect();
    (placed, x)
}

/// Pixels per unit of the font.
pub fn scale(size: f64, bold: bool) -> f64 {
    size / f64::from(face(bold).units_per_em())
}

/// The width of a text in pixels.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    scale(size, bold) * glyphs(text, bold).1
}

/// The largest of several widths.
pub fn widest<'a>(texts: impl Iterator<Item = &'a str>, size: f64) -> f64 {
    texts.map(|text| text_width(text, size, false)).fold(0.0, f64::max)
}

/// Joins words to lines no wider than `width`. A word that is wider has a line of its own.
pub fn wrapped(words: &[String], between: &str, size: f64, bold: bool, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line}{between}{word}"), size, bold) <= width => {
                line.push_str(between);
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// Breaks a text that is wider than `width` after spaces and `+`.
pub fn broken(text: &str, size: f64, bold: bool, width: f64) -> Vec<String> {
    let words: Vec<String> = text.split_inclusive(['+', ' ']).map(str::to_string).collect();
    let lines = wrapped(&words, "", size, bold, width);
    lines.iter().map(|line| line.trim_end().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_any_width_breaks_between_words() {
        let words: Vec<String> = ["one", "two", "three", "four"].map(String::from).to_vec();
        assert_eq!(wrapped(&words, " · ", 10.0, false, 1000.0), ["one · two · three · four"]);
        assert_eq!(wrapped(&words, " · ", 10.0, false, 1.0), ["one", "two", "three", "four"]);
        assert!(wrapped(&[], " ", 10.0, false, 1.0).is_empty());
        assert_eq!(broken("pytorch+chrono(100)", 10.0, false, 90.0), ["pytorch+", "chrono(100)"]);
        assert_eq!(broken("pytorch+chrono(100)", 10.0, false, 900.0), ["pytorch+chrono(100)"]);
    }

    #[test]
    fn text_width_digits_equals_advance_of_font() {
        // DejaVu Sans gives a digit 1303 of 2048 units.
        let width = text_width("00000", 10.0, false);
        assert!((width - 5.0 * 10.0 * 1303.0 / 2048.0).abs() < 1e-9, "{width}");
        assert!(text_width("00000", 10.0, true) > width);
    }
}
