//! For tests: finds texts that overlap and shapes beyond the page.

use super::font::text_width;
use super::shapes::{Drawing, Label, Shape, Xy};

/// Upper left and lower right corner.
type Box = (Xy, Xy);

/// The faults of a drawing: texts that overlap, shapes beyond the page, places that are not numbers.
pub fn faults(drawing: &Drawing) -> Vec<String> {
    let mut faults = Vec::new();
    let mut texts: Vec<(&Label, Box)> = Vec::new();
    for shape in &drawing.shapes {
        let corners = match shape {
            Shape::Line { points, .. } | Shape::Area { points, .. } => points.clone(),
            Shape::Dot { centre, .. } => vec![*centre],
            Shape::Label(text) => {
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

fn text_box(text: &Label) -> Box {
    let width = text_width(&text.text, text.size, text.bold);
    let before = text.anchor.before() * width;
    let (x, y) = text.at;
    let (ascent, descent) = (0.76 * text.size, 0.24 * text.size);
    if text.upward {
        ((x - ascent, y - (width - before)), (x + descent, y + before))
    } else {
        ((x - before, y - ascent), (x - before + width, y + descent))
    }
}
