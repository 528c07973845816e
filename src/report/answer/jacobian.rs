//! The slope of the norm of products of Jacobians.

use super::MOST_LISTED;
use super::words::{Labels, listed, rising};
use crate::report::format::with_interval;
use crate::report::summary::{Section, Statistic};

/// A sentence on the slopes; none if there are none.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let is_slope = |row: &&Statistic| {
        row.section == Section::Jacobian && row.metric == "slope" && row.quantity == "frobenius"
    };
    let mut slopes: Vec<&Statistic> = summary.iter().filter(is_slope).collect();
    slopes.sort_by(|a, b| rising(&b.estimate, &a.estimate));
    let labels = Labels::of(&slopes.iter().map(|row| &row.point).collect::<Vec<_>>());
    let of = |row: &Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    let start = "Per step back, log10 of the norm of ∂s_T/∂s_t changes by";
    match slopes.as_slice() {
        [] => None,
        [most, middle @ .., least] if middle.len() + 2 > MOST_LISTED => {
            Some(format!("{start} between {} and {}.", of(least), of(most)))
        }
        few => Some(format!("{start} {}.", listed(&few.iter().map(|row| of(row)).collect::<Vec<_>>()))),
    }
}
