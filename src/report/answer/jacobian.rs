//! The slope of the norm of products of Jacobians.

use super::words::{Labels, listed_or_ends, rising};
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
    let of = |row: &&Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    let numbers = listed_or_ends(&slopes.iter().map(of).collect::<Vec<_>>())?;
    Some(format!("Per step back, log10 of the norm of ∂s_T/∂s_t changes by {numbers}."))
}
