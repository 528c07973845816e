//! Drawings as SVG and PNG: the same shapes through plotters' two back ends.

use std::fmt::Display;
use std::io;
use std::sync::Once;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle, register_font,
};

use super::canvas::{Anchor, Drawing, Shape, Text, Xy};

/// The registered font's name. An SVG says it, so that a viewer without the font takes a similar one.
const FONT: &str = "DejaVu Sans, sans-serif";

/// plotters' ab_glyph sizes a font by the distance from ascent to descent; that of DejaVu Sans is so many em.
const EM: f64 = (1901.0 + 483.0) / 2048.0;

/// Pixels of an SVG's coordinates, which plotters rounds, to one of the page.
const SVG_SCALE: f64 = 8.0;

/// Pixels of a PNG to one of the page, in each direction.
const PNG_SCALE: usize = 2;

/// A PNG is drawn so many times larger, then averaged: plotters' lines have hard edges.
const SUPERSAMPLE: usize = 2;

/// How a back end differs from the others.
struct Target<B> {
    backend: B,
    /// Its pixels to one of the page.
    scale: f64,
    /// Its font size to one em.
    em: f64,
    /// From its anchor at the top of a text down to the baseline, in em.
    baseline: f64,
    /// Whether it draws a line of many points well.
    joins_lines: bool,
}

/// The drawing as an SVG document.
///
/// # Errors
/// The back end refuses a shape.
pub fn svg(drawing: &Drawing) -> io::Result<String> {
    let mut document = String::new();
    let size = ((drawing.width * SVG_SCALE) as u32, (drawing.height * SVG_SCALE) as u32);
    let backend = SVGBackend::with_string(&mut document, size);
    // plotters writes `size / 1.24` as the font's size and moves the text down by 0.76 em.
    let mut target = Target { backend, scale: SVG_SCALE, em: 1.24, baseline: 0.76, joins_lines: true };
    target.draw(drawing)?;
    drop(target);
    // The coordinates stay fine, the page has its own size.
    let fine = format!(r#"width="{}" height="{}""#, size.0, size.1);
    let page = format!(r#"width="{}" height="{}""#, drawing.width, drawing.height);
    Ok(document.replacen(&fine, &page, 1))
}

/// The drawing as a PNG file, at twice the pixels of the page.
///
/// # Errors
/// The back end refuses a shape.
pub fn png(drawing: &Drawing) -> io::Result<Vec<u8>> {
    let (width, height) = (drawing.width as usize * PNG_SCALE, drawing.height as usize * PNG_SCALE);
    let large = ((width * SUPERSAMPLE) as u32, (height * SUPERSAMPLE) as u32);
    let mut pixels = vec![255; 3 * width * height * SUPERSAMPLE * SUPERSAMPLE];
    let backend = BitMapBackend::with_buffer(&mut pixels, large);
    let scale = (PNG_SCALE * SUPERSAMPLE) as f64;
    // plotters puts the baseline at half the font's size.
    let mut target = Target { backend, scale, em: EM, baseline: EM / 2.0, joins_lines: false };
    target.draw(drawing)?;
    drop(target);

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&averaged(&pixels, width, height))?;
    writer.finish()?;
    Ok(bytes)
}

/// The mean of every square of pixels.
fn averaged(large: &[u8], width: usize, height: usize) -> Vec<u8> {
    let stride = width * SUPERSAMPLE;
    let channel = |x: usize, y: usize, part: usize| {
        let mut sum = 0;
        for row in y * SUPERSAMPLE..(y + 1) * SUPERSAMPLE {
            for column in x * SUPERSAMPLE..(x + 1) * SUPERSAMPLE {
                sum += usize::from(large[3 * (row * stride + column) + part]);
            }
        }
        (sum / (SUPERSAMPLE * SUPERSAMPLE)) as u8
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    pixels.flat_map(|(x, y)| [0, 1, 2].map(|part| channel(x, y, part))).collect()
}

impl<B: DrawingBackend> Target<B> {
    fn draw(&mut self, drawing: &Drawing) -> io::Result<()> {
        register_fonts();
        let page = ShapeStyle { color: RGBColor(255, 255, 255).to_rgba(), filled: true, stroke_width: 0 };
        let (width, height) = self.backend.get_size();
        let corner = (width as i32 - 1, height as i32 - 1);
        self.backend.draw_rect((0, 0), corner, &page, true).map_err(refused)?;
        for shape in &drawing.shapes {
            match shape {
                Shape::Line { points, colour, width } => {
                    self.line(points, style(colour.rgb, 1.0, width * self.scale))?
                }
                Shape::Area { points, colour } => {
                    let corners: Vec<_> = points.iter().map(|point| self.pixel(*point)).collect();
                    let style = style(colour.rgb, colour.alpha, 1.0);
                    self.backend.fill_polygon(corners, &style).map_err(refused)?;
                }
                Shape::Dot { centre, radius, colour } => {
                    let radius = (radius * self.scale).round() as u32;
                    let style = style(colour.rgb, 1.0, 1.0);
                    self.backend.draw_circle(self.pixel(*centre), radius, &style, true).map_err(refused)?;
                }
                Shape::Text(text) => self.text(text)?,
            }
        }
        self.backend.present().map_err(refused)
    }

    fn pixel(&self, (x, y): Xy) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn line(&mut self, points: &[Xy], style: ShapeStyle) -> io::Result<()> {
        let mut points: Vec<_> = points.iter().map(|point| self.pixel(*point)).collect();
        points.dedup();
        if self.joins_lines {
            return self.backend.draw_path(points, &style).map_err(refused);
        }
        // plotters makes one polygon of a thick line, and that polygon crosses itself where the line bends:
        // piece by piece it does not.
        for pair in points.windows(2) {
            self.backend.draw_path(pair.iter().copied(), &style).map_err(refused)?;
        }
        let joints = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
        for joint in joints {
            self.backend.draw_circle(*joint, style.stroke_width / 2, &style, true).map_err(refused)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) -> io::Result<()> {
        let (r, g, b) = text.colour.rgb;
        let colour = RGBColor(r, g, b);
        let transform = if text.upward { FontTransform::Rotate270 } else { FontTransform::None };
        let anchor = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = font(text.size * self.scale * self.em, text.bold).transform(transform);
        let style = TextStyle::from(font).pos(Pos::new(anchor, VPos::Top)).color(&colour);
        let up = text.size * self.baseline;
        let (x, y) = text.at;
        let at = if text.upward { (x - up, y) } else { (x, y - up) };
        let at = self.pixel(at);
        self.backend.draw_text(&text.text, &style, at).map_err(refused)
    }
}

fn style((r, g, b): (u8, u8, u8), alpha: f64, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: RGBColor(r, g, b).mix(alpha),
        filled: true,
        stroke_width: width.round().max(1.0) as u32,
    }
}

fn font(size: f64, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FONT), size, style)
}

