//! The gradient that came along the state, beside that through the gates.

use super::MOST_LISTED;
use super::gradients::{common_lag, last_layer, of_seed_at};
use super::words::{bracketed, listed, rising, share};
use crate::report::estimate::Estimate;
use crate::report::fields::varying;
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;

/// A sentence on the norm along the state over that through the gates; none without a split into paths.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let is_path = |row: &&Statistic| {
        row.section == Section::Gradients
            && row.metric == "log10_norm"
            && ["cell_path", "gate_path"].contains(&row.quantity.as_str())
    };
    let blocks = group_by(summary.iter().filter(is_path), |row| &row.point);
    let lag = common_lag(&blocks)?;
    let mut ratios: Vec<(&Settings, Estimate)> =
        blocks.iter().filter_map(|(point, rows)| Some((*point, ratio(&last_layer(rows), lag)?))).collect();
    ratios.sort_by(|(_, a), (_, b)| rising(b, a));
    let names = varying(ratios.iter().map(|(point, _)| *point));
    let of = |(point, ratio): &(&Settings, Estimate)| format!("{}{}", share(ratio), bracketed(&names, point));
    let start = format!("{lag} steps back, the norm of the part along the state alone is");
    let end = "of that through the gates";
    match ratios.as_slice() {
        [] => None,
        [most, middle @ .., least] if middle.len() + 2 > MOST_LISTED => {
            Some(format!("{start} between {} and {} {end}.", of(least), of(most)))
        }
        few => {
            let each: Vec<String> = few.iter().map(of).collect();
            Some(format!("{start} this part {end}: {}.", listed(&each)))
        }
    }
}

/// The norm of `cell_path` over that of `gate_path` at a lag, in log10, over the seeds that have both.
fn ratio(rows: &[&Statistic], lag: usize) -> Option<Estimate> {
    let of = |quantity: &str| {
        let rows: Vec<&Statistic> = rows.iter().copied().filter(|row| row.quantity == quantity).collect();
        of_seed_at(&rows, lag)
    };
    let (cell, gate) = (of("cell_path")?, of("gate_path")?);
    let both = cell.iter().filter_map(|(seed, norm)| {
        let (_, other) = gate.iter().find(|(other, _)| other == seed)?;
        Some(norm - other).filter(|difference| difference.is_finite())
    });
    let differences: Vec<f64> = both.collect();
    (!differences.is_empty()).then(|| Estimate::mean(&differences))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentence_gives_the_path_along_the_state_relative_to_the_other() {
        let mut wide = run("b", 1);
        wide.settings.hidden_size = 64;
        let rows = [
            line("a", "cell_path", 101, 0.0, -0.01),
            line("a", "gate_path", 101, 0.0, -0.02),
            line("b", "cell_path", 101, 0.0, -0.06),
            line("b", "gate_path", 101, 0.0, -0.01),
        ];
        let results = results([run("a", 1), wide]);
        let gradients = Curves::of_gradients(&results, rows.concat()).fitted().groups();
        let groups = Groups { gradients, ..Groups::default() };
        let expected = "100 steps back, the norm of the part along the state alone is this part of that \
                        through the gates: 10.0 times (H8) and 10^-5.00 (H64).";
        let found = sentence(&statistics(&results, &groups, &Verdicts::default()));
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(sentence(&[]), None);
    }
}
