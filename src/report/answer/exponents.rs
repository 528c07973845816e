//! Lyapunov exponents before and after training.

use super::norms::difference;
use super::words::{Labels, MOST_LISTED, listed, share};
use crate::report::estimate::Estimate;
use crate::report::group::{FIRST_EXPONENT, FIRST_QUARTER_EXPONENT, LARGEST_EXPONENT};
use crate::report::summary::{QUARTER_EXPONENT, Sample, Section, Statistic};

/// The metrics of a direction of the state before and after training.
const DIRECTIONS: [(&str, &str, &str); 2] = [
    ("Of the slowest direction of the state (the largest exponent)", FIRST_EXPONENT, LARGEST_EXPONENT),
    ("Of each direction in the slowest quarter", FIRST_QUARTER_EXPONENT, QUARTER_EXPONENT),
];

/// Sentences on the share of a direction that a step leaves, at the first and the last recorded step of
/// training; none without exponents at both, and none of many settings.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    DIRECTIONS.iter().filter_map(|direction| sentence(summary, *direction)).collect()
}

fn sentence(
    summary: &[Statistic],
    (start, before, after): (&str, &'static str, &'static str),
) -> Option<String> {
    let of = |metric: &'static str| {
        summary.iter().filter(move |row| (row.section, row.metric) == (Section::Jacobian, metric))
    };
    let pairs = of(before).filter_map(|first| {
        let last = of(after).find(|last| last.point == first.point)?;
        Some((first, last, change(first, last)?))
    });
    let mut pairs: Vec<(&Statistic, &Statistic, Estimate)> = pairs.collect();
    let labels = Labels::of(&pairs.iter().map(|(first, ..)| &first.point).collect::<Vec<_>>());
    pairs.sort_by_key(|(first, ..)| labels.order(&first.point));
    let in_words = |(first, last, change): &(&Statistic, &Statistic, Estimate)| {
        let (before, after) = (share(&first.estimate), share(&last.estimate));
        let verdict = match (change.low, change.high) {
            (Some(low), _) if low > 0.0 => "more",
            (_, Some(high)) if high < 0.0 => "less",
            _ => "no difference shown",
        };
        let label = labels.label(&first.point);
        let note = if label.is_empty() { verdict.to_string() } else { format!("{label}: {verdict}") };
        format!("{before} before training and {after} after it ({note})")
    };
    let each: Vec<String> = pairs.iter().map(in_words).collect();
    let least = if after == QUARTER_EXPONENT { " at least" } else { "" };
    (1..=MOST_LISTED)
        .contains(&each.len())
        .then(|| format!("{start}, a step leaves{least} {}.", listed(&each)))
}

/// The mean change of the exponent, paired by seed.
fn change(first: &Statistic, last: &Statistic) -> Option<Estimate> {
    match (&last.sample, &first.sample) {
        (Sample::Seeds(last), Sample::Seeds(first)) => difference(last, first),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::fixtures::{training, with_cell};

    #[test]
    fn sentence_has_the_share_before_and_after_and_what_the_seeds_show() {
        let of = |metric, cell, exponents: [f64; 2]| {
            let point = with_cell(training("a", 1), cell).settings;
            let estimate =
                Estimate { value: Some((exponents[0] + exponents[1]) / 2.0), ..Estimate::default() };
            Statistic {
                sample: Sample::Seeds((1..).zip(exponents).collect()),
                ..Statistic::new(Section::Jacobian, metric, &point, estimate, "log10 per step")
            }
        };
        let rows = [
            of(FIRST_EXPONENT, CellName::Lstm, [-0.31, -0.29]),
            of(LARGEST_EXPONENT, CellName::Lstm, [-0.011, 0.011]),
            of(FIRST_EXPONENT, CellName::Rnn, [-0.31, -0.29]),
            of(LARGEST_EXPONENT, CellName::Rnn, [-0.5, -0.1]),
        ];
        let expected = "Of the slowest direction of the state (the largest exponent), a step leaves 50.1 % \
                        before training and 50.1 % after it (rnn: no difference shown) and 50.1 % before \
                        training and 100 % after it (lstm: more).";
        assert_eq!(sentences(&rows), [expected]);
        assert_eq!(sentences(&rows[1..2]), [""; 0]);
        let rows = [
            of(FIRST_QUARTER_EXPONENT, CellName::Lstm, [-0.31, -0.29]),
            of(QUARTER_EXPONENT, CellName::Lstm, [-0.011, 0.011]),
        ];
        let expected = "Of each direction in the slowest quarter, a step leaves at least 50.1 % before \
                        training and 100 % after it (more).";
        assert_eq!(sentences(&rows), [expected]);
    }
}
