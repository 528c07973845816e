//! A drawing as a PNG file.

use std::io;

use tiny_skia::{Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use super::font::{face, glyphs, scale};
use super::shapes::{Colour, DASH, Drawing, Label, Shape, Xy};

/// Pixels of the file per pixel of the page, in each direction.
const SCALE: f32 = 2.0;

/// The drawing as a PNG file, at twice the pixels of the page.
///
/// # Errors
/// The page has no pixels, or too many for the memory.
pub fn png(drawing: &Drawing) -> io::Result<Vec<u8>> {
    let [width, height] = [drawing.width, drawing.height].map(|size| (size as f32 * SCALE) as u32);
    let problem = || io::Error::other(format!("{width} x {height} pixels cannot be drawn"));
    let mut pixels = Pixmap::new(width, height).ok_or_else(problem)?;
    pixels.fill(Color::WHITE);
    for shape in &drawing.shapes {
        draw(&mut pixels, shape);
    }
    pixels.encode_png().map_err(io::Error::other)
}

fn draw(pixels: &mut Pixmap, shape: &Shape) {
    let page = Transform::from_scale(SCALE, SCALE);
    match shape {
        Shape::Line { points, colour, width, dashed } => {
            let dash = dashed.then(|| StrokeDash::new(vec![DASH as f32; 2], 0.0)).flatten();
            let line_join = LineJoin::Round;
            let stroke = Stroke { width: *width as f32, line_join, dash, ..Stroke::default() };
            if let Some(path) = path(points, false) {
                pixels.stroke_path(&path, &paint(*colour), &stroke, page, None);
            }
        }
        Shape::Area { points, colour } => fill(pixels, path(points, true), *colour, page),
        Shape::Dot { centre: (x, y), radius, colour, .. } => {
            let circle = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
            fill(pixels, circle, *colour, page);
        }
        Shape::Label(label) => fill(pixels, outline(label), label.colour, page.pre_concat(place(label))),
    }
}

fn fill(pixels: &mut Pixmap, path: Option<Path>, colour: Colour, transform: Transform) {
    if let Some(path) = path {
        pixels.fill_path(&path, &paint(colour), FillRule::Winding, transform, None);
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let (r, g, b) = colour.rgb;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, (255.0 * colour.alpha).round() as u8);
    paint
}

fn path(points: &[Xy], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let (x, y) = (*x as f32, *y as f32);
        if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// The outlines of a text's glyphs in units of the font, y upwards, with its anchor at the origin.
fn outline(label: &Label) -> Option<Path> {
    let (glyphs, width) = glyphs(&label.text, label.bold);
    let mut text = Outline { path: PathBuilder::new(), x: 0.0 };
    for (glyph, start) in glyphs {
        text.x = (start - label.anchor.before() * width) as f32;
        face(label.bold).outline_glyph(glyph, &mut text);
    }
    text.path.finish()
}

/// From units of the font to the place of a text on the page.
fn place(label: &Label) -> Transform {
    let scale = scale(label.size, label.bold) as f32;
    let turn = if label.upward { Transform::from_rotate(-90.0) } else { Transform::identity() };
    Transform::from_translate(label.at.0 as f32, label.at.1 as f32).pre_concat(turn).pre_scale(scale, -scale)
}

/// A path that glyphs are added to, each moved by `x`.
struct Outline {
    path: PathBuilder,
    x: f32,
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + x1, y1, self.x + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.x + x1, y1, self.x + x2, y2, self.x + x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_shapes_are_at_their_places() {
        let mut drawing = Drawing { height: 40.0, ..Drawing::new(60.0) };
        drawing.area(vec![(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)], Colour::hex(0xff0000));
        drawing.line(vec![(30.0, 0.0), (30.0, 20.0), (50.0, 40.0)], Colour::hex(0x0000ff), 2.0);
        drawing.label(Label::new((55.0, 20.0), "▀", 20.0, Colour::hex(0)).centred().upward());
        let pixels = Pixmap::decode_png(&png(&drawing).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (120, 80));
        let pixel = |x, y| {
            let colour = pixels.pixel(x, y).unwrap();
            [colour.red(), colour.green(), colour.blue()]
        };
        assert_eq!(pixel(30, 30), [255, 0, 0]);
        assert_eq!(pixel(60, 20), [0, 0, 255]);
        assert_eq!(pixel(110, 10), [255, 255, 255]);
        assert_eq!(
            [pixel(88, 40), pixel(112, 40)],
            [[0; 3], [255; 3]],
            "an upward text lies left of its place"
        );
        assert_eq!(png(&drawing).unwrap(), png(&drawing).unwrap());
    }
}
