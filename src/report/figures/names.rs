//! The names of files of figures.

use super::draw::style::Page;
use super::figure::Figure;
use crate::config::spec::Plot;

/// The names of files that are taken.
#[derive(Default)]
pub struct Names(Vec<String>);

impl Names {
    /// Makes the names of figures fit for files, and unique, and gives the figures the size of the config.
    pub fn give(&mut self, figures: Vec<Figure>, plot: Plot) -> Vec<Figure> {
        let page = Page { inches: plot.width, has_title: plot.title };
        figures.into_iter().map(|figure| Figure { name: self.name(&figure.name), page, ..figure }).collect()
    }

    fn name(&mut self, name: &str) -> String {
        let plain = slug(name);
        let numbered = (2..).map(|n| format!("{plain}-{n}"));
        let mut names = std::iter::once(plain.clone()).chain(numbered);
        let name = names.find(|name| !self.0.contains(name)).unwrap_or(plain);
        self.0.push(name.clone());
        name
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
    fn name_is_fit_for_files_and_unique() {
        assert_eq!(slug("total_h-T10-text a/b-cuda:0"), "total_h-T10-text-a-b-cuda-0");
        let mut names = Names::default();
        let given = ["taken", "a b", "a/b", "a.b", "taken"].map(|name| names.name(name));
        assert_eq!(given, ["taken", "a-b", "a-b-2", "a.b", "taken-2"]);
    }
}
