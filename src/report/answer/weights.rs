//! The gradient of the recurrent weights by lag: from how far back it comes, and where backpropagation may
//! stop.

use super::half_life;
use super::norms::last_layer;
use super::overview::Column;
use super::words::{Labels, counted, listed_or_ends};
use crate::report::estimate::Estimate;
use crate::report::format::with_interval;
use crate::report::group_by::group_by;
use crate::report::summary::{LAG_SMALL_ERROR, Statistic};
use crate::settings::Settings;
use crate::settings::names::Quantity;

/// The share of the sequence above which a lag says how long the sequence is.
const WHOLE: f64 = 0.8;

/// Sentences on the error of truncated backpropagation, and on the decay of the terms; none without
/// gradients of weights by lag. Of several layers, the last one counts.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let terms = half_life::sentence(summary, (Quantity::WeightTerm.as_str(), "the terms of ∂L/∂W_hh"));
    truncation(summary).into_iter().chain(terms).collect()
}

/// The same by setting.
pub fn columns(summary: &[Statistic]) -> Vec<Column<'_>> {
    let errors = errors(summary);
    let number =
        |(_, lag): &(&Settings, Option<Estimate>)| lag.map_or("none".to_string(), |lag| with_interval(&lag));
    let numbers = errors.iter().map(|error| (error.0, number(error))).collect();
    let terms = half_life::column(summary, (Quantity::WeightTerm.as_str(), "term of ∂L/∂W_hh"));
    let truncation = Column { heading: "k with an error of at most a hundredth".to_string(), numbers };
    std::iter::once(truncation).chain(terms).collect()
}

/// The number of steps after which backpropagation may stop, by setting; none if the error stays larger.
fn errors(summary: &[Statistic]) -> Vec<(&Settings, Option<Estimate>)> {
    let is_error = |row: &&Statistic| row.quantity == Quantity::TruncationError.as_str();
    let blocks = group_by(summary.iter().filter(is_error), |row| &row.point);
    let lag = |rows: &[&Statistic]| {
        last_layer(rows).into_iter().find(|row| row.metric == LAG_SMALL_ERROR).map(|row| row.estimate)
    };
    blocks.iter().map(|(point, rows)| (*point, lag(rows))).collect()
}

fn truncation(summary: &[Statistic]) -> Option<String> {
    let errors = errors(summary);
    let labels = Labels::of(&errors.iter().map(|(point, _)| *point).collect::<Vec<_>>());
    let those = |is_it: &dyn Fn(&Settings, Option<f64>) -> bool| -> Vec<&Settings> {
        let found = errors.iter().filter(|(point, lag)| is_it(point, lag.and_then(|lag| lag.value)));
        found.map(|(point, _)| *point).collect()
    };
    let whole = those(&|point, lag| lag.is_some_and(|lag| lag > WHOLE * point.seq_len as f64));
    let without = those(&|_, lag| lag.is_none());
    let mut reached: Vec<(&Settings, Estimate)> =
        errors.iter().filter_map(|(point, lag)| Some((*point, (*lag)?))).collect();
    reached.sort_by(|a, b| b.1.compare(&a.1));
    let of =
        |(point, lag): &(&Settings, Estimate)| format!("{}{}", with_interval(lag), labels.bracketed(point));
    let each = listed_or_ends(&reached.iter().map(of).collect::<Vec<_>>());
    let start =
        "If backpropagation stops k steps back, the gradient of W_hh errs by at most a hundredth from";
    let reached = each.map(|each| format!("{start} this k on: {each}."));
    let bounded = (!whole.is_empty()).then(|| {
        let named = counted(&whole, errors.len(), &labels);
        format!("That is nearly the whole sequence at {named}, so a longer one would need a larger k.")
    });
    let never = (!without.is_empty()).then(|| {
        let start = "It errs by more than a hundredth in some seed at each k at";
        format!("{start} {}.", counted(&without, errors.len(), &labels))
    });
    let sentences: Vec<String> = reached.into_iter().chain(bounded).chain(never).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::report::summary::Section;

    #[test]
    fn sentences_give_the_lag_of_a_small_error_and_name_settings_without_one() {
        let of = |hidden, layer, metric, value: f64| {
            let point = Settings { hidden_size: hidden, ..run("a", 1).settings };
            Statistic {
                quantity: "weight_hh_truncation_error".into(),
                layer: Some(layer),
                ..Statistic::new(Section::Gradients, metric, &point, Estimate::mean(&[value]), "1")
            }
        };
        let rows = [
            of(8, 0, LAG_SMALL_ERROR, 3.0),
            of(8, 1, LAG_SMALL_ERROR, 6.0),
            of(16, 0, LAG_SMALL_ERROR, 2.0),
            of(16, 1, "log10_norm", -1.0),
        ];
        let expected = "If backpropagation stops k steps back, the gradient of W_hh errs by at most a \
                        hundredth from this k on: 6.00 (H8). It errs by more than a hundredth in some seed \
                        at each k at 1 of 2 settings (H16).";
        assert_eq!(sentences(&rows), [expected]);
        let expected = "If backpropagation stops k steps back, the gradient of W_hh errs by at most a \
                        hundredth from this k on: 98.0 (H8) and 3.00 (H16). That is nearly the whole \
                        sequence at 1 of 2 settings (H8), so a longer one would need a larger k.";
        let rows = [of(8, 0, LAG_SMALL_ERROR, 98.0), of(16, 0, LAG_SMALL_ERROR, 3.0)];
        assert_eq!(sentences(&rows), [expected]);
        assert_eq!(sentences(&[]), [""; 0]);
    }
}
