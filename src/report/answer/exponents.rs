//! Lyapunov exponents before and after training.

use super::norms::difference;
use super::overview::Column;
use super::words::{Labels, counted, listed, share};
use crate::report::estimate::Estimate;
use crate::report::format::with_interval;
use crate::report::group::{FIRST_EXPONENT, FIRST_QUARTER_EXPONENT, LARGEST_EXPONENT};
use crate::report::summary::{QUARTER_EXPONENT, Sample, Section, Statistic};
use crate::settings::Settings;

/// An exponent, with its metrics before and after training.
struct Exponent {
    words: &'static str,
    before: &'static str,
    after: &'static str,
}

const EXPONENTS: [Exponent; 2] = [
    Exponent { words: "largest exponent", before: FIRST_EXPONENT, after: LARGEST_EXPONENT },
    Exponent { words: "exponent of a quarter", before: FIRST_QUARTER_EXPONENT, after: QUARTER_EXPONENT },
];

/// A sentence on the change of each exponent between the first and the last recorded step of training; none
/// without exponents at both. It has the share that a step leaves if there is one setting.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    EXPONENTS.iter().filter_map(|exponent| exponent.sentence(summary)).collect()
}

/// The exponents before and after training by setting.
pub fn columns(summary: &[Statistic]) -> Vec<Column<'_>> {
    EXPONENTS.iter().flat_map(|exponent| exponent.columns(summary)).collect()
}

impl Exponent {
    /// The numbers before and after training, and the change paired by seed.
    fn changes<'a>(&self, summary: &'a [Statistic]) -> Vec<(&'a Statistic, &'a Statistic, Estimate)> {
        let of = |metric: &'static str| {
            summary.iter().filter(move |row| (row.section, row.metric) == (Section::Jacobian, metric))
        };
        let pairs = of(self.before).filter_map(|first| {
            let last = of(self.after).find(|last| last.point == first.point)?;
            Some((first, last, change(first, last)?))
        });
        pairs.collect()
    }

    fn sentence(&self, summary: &[Statistic]) -> Option<String> {
        let changes = self.changes(summary);
        let labels = Labels::of(&changes.iter().map(|(first, ..)| &first.point).collect::<Vec<_>>());
        let words = self.words;
        let verdicts = [("rises", 1), ("falls", -1), ("shows no change", 0)];
        if let [(first, last, change)] = changes.as_slice() {
            let verdict = verdicts.iter().find(|(_, sign)| *sign == sign_of(change))?.0;
            let (before, after) = (share(&first.estimate), share(&last.estimate));
            return Some(format!(
                "The {words} {verdict}: a step leaves {before} of its direction before training and {after} \
                 after it."
            ));
        }
        let at = |(verdict, sign): &(&str, i32)| {
            let found = changes.iter().filter(|(.., change)| sign_of(change) == *sign);
            let found: Vec<&Settings> = found.map(|(first, ..)| &first.point).collect();
            (!found.is_empty()).then(|| format!("{verdict} at {}", counted(&found, changes.len(), &labels)))
        };
        let each: Vec<String> = verdicts.iter().filter_map(at).collect();
        (!each.is_empty()).then(|| format!("During training, the {words} {}.", listed(&each)))
    }

    fn columns<'a>(&self, summary: &'a [Statistic]) -> [Column<'a>; 2] {
        let changes = self.changes(summary);
        let before = changes.iter().map(|(first, ..)| (&first.point, with_interval(&first.estimate)));
        let after = changes.iter().map(|(_, last, _)| (&last.point, with_interval(&last.estimate)));
        let heading = |moment: &str| format!("{} {moment} training, log10 per step", self.words);
        [
            Column { heading: heading("before"), numbers: before.collect() },
            Column { heading: heading("after"), numbers: after.collect() },
        ]
    }
}

/// 1 or -1 if the whole interval of a change is on that side of 0.
fn sign_of(change: &Estimate) -> i32 {
    match (change.low, change.high) {
        (Some(low), _) if low > 0.0 => 1,
        (_, Some(high)) if high < 0.0 => -1,
        _ => 0,
    }
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
    fn sentence_counts_the_settings_and_columns_have_the_exponents() {
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
        let expected = "During training, the largest exponent rises at 1 of 2 settings (lstm) and shows no \
                        change at 1 of 2 settings (rnn).";
        assert_eq!(sentences(&rows), [expected]);
        assert_eq!(sentences(&rows[1..2]), [""; 0]);
        let columns = columns(&rows);
        let found: Vec<(&str, &str)> = columns[..2]
            .iter()
            .map(|column| (column.heading.as_str(), column.numbers[0].1.as_str()))
            .collect();
        let expected = [
            ("largest exponent before training, log10 per step", "-0.300"),
            ("largest exponent after training, log10 per step", "0.00"),
        ];
        assert_eq!(found, expected);
        let rows = [
            of(FIRST_QUARTER_EXPONENT, CellName::Lstm, [-0.31, -0.29]),
            of(QUARTER_EXPONENT, CellName::Lstm, [-0.011, 0.011]),
        ];
        let expected = "The exponent of a quarter rises: a step leaves 50.1 % of its direction before \
                        training and 100 % after it.";
        assert_eq!(sentences(&rows), [expected]);
    }
}
