//! The slopes of a norm beside the numbers that predict them.

use super::statistic::{Section, Statistic};
use crate::report::estimate::Estimate;
use crate::settings::Settings;

/// The norms whose slopes have predictors: section, quantity, symbol.
pub const PREDICTED: [(Section, &str, &str); 2] =
    [(Section::Gradients, "total_h", "∂L/∂h"), (Section::Jacobian, "frobenius", "∂s_T/∂s_t")];

/// The numbers that predict a slope: metric, words.
pub const PREDICTORS: [(&str, &str); 3] = [
    ("largest_exponent", "The largest Lyapunov exponent"),
    ("log10_spectral_radius", "The spectral radius of W_hh"),
    ("mean_log10_gate", "The mean forget (or update) gate"),
];

/// A slope and the number that predicts it, both in log10 per step.
#[derive(Debug, Clone, Copy)]
pub struct Prediction<'a> {
    /// The grid point.
    pub point: &'a Settings,
    /// The measured slope.
    pub slope: Estimate,
    /// The prediction.
    pub predicted: Estimate,
}

/// The slopes of a quantity in the last layer at the grid points that have the predictor.
pub fn predictions<'a>(
    summary: &'a [Statistic],
    (section, quantity): (Section, &str),
    metric: &str,
) -> Vec<Prediction<'a>> {
    let slope = |row: &Statistic| {
        let is_slope = |other: &&Statistic| {
            (other.section, other.metric, other.quantity.as_str()) == (section, "slope", quantity)
                && other.point == row.point
        };
        summary.iter().rfind(is_slope).map(|row| row.estimate).filter(|slope| slope.value.is_some())
    };
    let rows = summary.iter().filter(|row| (row.section, row.metric) == (section, metric));
    let rows = rows.filter(|row| row.estimate.value.is_some());
    rows.filter_map(|row| Some(Prediction { point: &row.point, slope: slope(row)?, predicted: row.estimate }))
        .collect()
}
