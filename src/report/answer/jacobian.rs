//! The norm of products of Jacobians, and the directions of the state.

use super::words::{Labels, listed_or_ends, rising, share};
use crate::report::summary::{QUARTER_EXPONENT, Section, Statistic};
use crate::settings::names::ExperimentKind;

/// A sentence on the slopes, and one on the exponents that a quarter of the directions reach; none of what is
/// not there.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let jacobian = || summary.iter().filter(|row| row.section == Section::Jacobian);
    let slopes = jacobian().filter(|row| row.metric == "slope" && row.quantity == "frobenius");
    let quarter = jacobian().filter(|row| row.metric == QUARTER_EXPONENT);
    let of_slopes = numbers(slopes.collect());
    let is_trained = jacobian().any(|row| row.point.kind == ExperimentKind::Training);
    let after = if is_trained { " after training" } else { "" };
    let of_slopes =
        of_slopes.map(|left| format!("Of the norm of ∂s_T/∂s_t{after}, each step back leaves {left}."));
    let start =
        format!("A quarter of the directions of the state{after} keep at least this share at each step");
    let of_quarter = numbers(quarter.collect()).map(|left| format!("{start}: {left}."));
    of_slopes.into_iter().chain(of_quarter).collect()
}

/// The shares that a step leaves, from the largest.
fn numbers(mut rows: Vec<&Statistic>) -> Option<String> {
    rows.sort_by(|a, b| rising(&b.estimate, &a.estimate));
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let of = |row: &&Statistic| format!("{}{}", share(&row.estimate), labels.bracketed(&row.point));
    listed_or_ends(&rows.iter().map(of).collect::<Vec<_>>())
}
