//! One figure, and its files.

use std::io;

use super::data::{Row, of_heat, of_panels, of_rows};
use super::draw::chart::Panels;
use super::draw::heat::Heat;
use super::draw::rows::Rows;
use super::draw::shapes::Drawing;
use super::draw::style::Page;
use super::draw::{heat, panels, pdf, png, rows, svg};

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name of its files without the ending; unique in a report.
    pub name: String,
    /// The sentence below the figure.
    pub caption: String,
    /// The numbers and their look.
    pub chart: Chart,
    /// The size, and the heading.
    pub page: Page,
}

/// The forms of a figure.
#[derive(Debug, Clone)]
pub enum Chart {
    /// Panels of lines.
    Panels(Panels),
    /// Rows of numbers with intervals.
    Rows(Rows),
    /// A table of shades.
    Heat(Heat),
}

impl Figure {
    /// A figure of the usual size.
    pub fn new(name: impl Into<String>, caption: impl Into<String>, chart: Chart) -> Figure {
        Figure { name: name.into(), caption: caption.into(), chart, page: Page::default() }
    }

    /// The title.
    pub fn title(&self) -> &str {
        match &self.chart {
            Chart::Panels(panels) => &panels.title,
            Chart::Rows(rows) => &rows.title,
            Chart::Heat(heat) => &heat.title,
        }
    }

    /// The shapes.
    pub fn drawing(&self) -> Drawing {
        match &self.chart {
            Chart::Panels(chart) => panels::draw(chart, self.page),
            Chart::Rows(chart) => rows::draw(chart, self.page),
            Chart::Heat(chart) => heat::draw(chart, self.page),
        }
    }

    /// The numbers of the figure.
    pub fn data(&self) -> Vec<Row> {
        match &self.chart {
            Chart::Panels(chart) => of_panels(chart),
            Chart::Rows(chart) => of_rows(chart),
            Chart::Heat(chart) => of_heat(chart),
        }
    }

    /// The figure as an SVG document.
    pub fn svg(&self) -> String {
        svg::svg(&self.drawing())
    }

    /// The figure as an SVG element of a page for the screen.
    pub fn svg_for_screen(&self) -> String {
        svg::for_screen(&self.drawing())
    }

    /// The figure as a PNG file of 300 pixels per inch.
    ///
    /// # Errors
    /// The page is too large.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        png::png(&self.drawing())
    }

    /// The figure as a PDF file.
    pub fn pdf(&self) -> Vec<u8> {
        pdf::pdf(&self.drawing())
    }
}