fn refused(error: impl Display) -> io::Error {
    io::Error::other(error.to_string())
}

/// Gives plotters its font; the system's are never asked. A font that it refuses shows when a text is drawn.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
        let _ = register_font(FONT, FontStyle::Bold, dejavu::sans::bold());
    });
}

/// The width of a text of the given size, in pixels of the page.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    /// The back end gives whole pixels: it is asked about a large font.
    const FINE: f64 = 16.0;
    register_fonts();
    let box_size = font(size * FINE * EM, bold).box_size(text);
    // Without a measure: a letter is rarely wider than 0.7 em.
    box_size.map_or(0.7 * size * text.chars().count() as f64, |(width, _)| f64::from(width) / FINE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::canvas::Colour;

    fn drawing() -> Drawing {
        let mut drawing = Drawing { height: 40.0, ..Drawing::new(60.0) };
        drawing.area(vec![(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)], Colour::hex(0xff0000));
        drawing.line(vec![(30.0, 0.0), (30.0, 20.0), (50.0, 40.0)], Colour::hex(0x0000ff), 2.0);
        drawing.text(Text::new((5.0, 38.0), "a<b", 10.0, Colour::hex(0)));
        drawing
    }

    fn pixel(png: &[u8], x: usize, y: usize) -> Vec<u8> {
        let mut reader = png::Decoder::new(io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (120, 80));
        let start = 3 * (y * info.width as usize + x);
        pixels[start..start + 3].to_vec()
    }

    #[test]
    fn a_png_shows_the_shapes_where_they_are() {
        let png = png(&drawing()).unwrap();
        assert_eq!(pixel(&png, 30, 30), [255, 0, 0]);
        assert_eq!(pixel(&png, 60, 20), [0, 0, 255]);
        assert_eq!(pixel(&png, 110, 10), [255, 255, 255]);
    }

    #[test]
    fn an_svg_has_the_pages_size_and_its_words() {
        let svg = svg(&drawing()).unwrap();
        assert!(svg.starts_with(r#"<svg width="60" height="40" viewBox="0 0 480 320""#), "{svg}");
        assert!(svg.contains("a&lt;b") && svg.trim_end().ends_with("</svg>"), "{svg}");
    }

    #[test]
    fn the_same_drawing_gives_the_same_bytes() {
        assert_eq!(svg(&drawing()).unwrap(), svg(&drawing()).unwrap());
        assert_eq!(png(&drawing()).unwrap(), png(&drawing()).unwrap());
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // DejaVu Sans gives a digit 1303 of 2048 units.
        let width = text_width("00000", 10.0, false);
        assert!((width - 5.0 * 10.0 * 1303.0 / 2048.0).abs() < 0.2, "{width}");
        assert!(text_width("00000", 10.0, true) > width);
    }
}
