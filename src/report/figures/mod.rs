//! Figures. One list of shapes is written as SVG and as PNG, so that both show the same.

mod curves;
mod draw;
mod facets;
mod profiles;
mod quantities;
mod speed;

use std::io;

use self::draw::{png, shapes, svg};
use super::group::CurveGroup;
use super::load::Experiment;
use crate::results::schema::SummaryRow;

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name of its files without the ending; unique in a report.
    pub name: String,
    /// The title in a few words.
    pub title: String,
    /// The sentence below the figure.
    pub caption: String,
    drawing: shapes::Drawing,
}

impl Figure {
    /// The figure as an SVG document.
    pub fn svg(&self) -> String {
        svg::svg(&self.drawing)
    }

    /// The figure as a PNG file, at twice the pixels of the SVG's size.
    ///
    /// # Errors
    /// The page is too large.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        png::png(&self.drawing)
    }
}

/// The figures of a report, by section.
#[derive(Debug, Default)]
pub struct Figures {
    /// Figures of training.
    pub training: Vec<Figure>,
    /// Figures of gradients.
    pub gradients: Vec<Figure>,
    /// Figures of products of Jacobians.
    pub jacobian: Vec<Figure>,
    /// Figures of speed.
    pub speed: Vec<Figure>,
}

impl Figures {
    /// Draws every figure of an experiment.
    pub fn draw(experiment: &Experiment, training: &[CurveGroup], summary: &[SummaryRow]) -> Figures {
        let mut names = Names::default();
        let mut named = |figures: Vec<Figure>| figures.into_iter().map(|figure| names.give(figure)).collect();
        Figures {
            gradients: named(curves::figures(&experiment.gradients)),
            jacobian: named(curves::figures(&experiment.jacobian)),
            speed: named(speed::figures(summary)),
            training: named([curves::figures(training), profiles::figures(&experiment.profiles)].concat()),
        }
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        [&self.training, &self.gradients, &self.jacobian, &self.speed].into_iter().flatten()
    }
}

/// Cuts a line where there is no point.
fn segments<P>(points: impl Iterator<Item = Option<P>>) -> Vec<Vec<P>> {
    let mut segments = vec![Vec::new()];
    for point in points {
        match (point, segments.last_mut()) {
            (Some(point), Some(segment)) => segment.push(point),
            _ => segments.push(Vec::new()),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// The names of files that are taken.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    /// Makes the name of a figure fit for a file, and unique.
    fn give(&mut self, figure: Figure) -> Figure {
        let plain = slug(&figure.name);
        let numbered = (2..).map(|n| format!("{plain}-{n}"));
        let mut names = std::iter::once(plain.clone()).chain(numbered);
        let name = names.find(|name| !self.0.contains(name)).unwrap_or(plain);
        self.0.push(name.clone());
        Figure { name, ..figure }
    }
}

/// Replaces everything but letters, digits, `.`, `_` and `=` by a single `-`.
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
    fn names_are_fit_for_files_and_unique() {
        let figure = |name: &str| Figure {
            name: name.into(),
            title: String::new(),
            caption: String::new(),
            drawing: shapes::Drawing::new(10.0),
        };
        assert_eq!(slug("total_h-T10-text a/b-cuda:0"), "total_h-T10-text-a-b-cuda-0");
        let mut names = Names::default();
        let given = ["taken", "a b", "a/b", "a.b", "taken"].map(|name| names.give(figure(name)).name);
        assert_eq!(given, ["taken", "a-b", "a-b-2", "a.b", "taken-2"]);
    }
}
