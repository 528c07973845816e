//! The number that is nearest to the slope of the norm.

use super::words::listed;
use crate::report::format::significant;
use crate::report::summary::Statistic;
use crate::support::stats;

/// The numbers that predict a slope, in words.
const PREDICTORS: [(&str, &str); 3] = [
    ("largest_exponent", "the largest Lyapunov exponent"),
    ("log10_spectral_radius", "the spectral radius of W_hh"),
    ("mean_log10_gate", "the mean forget (or update) gate"),
];

/// A sentence on the mean absolute difference between each predictor and the slope; none without a predictor
/// of two slopes.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let slope = |row: &Statistic| {
        let of_point = |other: &&Statistic| {
            other.metric == "slope"
                && ["total_h", "frobenius"].contains(&other.quantity.as_str())
                && (other.section, &other.point) == (row.section, &row.point)
        };
        summary.iter().rfind(of_point)?.estimate.value
    };
    let mut found: Vec<(f64, &str, usize)> = Vec::new();
    for (metric, words) in PREDICTORS {
        let of_metric = summary.iter().filter(|row| row.metric == metric);
        let errors: Vec<f64> =
            of_metric.filter_map(|row| Some((row.estimate.value? - slope(row)?).abs())).collect();
        if let (Some(mean), true) = (stats::mean(&errors), errors.len() >= 2) {
            found.push((mean, words, errors.len()));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let each: Vec<String> = found
        .iter()
        .map(|(mean, words, count)| format!("{words} by {} ({count} settings)", significant(*mean, 2)))
        .collect();
    (!each.is_empty()).then(|| format!("The log10 slope per step differs on average from {}.", listed(&each)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::report::summary::Section;

    #[test]
    fn sentence_puts_the_nearest_predictor_first() {
        let of = |metric, quantity: &str, hidden, value| {
            let point = crate::settings::Settings { hidden_size: hidden, ..run("a", 1).settings };
            Statistic {
                quantity: quantity.into(),
                ..Statistic::new(Section::Gradients, metric, &point, Estimate::mean(&[value]), "1")
            }
        };
        let rows = [
            of("slope", "total_h", 8, -0.1),
            of("slope", "total_h", 16, -0.2),
            of("mean_log10_gate", "", 8, -0.4),
            of("mean_log10_gate", "", 16, -0.3),
            of("largest_exponent", "", 8, -0.12),
            of("largest_exponent", "", 16, -0.2),
            of("log10_spectral_radius", "", 16, -0.2),
        ];
        let expected = "The log10 slope per step differs on average from the largest Lyapunov exponent by \
                        0.010 (2 settings) and the mean forget (or update) gate by 0.20 (2 settings).";
        assert_eq!(sentence(&rows).unwrap(), expected);
        assert_eq!(sentence(&rows[..3]), None, "one slope is no comparison");
    }
}
