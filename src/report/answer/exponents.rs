//! The largest Lyapunov exponent before and after training.

use super::norms::difference;
use super::words::{Labels, listed, rising, share};
use crate::report::estimate::Estimate;
use crate::report::group::{FIRST_EXPONENT, LARGEST_EXPONENT};
use crate::report::summary::{Sample, Section, Statistic};

/// A sentence on the share of the slowest direction that a step leaves, at the first and the last recorded
/// step of training; none without exponents at both.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let of = |metric: &'static str| {
        summary.iter().filter(move |row| (row.section, row.metric) == (Section::Jacobian, metric))
    };
    let pairs = of(FIRST_EXPONENT).filter_map(|first| {
        let last = of(LARGEST_EXPONENT).find(|last| last.point == first.point)?;
        Some((first, last, change(first, last)?))
    });
    let mut pairs: Vec<(&Statistic, &Statistic, Estimate)> = pairs.collect();
    pairs.sort_by(|a, b| rising(&b.1.estimate, &a.1.estimate));
    let labels = Labels::of(&pairs.iter().map(|(first, ..)| &first.point).collect::<Vec<_>>());
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
    let start = "Of the slowest direction of the state, a step leaves";
    (!each.is_empty()).then(|| format!("{start} {}.", listed(&each)))
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
        let expected = "Of the slowest direction of the state, a step leaves 50.1 % before training and 100 \
                        % after it (lstm: more) and 50.1 % before training and 50.1 % after it (rnn: no \
                        difference shown).";
        assert_eq!(sentence(&rows).as_deref(), Some(expected));
        assert_eq!(sentence(&rows[1..2]), None);
    }
}
