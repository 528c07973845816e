//! A drawing as a PDF file of one page, with the glyphs of its fonts.

use std::collections::{BTreeMap, BTreeSet};

use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};

use super::font::{glyphs, scale};
use super::pdf_font::{Font, compressed};
use super::shapes::{Colour, Drawing, Label, Shape, Xy};
use super::style::PER_INCH;

/// Points per pixel of the page.
const POINTS: f64 = 72.0 / PER_INCH;

/// The names of the regular and the bold font.
const FONTS: [Name<'static>; 2] = [Name(b"F0"), Name(b"F1")];

/// The objects of a file before those of its fonts.
const OBJECTS: i32 = 5;

/// The drawing as a PDF file of its size on paper.
pub fn pdf(drawing: &Drawing) -> Vec<u8> {
    let [catalog, pages, page, content] = [1, 2, 3, 4].map(Ref::new);
    let mut fonts = [false, true].map(Font::new);
    let stream = compressed(&contents(drawing, &mut fonts));
    let (width, height) = ((drawing.width * POINTS) as f32, (drawing.height * POINTS) as f32);

    let mut file = Pdf::new();
    file.catalog(catalog).pages(pages);
    file.pages(pages).kids([page]).count(1);
    let mut written = file.page(page);
    written.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(content);
    let mut resources = written.resources();
    let mut names = resources.fonts();
    for (n, font) in fonts.iter().enumerate().filter(|(_, font)| !font.is_empty()) {
        names.pair(FONTS[n], font.id(OBJECTS, n));
    }
    names.finish();
    let mut states = resources.ext_g_states();
    for alpha in alphas(drawing) {
        states
            .insert(Name(state(alpha).as_bytes()))
            .start::<pdf_writer::writers::ExtGraphicsState>()
            .non_stroking_alpha(f32::from(alpha) / 100.0);
    }
    states.finish();
    resources.finish();
    written.finish();
    file.stream(content, &stream).filter(Filter::FlateDecode);
    for (n, font) in fonts.iter().enumerate().filter(|(_, font)| !font.is_empty()) {
        font.write(&mut file, OBJECTS, n);
    }
    file.finish()
}

/// The opacities that occur, in hundredths.
fn alphas(drawing: &Drawing) -> BTreeSet<u8> {
    let colour = |shape: &Shape| match shape {
        Shape::Area { colour, .. } | Shape::Dot { colour, .. } => hundredths(*colour),
        Shape::Line { .. } | Shape::Label(_) => 100,
    };
    drawing.shapes.iter().map(colour).chain([100]).collect()
}

fn hundredths(colour: Colour) -> u8 {
    (100.0 * colour.alpha).round() as u8
}

/// The name of the graphics state with this opacity.
fn state(hundredths: u8) -> String {
    format!("A{hundredths}")
}

fn contents(drawing: &Drawing, fonts: &mut [Font; 2]) -> Vec<u8> {
    let mut content = Content::new();
    // From pixels with y down to points with y up.
    let points = POINTS as f32;
    content.transform([points, 0.0, 0.0, -points, 0.0, (drawing.height * POINTS) as f32]);
    content.set_line_join(LineJoinStyle::RoundJoin);
    for shape in &drawing.shapes {
        match shape {
            Shape::Line { points, colour, width, dash } => {
                let [r, g, b] = rgb(*colour);
                content.set_stroke_rgb(r, g, b).set_line_width(*width as f32);
                content.set_dash_pattern(dash.iter().map(|length| *length as f32), 0.0);
                path(&mut content, points);
                content.stroke();
            }
            Shape::Area { points, colour, .. } => {
                fill(&mut content, *colour);
                path(&mut content, points);
                content.close_path().fill_nonzero();
            }
            Shape::Dot { centre, radius, colour, .. } => {
                fill(&mut content, *colour);
                circle(&mut content, *centre, *radius);
                content.fill_nonzero();
            }
            Shape::Label(label) => {
                fill(&mut content, label.colour);
                text(&mut content, label, &mut fonts[usize::from(label.bold)]);
            }
        }
    }
    content.finish().to_vec()
}

fn rgb(colour: Colour) -> [f32; 3] {
    let (r, g, b) = colour.rgb;
    [r, g, b].map(|part| f32::from(part) / 255.0)
}

fn fill(content: &mut Content, colour: Colour) {
    let [r, g, b] = rgb(colour);
    content.set_parameters(Name(state(hundredths(colour)).as_bytes())).set_fill_rgb(r, g, b);
}

fn path(content: &mut Content, points: &[Xy]) {
    for (n, (x, y)) in points.iter().enumerate() {
        let (x, y) = (*x as f32, *y as f32);
        if n == 0 {
            content.move_to(x, y)
        } else {
            content.line_to(x, y)
        };
    }
}

/// A circle of four Bézier curves.
fn circle(content: &mut Content, (x, y): Xy, radius: f64) {
    /// The distance of a control point from its end, for a radius of 1.
    const CONTROL: f64 = 0.552_284_75;
    let (x, y, r, c) = (x as f32, y as f32, radius as f32, (radius * CONTROL) as f32);
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + c, x + c, y + r, x, y + r);
    content.cubic_to(x - c, y + r, x - r, y + c, x - r, y);
    content.cubic_to(x - r, y - c, x - c, y - r, x, y - r);
    content.cubic_to(x + c, y - r, x + r, y - c, x + r, y);
}

/// Writes a text; its glyphs are upright in spite of the page, whose y points down.
fn text(content: &mut Content, label: &Label, font: &mut Font) {
    let (placed, units) = glyphs(&label.text, label.bold);
    let letters: BTreeMap<usize, char> = label.text.chars().enumerate().collect();
    let mut bytes = Vec::new();
    for (n, (glyph, _)) in placed.iter().enumerate() {
        bytes.extend(font.glyph(*glyph, letters[&n]).to_be_bytes());
    }
    let before = label.anchor.before() * units * scale(label.size, label.bold);
    let (x, y) = label.at;
    let matrix = match label.upward {
        true => [0.0, -1.0, -1.0, 0.0, x as f32, (y + before) as f32],
        false => [1.0, 0.0, 0.0, -1.0, (x - before) as f32, y as f32],
    };
    content.begin_text().set_font(FONTS[usize::from(label.bold)], label.size as f32);
    content.set_text_matrix(matrix).show(Str(&bytes)).end_text();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdf_has_size_fonts_and_opacity() {
        let mut drawing = Drawing { height: 64.0, ..Drawing::new(128.0) };
        let red = Colour::hex(0xff0000);
        drawing.area(vec![(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)], red.translucent(0.25));
        drawing.label(Label::new((5.0, 38.0), "‖∂L/∂hₜ‖", 12.0, red).upward());
        let file = pdf(&drawing);
        let has = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(file.starts_with(b"%PDF-1.7"));
        assert!(has("/MediaBox [0 0 72 36]"), "one inch wide");
        assert!(has("/FontFile2") && has("DejaVuSans") && !has("DejaVuSans-Bold"), "only fonts that occur");
        assert!(has("/ca 0.25") && has("/ToUnicode"));
        assert!(file.len() < 12_000, "{} bytes: only glyphs that occur", file.len());
        assert_eq!(pdf(&drawing), file);
    }
}
