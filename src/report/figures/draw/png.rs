//! A drawing as a PNG file.

use std::io;

use tiny_skia::{Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use super::font::{face, glyphs, scale};
use super::shapes::{Colour, Drawing, Label, Shape, Xy};
use super::style::PER_INCH;

/// Pixels of the file per inch of paper.
const DPI: f64 = 300.0;

/// Pixels of the file per pixel of the page, in each direction.
const SCALE: f32 = (DPI / PER_INCH) as f32;

/// The drawing as a PNG file of 300 pixels per inch, which is recorded in it.
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
    Ok(with_resolution(pixels.encode_png().map_err(io::Error::other)?))
}

/// Adds the chunk pHYs, pixels per metre, after the header of a PNG file.
fn with_resolution(png: Vec<u8>) -> Vec<u8> {
    /// The signature of a PNG file and its first chunk, IHDR.
    const HEADER: usize = 8 + 25;
    const METRE: f64 = 0.0254;
    let per_metre = ((DPI / METRE).round() as u32).to_be_bytes();
    let body = [&b"pHYs"[..], &per_metre, &per_metre, &[1]].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let chunk = [&9_u32.to_be_bytes()[..], &body, &sum.sum().to_be_bytes()].concat();
    [&png[..HEADER], &chunk, &png[HEADER..]].concat()
}

fn draw(pixels: &mut Pixmap, shape: &Shape) {
    let page = Transform::from_scale(SCALE, SCALE);
    match shape {
        Shape::Line { points, colour, width, dash } => {
            let dash = StrokeDash::new(dash.iter().map(|length| *length as f32).collect(), 0.0);
            let line_join = LineJoin::Round;
            let stroke = Stroke { width: *width as f32, line_join, dash, ..Stroke::default() };
            if let Some(path) = path(points, false) {
                pixels.stroke_path(&path, &paint(*colour), &stroke, page, None);
            }
        }
        Shape::Area { points, colour, .. } => fill(pixels, path(points, true), *colour, page),
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
        let mut drawing = Drawing { height: 64.0, ..Drawing::new(128.0) };
        drawing.area(vec![(10.0, 10.0), (40.0, 10.0), (40.0, 40.0), (10.0, 40.0)], Colour::hex(0xff0000));
        drawing.line(vec![(60.0, 0.0), (60.0, 30.0), (80.0, 50.0)], Colour::hex(0x0000ff), 3.0);
        drawing.label(Label::new((100.0, 40.0), "▀", 20.0, Colour::hex(0)).centred().upward());
        let pixels = Pixmap::decode_png(&png(&drawing).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (300, 150));
        let at = |x: f64, y: f64| {
            let colour = pixels.pixel((x * DPI / PER_INCH) as u32, (y * DPI / PER_INCH) as u32).unwrap();
            [colour.red(), colour.green(), colour.blue()]
        };
        assert_eq!(at(25.0, 25.0), [255, 0, 0]);
        assert_eq!(at(60.0, 20.0), [0, 0, 255]);
        assert_eq!(at(110.0, 5.0), [255, 255, 255]);
        assert_eq!(
            [at(89.0, 40.0), at(112.0, 40.0)],
            [[0; 3], [255; 3]],
            "an upward text lies left of its place"
        );
        assert_eq!(png(&drawing).unwrap(), png(&drawing).unwrap());
    }

    #[test]
    fn png_names_its_resolution() {
        let file = png(&Drawing { height: 8.0, ..Drawing::new(8.0) }).unwrap();
        // 300 pixels per inch are 11811 per metre.
        let chunk = [&b"pHYs"[..], &11811_u32.to_be_bytes(), &11811_u32.to_be_bytes(), &[1]].concat();
        assert_eq!(file.windows(chunk.len()).position(|part| part == chunk), Some(37));
    }
}
