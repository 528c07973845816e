//! The number that is nearest to the slope of the norm.

use super::words::listed;
use crate::report::format::significant;
use crate::report::summary::{Section, Statistic};
use crate::support::stats;

/// The numbers that predict a slope, in words.
const PREDICTORS: [(&str, &str); 3] = [
    ("largest_exponent", "the largest Lyapunov exponent"),
    ("log10_spectral_radius", "the spectral radius of W_hh"),
    ("mean_log10_gate", "the mean forget (or update) gate"),
];

/// The sections with predictors, and the norm whose slope they predict.
const SLOPES: [(Section, &str, &str); 2] =
    [(Section::Gradients, "total_h", "∂L/∂h"), (Section::Jacobian, "frobenius", "∂s_T/∂s_t")];

/// Sentences on the mean absolute difference between each predictor and the slope; none without a predictor
/// of two slopes.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    SLOPES.iter().filter_map(|slopes| sentence(summary, *slopes)).collect()
}

fn sentence(summary: &[Statistic], (section, quantity, words): (Section, &str, &str)) -> Option<String> {
    let slope = |row: &Statistic| {
        let of_point = |other: &&Statistic| {
            (other.section, other.metric, other.quantity.as_str()) == (section, "slope", quantity)
                && other.point == row.point
        };
        summary.iter().rfind(of_point)?.estimate.value
    };
    let mut found: Vec<(f64, &str, Vec<f64>)> = Vec::new();
    for (metric, words) in PREDICTORS {
        let of_metric = summary.iter().filter(|row| (row.section, row.metric) == (section, metric));
        let errors: Vec<f64> = of_metric.filter_map(|row| Some(slope(row)? - row.estimate.value?)).collect();
        let sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        if let (Some(mean), true) = (stats::mean(&sizes), sizes.len() >= 2) {
            found.push((mean, words, errors));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let of = |(mean, words, errors): &(f64, &str, Vec<f64>)| {
        let above = errors.iter().filter(|error| **error > 0.0).count();
        let side = format!("the slope is above at {above} of {} settings", errors.len());
        (words.to_string(), format!("{} log10 per step ({side})", significant(*mean, 2)))
    };
    let each: Vec<(String, String)> = found.iter().map(of).collect();
    let ((nearest, error), others) = each.split_first()?;
    let others: Vec<String> = others.iter().map(|(words, error)| format!("{words} by {error}")).collect();
    let start = format!("The log10 slope of the norm of {words} is");
    Some(match others.as_slice() {
        [] => format!("{start} off {nearest} by {error}, on average."),
        others => {
            format!("{start} nearest to {nearest}: off by {error}, on average. It is off {}.", listed(others))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;

    #[test]
    fn sentences_put_the_nearest_predictor_first() {
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
        let expected = "The log10 slope of the norm of ∂L/∂h is nearest to the largest Lyapunov exponent: \
                        off by 0.010 log10 per step (the slope is above at 1 of 2 settings), on average. It \
                        is off the mean forget (or update) gate by 0.20 log10 per step (the slope is above \
                        at 2 of 2 settings).";
        assert_eq!(sentences(&rows), [expected]);
        let expected = "The log10 slope of the norm of ∂L/∂h is off the mean forget (or update) gate by 0.20 \
                        log10 per step (the slope is above at 2 of 2 settings), on average.";
        assert_eq!(sentences(&rows[..4]), [expected]);
        assert_eq!(sentences(&rows[..3]), [""; 0], "one slope is no comparison");
    }
}
