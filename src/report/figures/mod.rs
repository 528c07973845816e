//! Figures. One list of shapes is written as SVG and as PNG, so that both show the same.

mod curves;
mod draw;
mod facets;
mod figure;
mod profiles;
mod quantities;
mod speed;

use super::group::Groups;
use super::summary::Statistic;

pub use self::figure::Figure;

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
    pub fn draw(groups: &Groups, summary: &[Statistic]) -> Figures {
        let mut names = Names::default();
        let mut named = |figures: Vec<Figure>| figures.into_iter().map(|figure| names.give(figure)).collect();
        Figures {
            gradients: named(curves::figures(&groups.gradients)),
            jacobian: named(curves::figures(&groups.jacobian)),
            speed: named(speed::figures(summary)),
            training: named(
                [curves::figures(&groups.learning), profiles::figures(&groups.profiles)].concat(),
            ),
        }
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        [&self.training, &self.gradients, &self.jacobian, &self.speed].into_iter().flatten()
    }
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
            drawing: draw::shapes::Drawing::new(10.0),
        };
        assert_eq!(slug("total_h-T10-text a/b-cuda:0"), "total_h-T10-text-a-b-cuda-0");
        let mut names = Names::default();
        let given = ["taken", "a b", "a/b", "a.b", "taken"].map(|name| names.give(figure(name)).name);
        assert_eq!(given, ["taken", "a-b", "a-b-2", "a.b", "taken-2"]);
    }
}
