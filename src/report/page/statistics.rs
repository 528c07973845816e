//! Cells of tables with numbers of the summary.

use crate::report::estimate::Estimate;
use crate::report::format::{plus_minus, with_interval};
use crate::report::summary::Statistic;
use crate::results::RunRecord;

/// The cell of a norm that is 0 or not finite in every seed.
pub const NO_NORM: &str = "–";

/// A metric with its interval, or the verdict that says why it has no value; empty if the metric is missing.
pub fn metric_cell(rows: &[&Statistic], metric: &str) -> String {
    let cell = |row: &Statistic| match (row.estimate.value, &row.verdict) {
        (None, Some(verdict)) => verdict.clone(),
        _ => with_interval(&row.estimate),
    };
    find(rows, metric).map(cell).unwrap_or_default()
}

/// The number of a metric.
pub fn find<'a>(rows: &[&'a Statistic], metric: &str) -> Option<&'a Statistic> {
    rows.iter().find(|row| row.metric == metric).copied()
}

/// The number at a lag.
pub fn norm_at<'a>(rows: &[&'a Statistic], lag: usize) -> Option<&'a Statistic> {
    rows.iter().find(|row| row.lag == Some(lag)).copied()
}

/// The largest lag of any number.
pub fn last_lag(rows: &[&Statistic]) -> usize {
    rows.iter().filter_map(|row| row.lag).max().unwrap_or(0)
}

/// The norm at a lag, with the number of seeds if other lags have more; empty if there is no such lag.
pub fn norm_cell(rows: &[&Statistic], lag: usize) -> String {
    let Some(Statistic { estimate, .. }) = norm_at(rows, lag) else { return String::new() };
    let Estimate { value: Some(_), n, .. } = *estimate else { return NO_NORM.to_string() };
    let most = rows.iter().map(|row| row.estimate.n).max().unwrap_or(n);
    let fewer = if n < most { format!(" (n = {n})") } else { String::new() };
    plus_minus(estimate) + &fewer
}

/// The number of runs, and of those that failed.
pub fn run_count(runs: &[RunRecord]) -> String {
    match runs.iter().filter(|run| !run.is_ok()).count() {
        0 => runs.len().to_string(),
        failed => format!("{}, {failed} failed", runs.len()),
    }
}
