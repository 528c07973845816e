//! Figures. One description of shapes is drawn as SVG and as PNG, so that both show the same.

mod axis;
mod canvas;
mod curves;
mod inside;
mod legend;
#[cfg(test)]
mod overlap;
mod panels;
mod profiles;
mod quantities;
mod render;
mod speed;
mod style;

use std::io;

use super::group::CurveGroup;
use super::profile::ProfileGroup;
use crate::results::schema::SummaryRow;

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name of its files, without the ending; no other figure of the report has it.
    pub name: String,
    /// Which figure it is, in a few words.
    pub title: String,
    /// What it shows.
    pub caption: String,
    drawing: canvas::Drawing,
}

impl Figure {
    /// As an SVG document.
    ///
    /// # Errors
    /// The drawing library refuses a shape.
    pub fn svg(&self) -> io::Result<String> {
        render::svg(&self.drawing)
    }

    /// As a PNG file, at twice the pixels of the SVG's size.
    ///
    /// # Errors
    /// The drawing library refuses a shape.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        render::png(&self.drawing)
    }
}

/// The figures of gradient norms over lag.
pub fn of_gradients(groups: &[CurveGroup]) -> Vec<Figure> {
    with_file_names(curves::figures(groups), &[])
}

/// The figures of what was learned. None of them is named as one of `others`.
pub fn of_training(groups: &[CurveGroup], others: &[Figure]) -> Vec<Figure> {
    with_file_names(curves::figures(groups), others)
}

/// The figures of what learning does to the gradient. None of them is named as one of `others`.
pub fn of_profiles(groups: &[ProfileGroup], others: &[Figure]) -> Vec<Figure> {
    with_file_names(profiles::figures(groups), others)
}

/// The figures of products of Jacobians. None of them is named as one of `others`.
pub fn of_jacobian(groups: &[CurveGroup], others: &[Figure]) -> Vec<Figure> {
    with_file_names(curves::figures(groups), others)
}

/// The figures of the ratios to builtin. None of them is named as one of `others`.
pub fn of_speed(summary: &[SummaryRow], others: &[Figure]) -> Vec<Figure> {
    with_file_names(speed::figures(summary), others)
}

/// Makes every name fit for a file, and unlike every other.
fn with_file_names(figures: Vec<Figure>, others: &[Figure]) -> Vec<Figure> {
    let mut taken: Vec<String> = others.iter().map(|figure| figure.name.clone()).collect();
    let mut named = Vec::new();
    for figure in figures {
        let plain = slug(&figure.name);
        let numbered = (2..).map(|n| format!("{plain}-{n}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
        let name = name.unwrap_or(plain);
        taken.push(name.clone());
        named.push(Figure { name, ..figure });
    }
    named
}

/// Everything but letters, digits, `.`, `_` and `=` as a single `-`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        let fits = letter.is_ascii_alphanumeric() || "._=".contains(letter);
        if fits {
            slug.push(letter);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_files_and_unlike_each_other() {
        let figure = |name: &str| Figure {
            name: name.into(),
            title: String::new(),
            caption: String::new(),
            drawing: canvas::Drawing::new(10.0),
        };
        assert_eq!(slug("total_h-T10-text a/b-cuda:0"), "total_h-T10-text-a-b-cuda-0");
        let figures =
            with_file_names(["a b", "a/b", "a.b", "taken"].map(figure).to_vec(), &[figure("taken")]);
        let names: Vec<_> = figures.into_iter().map(|figure| figure.name).collect();
        assert_eq!(names, ["a-b", "a-b-2", "a.b", "taken-2"]);
    }
}
