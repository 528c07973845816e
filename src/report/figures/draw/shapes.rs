//! A figure as a list of shapes, in pixels of its page.

use super::font::text_width;

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

    /// A mixture: 0 gives this colour, 1 the other.
    pub fn towards(self, other: Colour, fraction: f64) -> Colour {
        let mix =
            |from: u8, to: u8| (f64::from(from) * (1.0 - fraction) + f64::from(to) * fraction).round() as u8;
        let ((r, g, b), (to_r, to_g, to_b)) = (self.rgb, other.rgb);
        Colour { rgb: (mix(r, to_r), mix(g, to_g), mix(b, to_b)), ..self }
    }
}

/// The part of a text that is at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// The start.
    Start,
    /// The middle.
    Middle,
    /// The end.
    End,
}

impl Anchor {
    /// The fraction of a text's width that lies before its place.
    pub fn before(self) -> f64 {
        match self {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        }
    }
}

/// A text at a place.
#[derive(Debug, Clone)]
pub struct Label {
    /// The place on the baseline; `anchor` says of which part of the text.
    pub at: Xy,
    /// The text.
    pub text: String,
    /// Size of the font in pixels.
    pub size: f64,
    /// True for bold.
    pub bold: bool,
    /// The part of the text that is at `at`.
    pub anchor: Anchor,
    /// True for a text that is read from the bottom up.
    pub upward: bool,
    /// The colour.
    pub colour: Colour,
}

/// One shape.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A line through at least two points.
    Line {
        /// The points.
        points: Vec<Xy>,
        /// The colour.
        colour: Colour,
        /// The width in pixels.
        width: f64,
        /// The dashes.
        dash: Dash,
    },
    /// A filled polygon. A reader of the SVG sees its text when the pointer is on it.
    Area {
        /// Its corners.
        points: Vec<Xy>,
        /// The colour.
        colour: Colour,
        /// The text; empty for none.
        about: String,
    },
    /// A filled circle. A reader of the SVG sees its text when the pointer rests on it.
    Dot {
        /// Its centre.
        centre: Xy,
        /// The radius in pixels.
        radius: f64,
        /// The colour.
        colour: Colour,
        /// The text; empty for none.
        about: String,
    },
    /// A text.
    Label(Label),
}

/// The lengths of dashes and of the spaces after them, in pixels; empty for a solid line.
pub type Dash = &'static [f64];

/// A solid line.
pub const SOLID: Dash = &[];

/// A page of shapes; later ones cover earlier ones.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// The width in pixels.
    pub width: f64,
    /// The height in pixels.
    pub height: f64,
    /// The shapes.
    pub shapes: Vec<Shape>,
}

impl Drawing {
    /// An empty page.
    pub fn new(width: f64) -> Drawing {
        Drawing { width, height: 0.0, shapes: Vec::new() }
    }

    /// Adds a solid line; fewer than two points make none.
    pub fn line(&mut self, points: Vec<Xy>, colour: Colour, width: f64) {
        self.stroke(points, colour, width, SOLID);
    }

    /// Adds a line with dashes; fewer than two points make none.
    pub fn stroke(&mut self, points: Vec<Xy>, colour: Colour, width: f64, dash: Dash) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, colour, width, dash });
        }
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, points: Vec<Xy>, colour: Colour) {
        self.tile(points, colour, String::new());
    }

    /// Adds a filled polygon with a text.
    pub fn tile(&mut self, points: Vec<Xy>, colour: Colour, about: String) {
        self.shapes.push(Shape::Area { points, colour, about });
    }

    /// Adds a filled circle.
    pub fn dot(&mut self, centre: Xy, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Dot { centre, radius, colour, about: String::new() });
    }

    /// Adds a filled circle with a text.
    pub fn value(&mut self, centre: Xy, radius: f64, colour: Colour, about: String) {
        self.shapes.push(Shape::Dot { centre, radius, colour, about });
    }

    /// Adds a text; an empty one makes no shape.
    pub fn label(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.shapes.push(Shape::Label(label));
        }
    }
}

impl Label {
    /// A text that begins at `at`.
    pub fn new(at: Xy, text: impl Into<String>, size: f64, colour: Colour) -> Label {
        Label { at, text: text.into(), size, bold: false, anchor: Anchor::Start, upward: false, colour }
    }

    /// The text in bold.
    pub fn bold(self) -> Label {
        Label { bold: true, ..self }
    }

    /// The text with its middle at its place.
    pub fn centred(self) -> Label {
        Label { anchor: Anchor::Middle, ..self }
    }

    /// The text with its end at its place.
    pub fn ending(self) -> Label {
        Label { anchor: Anchor::End, ..self }
    }

    /// The text read from the bottom up.
    pub fn upward(self) -> Label {
        Label { upward: true, ..self }
    }

    /// The text moved down, so that its place is at half the height of a digit.
    pub fn middle(mut self) -> Label {
        self.at.1 += 0.36 * self.size;
        self
    }

    /// The text, cut off with an ellipsis if it is wider than `width`.
    pub fn within(mut self, width: f64) -> Label {
        let mut letters: Vec<char> = self.text.chars().collect();
        while text_width(&self.text, self.size, self.bold) > width && letters.pop().is_some() {
            self.text = letters.iter().chain(['…'].iter()).collect();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_too_wide_text_is_cut() {
        let colour = Colour::hex(0);
        assert_eq!(Label::new((0.0, 0.0), "short", 10.0, colour).within(100.0).text, "short");
        let cut = Label::new((0.0, 0.0), "orthogonal(1.25)+forget_bias(1)", 10.0, colour).within(100.0);
        assert!(cut.text.starts_with("orthogonal") && cut.text.ends_with('…'), "{}", cut.text);
        assert!(text_width(&cut.text, 10.0, false) <= 100.0);
    }
}
