//! The table of products of Jacobians: the measured slope, and the numbers that predict it.

use super::markdown_table::{Captioned, MarkdownTable};
use super::settings::{cells, columns, header, rest};
use super::statistics::{find, last_lag, metric_cell, norm_at, norm_cell};
use crate::report::group::{FIRST_EXPONENT, FIRST_QUARTER_EXPONENT};
use crate::report::group_by::group_by;
use crate::report::summary::{QUARTER_EXPONENT, SMALLEST_EXPONENT, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The metrics that have columns, with their heads.
const METRICS: [(&str, &str); 9] = [
    ("slope", "slope, log10 per step"),
    ("half_life", "half-life, steps"),
    ("largest_exponent", "largest exponent, log10 per step"),
    (FIRST_EXPONENT, "largest exponent before training"),
    (QUARTER_EXPONENT, "exponent of a quarter"),
    (FIRST_QUARTER_EXPONENT, "exponent of a quarter before training"),
    (SMALLEST_EXPONENT, "smallest exponent"),
    ("log10_spectral_radius", "log10 ρ(W\\_hh)"),
    ("mean_log10_gate", "mean log10 f (z)"),
];

/// A row per grid point; none if there are no products of Jacobians.
pub fn table(summary: &[Statistic]) -> Option<Captioned> {
    let is_shown = |row: &&Statistic| ["", "frobenius"].contains(&row.quantity.as_str()) || is_condition(row);
    let of_jacobian = summary.iter().filter(|row| row.section == Section::Jacobian);
    let blocks = group_by(of_jacobian.filter(is_shown), |row| &row.point);
    let (point, _) = blocks.first()?;
    let settings = columns(blocks.iter().map(|(point, _)| *point));
    // A predictor of one cell has no meaning for another.
    let mut metrics = METRICS.to_vec();
    metrics.retain(|(metric, _)| blocks.iter().any(|(_, rows)| find(rows, metric).is_some()));
    let mut head = header(&settings);
    head.extend(metrics.iter().map(|(_, title)| title.to_string()));
    head.push("log10 condition number at the largest lag".to_string());
    let row = |(point, rows): &(&Settings, Vec<&Statistic>)| {
        let mut row = cells(&settings, point);
        let (condition, others): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|row| is_condition(row));
        row.extend(metrics.iter().map(|(metric, _)| metric_cell(&others, metric)));
        let last = last_lag(&condition);
        let found = norm_at(&condition, last).is_some();
        row.push(if found { format!("{} at {last}", norm_cell(&condition, last)) } else { String::new() });
        row
    };
    let table = MarkdownTable { header: head, rows: blocks.iter().map(row).collect() };
    let after = if point.kind == ExperimentKind::Training { " after training" } else { "" };
    let caption = format!("∂s\\_T/∂s\\_t{after}; all rows: {}.", rest(&settings, point));
    let title = "Decay of products of Jacobians".to_string();
    Some(Captioned { title, caption, table })
}

fn is_condition(row: &Statistic) -> bool {
    row.quantity == "condition_number" && row.metric == "log10_norm"
}
