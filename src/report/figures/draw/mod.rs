//! The drawing kit: charts laid out as shapes, shapes written as SVG and PNG. It knows nothing of reports.

pub mod axis;
pub mod font;
#[cfg(test)]
pub mod layout_check;
pub mod legend;
pub mod panels;
pub mod png;
pub mod ratios;
pub mod readings;
pub mod shapes;
pub mod style;
pub mod svg;
