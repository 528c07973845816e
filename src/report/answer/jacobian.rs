//! The norm of products of Jacobians, and the directions of the state.

use super::MOST_LISTED;
use super::words::{Labels, MOST_EACH, each, listed_or_ends, rising, share};
use crate::report::estimate::Estimate;
use crate::report::summary::{QUARTER_EXPONENT, SMALLEST_EXPONENT, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A sentence on the slopes, one on the exponents that a quarter of the directions reach, and one on the
/// smallest exponents; none of what is not there.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let jacobian = || summary.iter().filter(|row| row.section == Section::Jacobian);
    let is_trained = jacobian().any(|row| row.point.kind == ExperimentKind::Training);
    let after = if is_trained { " after training" } else { "" };
    let of = |metric: &str, quantity: &str, start: String| {
        let rows = jacobian().filter(|row| row.metric == metric && row.quantity == quantity);
        numbers(rows.collect()).map(|left| format!("{start} {left}."))
    };
    let sentences = [
        of(
            "slope",
            "frobenius",
            format!("Of the norm of ∂s_T/∂s_t{after}, each step back leaves this much:"),
        ),
        of(
            QUARTER_EXPONENT,
            "",
            format!("A quarter of the directions of the state{after} keep at least this share at each step:"),
        ),
        of(
            SMALLEST_EXPONENT,
            "",
            format!("The direction of the state{after} that decays fastest keeps this share:"),
        ),
    ];
    sentences.into_iter().flatten().collect()
}

/// The shares that a step leaves: from the largest, or of several in the order of the grid.
fn numbers(mut rows: Vec<&Statistic>) -> Option<String> {
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    rows.sort_by(|a, b| rising(&b.estimate, &a.estimate));
    if (MOST_LISTED + 1..=MOST_EACH).contains(&rows.len()) {
        let alone = |row: &&Statistic| share(&Estimate { low: None, high: None, ..row.estimate });
        let numbers: Vec<(&Settings, String)> = rows.iter().map(|row| (&row.point, alone(row))).collect();
        return Some(each(&numbers, &labels));
    }
    let of = |row: &&Statistic| format!("{}{}", share(&row.estimate), labels.bracketed(&row.point));
    listed_or_ends(&rows.iter().map(of).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::run;

    #[test]
    fn sentences_give_each_of_several_numbers_in_the_order_of_the_grid() {
        let row = |(metric, quantity): (&'static str, &str), hidden, log10| {
            let point = Settings { hidden_size: hidden, ..run("a", 1).settings };
            let quantity = quantity.into();
            Statistic {
                quantity,
                ..Statistic::new(Section::Jacobian, metric, &point, Estimate::mean(&[log10]), "1")
            }
        };
        let slopes = |count: usize| {
            (1..=count)
                .map(move |n| row(("slope", "frobenius"), n, -1.0 + 0.1 * n as f64))
                .collect::<Vec<_>>()
        };
        let expected = "Of the norm of ∂s_T/∂s_t, each step back leaves this much: 12.6 % (H1), 15.8 % (H2), \
                        20.0 % (H3), 25.1 % (H4), 31.6 % (H5).";
        assert_eq!(sentences(&slopes(5)), [expected]);
        let expected =
            "Of the norm of ∂s_T/∂s_t, each step back leaves this much: 15.8 % (H2) and 12.6 % (H1).";
        assert_eq!(sentences(&slopes(2)), [expected]);
        let smallest = row((SMALLEST_EXPONENT, ""), 1, -1.5);
        assert_eq!(
            sentences(&[smallest]),
            ["The direction of the state that decays fastest keeps this share: 3.16 %."]
        );
    }
}
