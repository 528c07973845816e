//! One figure, and its files.

use std::io;

use super::draw::{png, shapes, svg};

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name of its files without the ending; unique in a report.
    pub name: String,
    /// The title in a few words.
    pub title: String,
    /// The sentence below the figure.
    pub caption: String,
    /// The shapes.
    pub drawing: shapes::Drawing,
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
