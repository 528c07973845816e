//! The norm of products of Jacobians, and the directions of the state.

use super::overview::Column;
use super::words::{Labels, listed_or_ends, share};
use crate::report::summary::{QUARTER_EXPONENT, SMALLEST_EXPONENT, Section, Statistic};
use crate::settings::names::ExperimentKind;

/// A metric of products of Jacobians, with the words for it in a sentence and over a column.
struct Number {
    metric: &'static str,
    quantity: &'static str,
    sentence: fn(after: &str) -> String,
    heading: &'static str,
}

/// The slopes, the exponents that a quarter of the directions reach, and the smallest exponents.
const NUMBERS: [Number; 3] = [
    Number {
        metric: "slope",
        quantity: "frobenius",
        sentence: |after| format!("Of the norm of ∂s_T/∂s_t{after}, each step back leaves this much:"),
        heading: "left of ∂s_T/∂s_t by a step",
    },
    Number {
        metric: QUARTER_EXPONENT,
        quantity: "",
        sentence: |after| {
            format!("A quarter of the directions of the state{after} keep at least this share at each step:")
        },
        heading: "a quarter of the directions keep at least",
    },
    Number {
        metric: SMALLEST_EXPONENT,
        quantity: "",
        sentence: |after| format!("The direction of the state{after} that decays fastest keeps this share:"),
        heading: "the direction that decays fastest keeps",
    },
];

impl Number {
    fn rows<'a>(&self, summary: &'a [Statistic]) -> Vec<&'a Statistic> {
        let is_it = |row: &&Statistic| {
            (row.section, row.metric) == (Section::Jacobian, self.metric) && row.quantity == self.quantity
        };
        summary.iter().filter(is_it).collect()
    }
}

/// A sentence on each number, from the largest; none of what is not there.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let of = |number: &Number| {
        let mut rows = number.rows(summary);
        rows.sort_by(|a, b| b.estimate.compare(&a.estimate));
        let is_trained = rows.iter().any(|row| row.point.kind == ExperimentKind::Training);
        let start = (number.sentence)(if is_trained { " after training" } else { "" });
        let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
        let of = |row: &&Statistic| format!("{}{}", share(&row.estimate), labels.bracketed(&row.point));
        let each = listed_or_ends(&rows.iter().map(of).collect::<Vec<_>>())?;
        Some(format!("{start} {each}."))
    };
    NUMBERS.iter().filter_map(of).collect()
}

/// Each number by setting.
pub fn columns(summary: &[Statistic]) -> Vec<Column<'_>> {
    let column = |number: &Number| Column {
        heading: number.heading.to_string(),
        numbers: number.rows(summary).iter().map(|row| (&row.point, share(&row.estimate))).collect(),
    };
    NUMBERS.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::settings::Settings;

    #[test]
    fn sentences_give_the_ends_of_several_numbers_and_columns_give_each() {
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
        let expected = "Of the norm of ∂s_T/∂s_t, each step back leaves this much: between 12.6 % (H1) and \
                        31.6 % (H5).";
        assert_eq!(sentences(&slopes(5)), [expected]);
        assert_eq!(columns(&slopes(5))[0].numbers[1].1, "15.8 %");
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
