//! For tests: whether everything on a page can be read.

use super::canvas::{Anchor, Drawing, Shape, Text, Xy};
use super::render::text_width;

/// Upper left and lower right corner.
type Box = (Xy, Xy);

/// What is wrong with a drawing: texts that overlap, shapes beyond the page, places that are no numbers.
pub fn faults(drawing: &Drawing) -> Vec<String> {
    let mut faults = Vec::new();
    let mut texts: Vec<(&Text, Box)> = Vec::new();
    for shape in &drawing.shapes {
        let corners = match shape {
            Shape::Line { points, .. } | Shape::Area { points, .. } => points.clone(),
            Shape::Dot { centre, .. } => vec![*centre],
            Shape::Text(text) => {
                let (upper, lower) = text_box(text);
                texts.push((text, (upper, lower)));
                vec![upper, lower]
            }
        };
        let on_page = |(x, y): &Xy| (0.0..=drawing.width).contains(x) && (0.0..=drawing.height).contains(y);
        if !corners.iter().all(on_page) {
            faults.push(format!("beyond the page: {shape:?}"));
        }
    }
    for (n, (first, a)) in texts.iter().enumerate() {
        for (second, b) in &texts[n + 1..] {
            if a.0.0 < b.1.0 && b.0.0 < a.1.0 && a.0.1 < b.1.1 && b.0.1 < a.1.1 {
                faults.push(format!("`{}` overlaps `{}`", first.text, second.text));
            }
        }
    }
    faults
}

fn text_box(text: &Text) -> Box {
    let width = text_width(&text.text, text.size, text.bold);
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let (x, y) = text.at;
    let (ascent, descent) = (0.76 * text.size, 0.24 * text.size);
    if text.upward {
        ((x - ascent, y - (width - before)), (x + descent, y + before))
    } else {
        ((x - before, y - ascent), (x - before + width, y + descent))
    }
}
