//! The numbers that predict the slope of the norm, and how well they do.

use crate::report::format::significant;
use crate::report::summary::{PREDICTED, PREDICTORS, Section, Statistic, predictions};
use crate::support::stats;

/// The largest error, as a share of the slope, of a prediction that is right.
const CLOSE: f64 = 0.1;

/// The error in log10 per step, 1 %, that is right at any slope: a slope near 0 has no share of its own.
const ONE_PERCENT: f64 = 0.0043;

/// The least share of settings at which a number that predicts the slope is right.
const MOST: f64 = 0.9;

/// The least share of settings at which a number that often predicts it is right.
const OFTEN: f64 = 0.5;

/// A predictor beside the slopes.
struct Predictor<'a> {
    metric: &'a str,
    words: &'a str,
    /// The slopes, and how far they are above the predictor.
    slopes: Vec<f64>,
    errors: Vec<f64>,
}

/// A sentence on the error of each predictor, from the smallest error on; none without a predictor of two
/// slopes.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    PREDICTED.iter().flat_map(|slopes| of_norm(summary, *slopes)).collect()
}

fn of_norm(summary: &[Statistic], (section, quantity, norm): (Section, &str, &str)) -> Vec<String> {
    let predictor = |(metric, words): (&'static str, &'static str)| {
        let pairs = predictions(summary, (section, quantity), metric).into_iter();
        let pairs = pairs.filter_map(|pair| Some((pair.slope.value?, pair.predicted.value?)));
        let (slopes, errors) = pairs.map(|(slope, value)| (slope, slope - value)).unzip();
        Predictor { metric, words, slopes, errors }
    };
    let mut found: Vec<Predictor> = PREDICTORS.into_iter().map(predictor).collect();
    found.retain(|predictor| predictor.errors.len() >= 2);
    found.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    found.iter().map(|predictor| predictor.sentence(section, norm)).collect()
}

impl Predictor<'_> {
    /// The error at each setting, as a share of the slope.
    fn shares(&self) -> Vec<f64> {
        self.errors.iter().zip(&self.slopes).map(|(error, slope)| (error / slope).abs()).collect()
    }

    /// The share in the middle of all settings.
    fn middle(&self) -> f64 {
        stats::median(&self.shares()).unwrap_or(f64::NAN)
    }

    fn sentence(&self, section: Section, norm: &str) -> String {
        let all = self.errors.len();
        let is_right = |(error, share): &(&f64, f64)| error.abs() <= ONE_PERCENT || *share <= CLOSE;
        let right = self.errors.iter().zip(self.shares()).filter(is_right).count();
        let verb = match right as f64 / all as f64 {
            share if share >= MOST => "predicts",
            share if share >= OFTEN => "often predicts",
            _ => "does not predict",
        };
        let above = self.errors.iter().filter(|error| **error > 0.0).count();
        let direction = match all - above {
            0 => "The slope is above the predicted one at each setting.".to_string(),
            below if below == all => "The slope is below the predicted one at each setting.".to_string(),
            _ => format!("The slope is above the predicted one at {above} of {all}."),
        };
        let by_definition = if (section, self.metric) == (Section::Jacobian, "largest_exponent") {
            "By its definition, the largest Lyapunov exponent is the limit of the slope in long sequences. "
        } else {
            ""
        };
        // Where each prediction is right, the share of a slope near 0 would only confuse.
        let middle = if all < 3 || right == all {
            String::new()
        } else {
            format!(", and the median error is {} % of the slope", significant(100.0 * self.middle(), 2))
        };
        format!(
            "{by_definition}{} {verb} the log10 slope of the norm of {norm}: it is within a tenth of the \
             slope or 1 % per step at {right} of {all} settings{middle}. {direction}",
            self.words
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::settings::Settings;

    fn row(
        section: Section,
        (metric, quantity): (&'static str, &str),
        hidden: usize,
        value: f64,
    ) -> Statistic {
        let point = Settings { hidden_size: hidden, ..run("a", 1).settings };
        let quantity = quantity.into();
        Statistic { quantity, ..Statistic::new(section, metric, &point, Estimate::mean(&[value]), "1") }
    }

    #[test]
    fn sentences_a_slope_near_zero_is_predicted_within_one_percent_per_step() {
        let of = |metric, quantity, hidden, value| row(Section::Gradients, (metric, quantity), hidden, value);
        let rows = |predicted: f64| {
            let pairs = [(8, 0.0002), (16, -0.0003)];
            let slopes = pairs.map(|(hidden, slope)| of("slope", "total_h", hidden, slope));
            let exponents =
                pairs.map(|(hidden, slope)| of("largest_exponent", "", hidden, slope + predicted));
            sentences(&[slopes, exponents].concat()).concat()
        };
        assert!(rows(0.004).starts_with("The largest Lyapunov exponent predicts the log10 slope"));
        assert!(rows(0.005).starts_with("The largest Lyapunov exponent does not predict the log10 slope"));
    }

    #[test]
    fn sentences_put_the_nearest_predictor_first() {
        let of = |metric, quantity, hidden, value| row(Section::Gradients, (metric, quantity), hidden, value);
        let rows = [
            of("slope", "total_h", 8, -0.1),
            of("slope", "total_h", 16, -0.2),
            of("mean_log10_gate", "", 8, -0.4),
            of("mean_log10_gate", "", 16, -0.3),
            of("largest_exponent", "", 8, -0.12),
            of("largest_exponent", "", 16, -0.2),
            of("log10_spectral_radius", "", 16, -0.2),
            of("slope", "total_h", 32, 0.1),
            of("largest_exponent", "", 32, -0.1),
        ];
        let expected = [
            "The largest Lyapunov exponent does not predict the log10 slope of the norm of ∂L/∂h: it is \
             within a tenth of the slope or 1 % per step at 1 of 3 settings, and the median error is 20 % of \
             the slope. The slope is above the predicted one at 2 of 3.",
            "The mean forget (or update) gate does not predict the log10 slope of the norm of ∂L/∂h: it is \
             within a tenth of the slope or 1 % per step at 0 of 2 settings. The slope is above the \
             predicted one at each setting.",
        ];
        assert_eq!(sentences(&rows), expected);
        assert_eq!(sentences(&rows[..4]), expected[1..]);
        assert_eq!(sentences(&rows[..3]), [""; 0], "one slope is no comparison");
        let fast = [8, 16].map(|hidden| of("mean_log10_gate", "", hidden, -0.01));
        let found = sentences(&[&rows[..2], &fast].concat());
        assert!(found[0].ends_with("The slope is below the predicted one at each setting."), "{found:?}");
    }

    #[test]
    fn sentence_says_what_holds_by_definition() {
        let of = |metric, quantity, hidden, value| row(Section::Jacobian, (metric, quantity), hidden, value);
        let rows = [
            of("slope", "frobenius", 8, -0.1),
            of("slope", "frobenius", 16, -0.2),
            of("largest_exponent", "", 8, -0.12),
            of("largest_exponent", "", 16, -0.24),
        ];
        let found = sentences(&rows);
        let expected = "By its definition, the largest Lyapunov exponent is the limit of the slope in long \
                        sequences. The largest Lyapunov exponent does not predict";
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}
