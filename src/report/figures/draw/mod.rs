//! The drawing kit: charts laid out as shapes, shapes written as SVG, PNG and PDF. It knows nothing of
//! reports.

pub mod axis;
pub mod chart;
mod clip;
mod ends;
pub mod font;
pub mod heat;
#[cfg(test)]
pub mod layout_check;
pub mod legend;
mod overlap;
pub mod panels;
pub mod pdf;
mod pdf_font;
mod plot;
pub mod png;
mod readings;
pub mod rows;
pub mod shapes;
pub mod style;
pub mod svg;
