//! Losses beside that of the best constant output.

use std::fmt;

use crate::results::schema::TrainingRow;

/// The factor above chance from which a loss is worse than chance. A network with noisy outputs that learned
/// nothing is a little above chance.
const WORSE: f64 = 1.1;

/// The relation of a loss to chance, if it is no better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VsChance {
    /// The interval of loss / chance reaches 1, and the loss is less than 10 % worse.
    AtChance,
    /// The whole interval is above 1, and the loss is at least 10 % worse.
    Worse,
}

/// The relation of a held-out loss to chance; `None` for a better one, and for a row without an interval.
pub fn vs_chance(row: &TrainingRow) -> Option<VsChance> {
    let (low, high) = (row.over_chance_low?, row.over_chance_high?);
    match row.value / row.chance? {
        _ if high < 1.0 => None,
        times if low > 1.0 && times >= WORSE => Some(VsChance::Worse),
        _ => Some(VsChance::AtChance),
    }
}

/// `at chance` if all runs are, `1 of 3 at chance` if some are, likewise for `worse than chance`; `None` if
/// all are better.
pub fn tally_vs_chance(runs: &[Option<VsChance>]) -> Option<String> {
    let phrase = |relation: VsChance| match runs.iter().filter(|run| **run == Some(relation)).count() {
        0 => None,
        count if count == runs.len() => Some(relation.to_string()),
        count => Some(format!("{count} of {} {relation}", runs.len())),
    };
    let phrases: Vec<String> = [VsChance::AtChance, VsChance::Worse].into_iter().filter_map(phrase).collect();
    (!phrases.is_empty()).then(|| phrases.join(", "))
}

impl fmt::Display for VsChance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VsChance::AtChance => "at chance",
            VsChance::Worse => "worse than chance",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::trained;

    fn of(times: f64, low: f64, high: f64) -> Option<VsChance> {
        let row = trained("a", "test", "loss", times / 6.0);
        vs_chance(&TrainingRow { over_chance_low: Some(low), over_chance_high: Some(high), ..row })
    }

    #[test]
    fn vs_chance_interval_decides() {
        assert_eq!(of(0.95, 0.91, 0.99), None);
        assert_eq!(of(0.95, 0.90, 1.01), Some(VsChance::AtChance));
        assert_eq!(of(1.02, 1.01, 1.03), Some(VsChance::AtChance), "less than 10 % worse");
        assert_eq!(of(1.2, 0.9, 1.5), Some(VsChance::AtChance), "too few sequences to tell");
        assert_eq!(of(1.2, 1.1, 1.3), Some(VsChance::Worse));
        let alone = TrainingRow { over_chance_low: None, ..trained("a", "test", "loss", 0.5) };
        assert_eq!(vs_chance(&alone), None, "no interval");
    }

    #[test]
    fn tally_vs_chance_counts_the_runs_that_are_no_better() {
        let (better, at, worse) = (None, Some(VsChance::AtChance), Some(VsChance::Worse));
        assert_eq!(tally_vs_chance(&[better, better]), None);
        assert_eq!(tally_vs_chance(&[at, at]).unwrap(), "at chance");
        assert_eq!(tally_vs_chance(&[better, at]).unwrap(), "1 of 2 at chance");
        assert_eq!(
            tally_vs_chance(&[worse, at, better]).unwrap(),
            "1 of 3 at chance, 1 of 3 worse than chance"
        );
    }
}
