//! The lag at which backpropagation may stop without much error in the gradient of the recurrent weights.

use super::norms::last_layer;
use super::words::{Labels, listed};
use crate::report::group_by::group_by;
use crate::report::summary::Statistic;
use crate::settings::Settings;
use crate::settings::names::Quantity;

/// log10 of the relative error that is small enough.
const SMALL: f64 = -2.0;

/// A sentence with one lag for each grid point; none without truncation errors. Of several layers, the last
/// one counts.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let is_error =
        |row: &&Statistic| row.metric == "log10_norm" && row.quantity == Quantity::TruncationError.as_str();
    let blocks = group_by(summary.iter().filter(is_error), |row| &row.point);
    let labels = Labels::of(&blocks.iter().map(|(point, _)| *point).collect::<Vec<_>>());
    let of = |(point, rows): &(&Settings, Vec<&Statistic>)| {
        let is_small = |row: &&Statistic| row.estimate.value.is_some_and(|error| error <= SMALL);
        let (small, large): (Vec<&Statistic>, Vec<&Statistic>) =
            last_layer(rows).into_iter().filter(|row| row.estimate.n > 0).partition(is_small);
        let first = small.iter().filter_map(|row| row.lag).min();
        let last = large.iter().filter_map(|row| row.lag).max();
        let lag = first.map(|lag| lag.to_string()).or_else(|| Some(format!("beyond {}", last?)))?;
        Some(format!("{lag}{}", labels.bracketed(point)))
    };
    let each: Vec<String> = blocks.iter().filter_map(of).collect();
    let start = "Of the lags 0, 1, 2, 5, 10, …, the first at which truncated backpropagation errs by at most \
                 a hundredth in the gradient of W_hh is";
    (!each.is_empty()).then(|| format!("{start} {}.", listed(&each)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::report::summary::Section;

    #[test]
    fn sentence_takes_the_first_lag_with_a_small_error_of_the_last_layer() {
        let point = run("a", 1).settings;
        let row = |layer, lag, error| Statistic {
            quantity: "weight_hh_truncation_error".into(),
            layer: Some(layer),
            lag: Some(lag),
            ..Statistic::new(Section::Gradients, "log10_norm", &point, Estimate::mean(&[error]), "log10")
        };
        let rows = [row(0, 0, -5.0), row(1, 0, -0.5), row(1, 1, -1.9), row(1, 2, -2.1), row(1, 5, -9.0)];
        let found = sentence(&rows).unwrap();
        assert!(found.ends_with("in the gradient of W_hh is 2."), "{found}");
        assert!(sentence(&rows[1..3]).unwrap().ends_with("is beyond 1."));
        assert_eq!(sentence(&[]), None);
    }
}
