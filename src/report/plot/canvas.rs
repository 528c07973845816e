//! A figure as a list of shapes, in pixels of a page 900 wide; drawn by [`super::render`].

use super::render::text_width;

/// A place on the page: x to the right, y down.
pub type Xy = (f64, f64);

/// A colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// 0 (invisible) to 1 (opaque).
    pub alpha: f64,
}

impl Colour {
    /// An opaque colour from `0xRRGGBB`.
    pub const fn hex(rgb: u32) -> Colour {
        Colour { rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8), alpha: 1.0 }
    }

    /// The same colour, translucent.
    pub fn translucent(self, alpha: f64) -> Colour {
        Colour { alpha, ..self }
    }

    /// The same colour, darker by `share`.
    pub fn darker(self, share: f64) -> Colour {
        let dim = |part: u8| (f64::from(part) * (1.0 - share)).round() as u8;
        let (r, g, b) = self.rgb;
        Colour { rgb: (dim(r), dim(g), dim(b)), ..self }
    }

    /// The colour so far on the way to another: 0 is this one, 1 the other.
    pub fn towards(self, other: Colour, share: f64) -> Colour {
        let mix = |from: u8, to: u8| (f64::from(from) * (1.0 - share) + f64::from(to) * share).round() as u8;
        let ((r, g, b), (to_r, to_g, to_b)) = (self.rgb, other.rgb);
        Colour { rgb: (mix(r, to_r), mix(g, to_g), mix(b, to_b)), ..self }
    }
}

/// Which side of a text is at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// Where it begins.
    Start,
    /// Its middle.
    Middle,
    /// Where it ends.
    End,
}

/// Words at a place.
#[derive(Debug, Clone)]
pub struct Text {
    /// Where: on the baseline, at the side that `anchor` says.
    pub at: Xy,
    /// The words.
    pub text: String,
    /// Size of the font in pixels.
    pub size: f64,
    /// Whether in bold.
    pub bold: bool,
    /// Which side of the words is at `at`.
    pub anchor: Anchor,
    /// Whether read from the bottom up.
    pub upward: bool,
    /// The colour.
    pub colour: Colour,
}

/// One thing on the page.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A line through points.
    Line {
        /// At least two.
        points: Vec<Xy>,
        /// Opaque.
        colour: Colour,
        /// In pixels.
        width: f64,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Xy>,
        /// May be translucent.
        colour: Colour,
    },
    /// A filled circle.
    Dot {
        /// Its centre.
        centre: Xy,
        /// In pixels.
        radius: f64,
        /// Opaque.
        colour: Colour,
    },
    /// Words.
    Text(Text),
}

/// A page of shapes; later ones cover earlier ones.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// What is on it.
    pub shapes: Vec<Shape>,
}

impl Drawing {
    /// An empty page.
    pub fn new(width: f64) -> Drawing {
        Drawing { width, height: 0.0, shapes: Vec::new() }
    }

    /// Adds a line; fewer than two points make none.
    pub fn line(&mut self, points: Vec<Xy>, colour: Colour, width: f64) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, colour, width });
        }
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, points: Vec<Xy>, colour: Colour) {
        self.shapes.push(Shape::Area { points, colour });
    }

    /// Adds a filled circle.
    pub fn dot(&mut self, centre: Xy, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Dot { centre, radius, colour });
    }

    /// Adds words; no shape where there are none.
    pub fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }
}

impl Text {
    /// Words that begin at `at`.
    pub fn new(at: Xy, text: impl Into<String>, size: f64, colour: Colour) -> Text {
        Text { at, text: text.into(), size, bold: false, anchor: Anchor::Start, upward: false, colour }
    }

    /// In bold.
    pub fn bold(self) -> Text {
        Text { bold: true, ..self }
    }

    /// With the middle of the words at `at`.
    pub fn centred(self) -> Text {
        Text { anchor: Anchor::Middle, ..self }
    }

    /// With the end of the words at `at`.
    pub fn ending(self) -> Text {
        Text { anchor: Anchor::End, ..self }
    }

    /// Read from the bottom up.
    pub fn upward(self) -> Text {
        Text { upward: true, ..self }
    }

    /// Moved down so that `at` is at half the height of a digit, not on the baseline.
    pub fn middle(mut self) -> Text {
        self.at.1 += 0.36 * self.size;
        self
    }

    /// Cut off with an ellipsis where it is wider than `width`.
    pub fn within(mut self, width: f64) -> Text {
        let mut letters: Vec<char> = self.text.chars().collect();
        while text_width(&self.text, self.size, self.bold) > width && letters.pop().is_some() {
            self.text = letters.iter().chain(['…'].iter()).collect();
        }
        self
    }
}

/// Joins words to lines no wider than `width`; a word that is wider has a line of its own.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_at_the_width() {
        let words: Vec<String> = ["one", "two", "three", "four"].map(String::from).to_vec();
        assert_eq!(wrapped(&words, " · ", 10.0, false, 1000.0), ["one · two · three · four"]);
        assert_eq!(wrapped(&words, " · ", 10.0, false, 1.0), ["one", "two", "three", "four"]);
        assert!(wrapped(&[], " ", 10.0, false, 1.0).is_empty());
    }

    #[test]
    fn words_that_are_too_wide_are_cut() {
        let colour = Colour::hex(0);
        assert_eq!(Text::new((0.0, 0.0), "short", 10.0, colour).within(100.0).text, "short");
        let cut = Text::new((0.0, 0.0), "orthogonal(1.25)+forget_bias(1)", 10.0, colour).within(100.0);
        assert!(cut.text.starts_with("orthogonal") && cut.text.ends_with('…'), "{}", cut.text);
        assert!(text_width(&cut.text, 10.0, false) <= 100.0);
    }
}
