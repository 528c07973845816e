//! The values of a line for the reader of an SVG: dots that are not seen, each with a text.

use super::legend::LineStyle;
use super::shapes::{Drawing, Xy};
use crate::support::text::number;

/// The approximate number of dots of a line.
const DOTS: usize = 40;

/// The radius within which the pointer finds a dot, in pixels.
const RADIUS: f64 = 5.0;

/// A point of a line.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The place on the page.
    pub place: Xy,
    /// The value on the x axis.
    pub x: f64,
    /// The value of the line, between the ends of the band.
    pub band: [f64; 3],
}

/// Adds dots for some points of a line.
pub fn readings(drawing: &mut Drawing, style: &LineStyle, points: &[Reading]) {
    let every = points.len().div_ceil(DOTS).max(1);
    for Reading { place, x, band } in points.iter().step_by(every) {
        let [low, middle, high] = band.map(rounded);
        let band = if low == high { String::new() } else { format!(" ({low} to {high})") };
        let about = format!("{}: {middle}{band} at {}", style.label, number(*x));
        drawing.value(*place, RADIUS, style.colour.translucent(0.0), about);
    }
}

/// A value with about four significant digits.
fn rounded(value: f64) -> String {
    let digits = (3.0 - value.abs().max(1e-300).log10().floor()).clamp(0.0, 12.0) as usize;
    number(format!("{value:.digits$}").parse().unwrap_or(value)).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::super::shapes::{Colour, Shape};
    use super::*;

    fn texts(bands: &[[f64; 3]]) -> Vec<String> {
        let style = LineStyle::line("lstm", Colour::hex(0), 1.0);
        let reading = |(n, band): (usize, &[f64; 3])| Reading { place: (0.0, 0.0), x: n as f64, band: *band };
        let points: Vec<Reading> = bands.iter().enumerate().map(reading).collect();
        let mut drawing = Drawing::new(100.0);
        readings(&mut drawing, &style, &points);
        let text = |shape: &Shape| match shape {
            Shape::Dot { about, colour, .. } if colour.alpha == 0.0 => Some(about.clone()),
            _ => None,
        };
        drawing.shapes.iter().filter_map(text).collect()
    }

    #[test]
    fn readings_name_line_value_band_and_place() {
        let found = texts(&[[0.0; 3], [-1.25, -1.23456, -1.2], [-123.456; 3]]);
        let expected = ["lstm: 0 at 0", "lstm: −1.235 (−1.25 to −1.2) at 1", "lstm: −123.5 at 2"];
        assert_eq!(found, expected);
    }

    #[test]
    fn readings_of_a_long_line_are_few() {
        let count = texts(&[[1.0; 3]; 1000]).len();
        assert!((30..=60).contains(&count), "{count}");
    }
}
