//! A drawing as an SVG document.

use std::fmt::Write;

use super::font::FAMILY;
use super::shapes::{Anchor, Colour, Drawing, Label, Shape, Xy};
use super::style::PER_INCH;

/// The drawing as an SVG document, with the size that it has on paper.
pub fn svg(drawing: &Drawing) -> String {
    let inches = |pixels: f64| format!("{}in", (pixels / PER_INCH * 1e4).round() / 1e4);
    document(drawing, [inches(drawing.width), inches(drawing.height)])
}

/// The drawing as an SVG element of a page, with its size in pixels.
pub fn for_screen(drawing: &Drawing) -> String {
    document(drawing, [drawing.width.to_string(), drawing.height.to_string()])
}

fn document(drawing: &Drawing, [wide, high]: [String; 2]) -> String {
    let (width, height) = (drawing.width, drawing.height);
    let mut document = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}\" stroke-linejoin=\"round\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for shape in &drawing.shapes {
        document += &element(shape);
        document.push('\n');
    }
    document + "</svg>\n"
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Line { points, colour, width, dash } => {
            let (path, stroke) = (path(points), hex(*colour));
            let lengths: Vec<String> = dash.iter().map(f64::to_string).collect();
            let dashes = match lengths.is_empty() {
                true => String::new(),
                false => format!(" stroke-dasharray=\"{}\"", lengths.join(" ")),
            };
            format!("<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dashes}/>")
        }
        Shape::Area { points, colour, about } => {
            let area = format!("<path d=\"{}Z\" fill=\"{}\"{}", path(points), hex(*colour), opacity(*colour));
            titled(area, "path", about)
        }
        Shape::Dot { centre: (x, y), radius, colour, about } => {
            let (x, y) = (tenths(*x), tenths(*y));
            let (fill, opacity) = (hex(*colour), opacity(*colour));
            let circle = format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"{opacity}");
            titled(circle, "circle", about)
        }
        Shape::Label(label) => text(label),
    }
}

/// Closes a tag, with a text for the pointer if there is one.
fn titled(tag: String, name: &str, about: &str) -> String {
    match about {
        "" => tag + "/>",
        about => format!("{tag}><title>{}</title></{name}>", escaped(about)),
    }
}

/// The attribute of a fill that is not opaque.
fn opacity(colour: Colour) -> String {
    if colour.alpha < 1.0 { format!(" fill-opacity=\"{}\"", colour.alpha) } else { String::new() }
}

fn text(label: &Label) -> String {
    let (x, y) = (tenths(label.at.0), tenths(label.at.1));
    let mut attributes = String::new();
    match label.anchor {
        Anchor::Start => {}
        Anchor::Middle => attributes += " text-anchor=\"middle\"",
        Anchor::End => attributes += " text-anchor=\"end\"",
    }
    if label.bold {
        attributes += " font-weight=\"bold\"";
    }
    if label.upward {
        attributes += &format!(" transform=\"rotate(-90 {x} {y})\"");
    }
    let words = escaped(&label.text);
    let (size, fill) = (label.size, hex(label.colour));
    format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{attributes}>{words}</text>")
}

/// A text as XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The commands that draw a line through points.
fn path(points: &[Xy]) -> String {
    let mut path = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let command = if n == 0 { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{} {}", tenths(*x), tenths(*y));
    }
    path
}

/// A coordinate in tenths of a pixel, without a zero at the end.
fn tenths(coordinate: f64) -> f64 {
    (10.0 * coordinate).round() / 10.0
}

fn hex(colour: Colour) -> String {
    let (r, g, b) = colour.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn svg_every_shape_is_one_element() {
        let mut drawing = Drawing { height: 40.0, ..Drawing::new(60.0) };
        let red = Colour::hex(0xff0000);
        drawing.area(vec![(10.0, 10.0), (20.04, 10.0), (20.0, 20.0)], red.translucent(0.5));
        drawing.line(vec![(30.0, 0.0), (50.0, 39.96)], red, 2.0);
        drawing.stroke(vec![(0.0, 1.0), (9.0, 1.0)], red, 1.0, &[4.0, 2.5]);
        drawing.dot((3.0, 4.0), 1.5, red);
        drawing.value((3.0, 5.0), 1.5, red, "1 < 2".to_string());
        drawing.tile(vec![(1.0, 1.0), (2.0, 1.0)], red, "0.5".to_string());
        drawing.label(Label::new((5.0, 38.0), "a<b", 10.0, red).bold().centred().upward());
        let expected = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"40\" \
             viewBox=\"0 0 60 40\" font-family=\"DejaVu Sans, Verdana, Liberation Sans, Arial, Helvetica, \
             sans-serif\" stroke-linejoin=\"round\">\n\
             <rect width=\"60\" height=\"40\" fill=\"#ffffff\"/>\n\
             <path d=\"M10 10L20 10L20 20Z\" fill=\"#ff0000\" fill-opacity=\"0.5\"/>\n\
             <path d=\"M30 0L50 40\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"2\"/>\n\
             <path d=\"M0 1L9 1\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"1\" \
             stroke-dasharray=\"4 2.5\"/>\n\
             <circle cx=\"3\" cy=\"4\" r=\"1.5\" fill=\"#ff0000\"/>\n\
             <circle cx=\"3\" cy=\"5\" r=\"1.5\" fill=\"#ff0000\"><title>1 &lt; 2</title></circle>\n\
             <path d=\"M1 1L2 1Z\" fill=\"#ff0000\"><title>0.5</title></path>\n\
             <text x=\"5\" y=\"38\" font-size=\"10\" fill=\"#ff0000\" text-anchor=\"middle\" \
             font-weight=\"bold\" transform=\"rotate(-90 5 38)\">a&lt;b</text>\n</svg>\n";
        assert_eq!(for_screen(&drawing), expected);
        assert!(svg(&drawing).contains("width=\"0.4688in\" height=\"0.3125in\" viewBox=\"0 0 60 40\""));
    }
}
