//! The look of figures.

/// The choices of a config for its figures, checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plot {
    /// The setting whose values are colours.
    pub colour: Option<&'static str>,
    /// The setting whose values have a panel each.
    pub facet: Option<&'static str>,
    /// The setting on the x axis of the figure of one number per grid point.
    pub x: Option<&'static str>,
    /// The width in inches.
    pub width: f64,
    /// True for figures with a title.
    pub title: bool,
}

impl Plot {
    /// The width of a page of text, in inches.
    pub const PAGE: f64 = 7.0;
    /// The width of a column of text, in inches.
    pub const COLUMN: f64 = 3.5;
}

impl Default for Plot {
    fn default() -> Plot {
        Plot { colour: None, facet: None, x: None, width: Plot::PAGE, title: true }
    }
}
